"""Room that is kept on the disk for the audit log's last words."""

import os
from pathlib import Path

from audit.disk import Disk, is_full

RESERVE_FILE = "audit.reserve"


class Reserve:
    """A preallocated file beside the log, removed when the disk is full, taken again when there is room.

    size_bytes : 0 keeps no reserve
    trouble    : why the log is close to its end: the disk was full, and it still is; None where all is well
    """

    def __init__(self, directory: Path, size_bytes: int, disk: Disk) -> None:
        self.trouble: str | None = None
        self._path = directory / RESERVE_FILE
        self._size_bytes = size_bytes
        self._disk = disk
        self._is_held = size_bytes > 0 and self._path.is_file() and self._path.stat().st_size == size_bytes

    def take(self) -> None:
        """Preallocate the file where it is not held; a disk without that much room is a trouble, not an error."""
        if self._is_held:
            return
        if self._size_bytes:
            try:
                self._allocate()
            except OSError as error:
                if not is_full(error):
                    raise
                self._path.unlink(missing_ok=True)
                self.trouble = self.trouble or f"{self._path.parent}: no room for a reserve of {self._size_bytes} bytes"
                return
            self._is_held = True
        self.trouble = None

    def release(self, why: str) -> bool:
        """Give the room back to the disk and note the trouble; returns whether there was any to give."""
        self.trouble = why
        if not self._is_held:
            return False
        self._is_held = False
        self._disk.remove(self._path)
        self._disk.sync_folder(self._path.parent)  # only then is the room free on a journaling file system
        return True

    def _allocate(self) -> None:
        descriptor = self._disk.create(self._path)
        try:
            self._disk.cut(descriptor, 0)
            self._disk.allocate(descriptor, 0, self._size_bytes)
            self._disk.sync_file(descriptor)
        finally:
            os.close(descriptor)
