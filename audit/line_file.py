"""The file of the log that is open: whole lines go to its end, also when the disk is nearly full."""

import os
from pathlib import Path

from audit.disk import Disk, is_full
from audit.errors import AuditError
from audit.reserve import Reserve


class LineFile:
    """Gathers lines and appends them to one file.

    A full disk: the file is cut back to its last whole line, the reserve is released, and the rest is written then.
    Any other error, and a disk that is full without a reserve, is final, because what the file holds is then unknown.

    end : bytes of the file once all that is gathered is written
    """

    def __init__(self, path: Path, end: int, disk: Disk, reserve: Reserve) -> None:
        """Open `path`, made where it is missing, of `end` bytes. Raises AuditError where that fails."""
        self.path = path
        self.end = end
        self._disk = disk
        self._reserve = reserve
        self._lines = bytearray()
        self._trouble: str | None = None
        self._descriptor = self._open()

    def add(self, line: bytes) -> None:
        """Gather one line, which ends with its newline."""
        self._lines += line
        self.end += len(line)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that were gathered and not written."""
        return len(self._lines)

    def flush(self) -> None:
        """Write what was gathered. Raises AuditError, after which the file takes nothing more."""
        self.check()
        base = self.end - len(self._lines)  # length of the file before this
        pending = bytes(self._lines)
        written = 0
        while written < len(pending):
            try:
                written += self._disk.write(self._descriptor, pending[written:])
            except OSError as error:
                written = self._cut(base, pending, written, error)
                del self._lines[:written]
                base, pending, written = base + written, pending[written:], 0
        self._lines.clear()

    def sync(self) -> None:
        """Return when all that was gathered is on disk. Raises AuditError, after which the file takes nothing more."""
        self.flush()
        try:
            self._disk.sync_file(self._descriptor)
        except OSError as error:
            raise self._fail(f"fdatasync failed, {error}") from error

    def close(self) -> None:
        """Let go of the file; what was gathered and not written is dropped."""
        self._lines.clear()
        self._trouble = self._trouble or "it is closed"
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def check(self) -> None:
        """Raise AuditError where an earlier error was final."""
        if self._trouble is not None:
            raise AuditError(f"{self.path}: an earlier write failed; nothing more is written: {self._trouble}")

    def _open(self) -> int:
        try:
            return self._disk.create(self.path)
        except OSError as error:
            why = f"{self.path}: the disk is full, and the reserve was released"
            if not is_full(error) or not self._reserve.release(why):
                raise AuditError(f"{self.path}: cannot be opened, {error}") from error
        try:
            return self._disk.create(self.path)
        except OSError as error:
            raise AuditError(f"{self.path}: cannot be opened, {error}") from error

    def _cut(self, base: int, pending: bytes, written: int, error: OSError) -> int:
        """Make room after a failed write; returns how many of the pending bytes stay, which are whole lines."""
        failure = f"write failed after {written} of {len(pending)} bytes, {error}"
        if not is_full(error):
            raise self._fail(failure) from error
        whole = pending.rfind(b"\n", 0, written) + 1
        try:
            self._disk.cut(self._descriptor, base + whole)
            has_room = self._reserve.release(
                f"{self.path}: the disk is full at byte {base + whole}, and the reserve was released"
            )
        except OSError as second:
            raise self._fail(f"{failure}; then the cut to a whole line failed, {second}") from second
        if not has_room:
            raise self._fail(f"{failure}; no reserve is left") from error
        return whole

    def _fail(self, why: str) -> AuditError:
        self._trouble = why
        return AuditError(f"{self.path}: {why}")
