"""Closed files of the log are compressed, compared with their plain form, and only then replaced."""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import zstandard

from audit.disk import Disk, is_full
from audit.errors import AuditError
from audit.segments import PACKED_SUFFIX, PART_SUFFIX, difference, find_segments

_LEVEL = 3
_READ_BYTES = 1 << 20


def clear_leftovers(directory: Path, disk: Disk) -> None:
    """Take away what a crash between two steps of packing left.

    Raises AuditError where a file is there in both forms and they differ.
    """
    for part in sorted(directory.glob(f"audit-*.jsonl{PART_SUFFIX}")):
        disk.remove(part)
    for segment in find_segments(directory):
        if segment.plain is not None and segment.packed is not None:
            why = difference(segment.plain, segment.packed)
            if why is not None:
                raise AuditError(f"{directory}: {why}; one of the two is not what was written, so that both stay")
            disk.remove(segment.plain)
    disk.sync_folder(directory)


def pack(plain: Path, disk: Disk) -> None:
    """Replace a closed file by its compressed form, in steps of which each leaves the content whole.

    Raises OSError, and AuditError where the compressed form does not give the very same bytes back.
    """
    part = plain.with_name(plain.name + PART_SUFFIX)
    packed = plain.with_name(plain.name + PACKED_SUFFIX)
    descriptor = disk.create(part)
    try:
        disk.cut(descriptor, 0)
        with plain.open("rb") as file:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            for chunk in compressor.read_to_iter(file, size=plain.stat().st_size, read_size=_READ_BYTES):
                _write_whole(disk, descriptor, chunk)
        disk.sync_file(descriptor)
    finally:
        os.close(descriptor)
    why = difference(plain, part)
    if why is not None:
        raise AuditError(f"{plain.parent}: {why}: the disk or the memory is not to be trusted")
    disk.rename(part, packed)
    disk.sync_folder(plain.parent)
    disk.remove(plain)
    disk.sync_folder(plain.parent)


class Packer:
    """Packs closed files one after another in a thread of its own, so that lines need not wait for it.

    A disk without room for a compressed form leaves the file plain, to be tried again; every other failure is raised
    by the next call, as AuditError.
    """

    def __init__(self, disk: Disk, closed: Iterable[Path]) -> None:
        self._disk = disk
        self._waiting = deque(closed)
        self._running: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None

    def add(self, closed: Path) -> None:
        """Queue a file that takes no more lines."""
        self._waiting.append(closed)

    def start(self) -> None:
        """Begin with the next file where none is at hand; raises what the last one failed of."""
        if self._running is not None:
            if not self._running.done():
                return
            self._settle_running()
        if not self._waiting:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit-packing")
        self._running = self._thread.submit(pack, self._waiting[0], self._disk)

    def finish(self) -> None:
        """Pack all that waits and end the thread; where the disk is full, what is left stays plain."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None
        has_room = self._settle_running()
        while self._waiting and has_room:
            has_room = self._settle(partial(pack, self._waiting[0], self._disk))

    def abandon(self) -> None:
        """End the thread after the file at hand; whatever it failed of, a later start finds."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = self._running = None

    def _settle_running(self) -> bool:
        running, self._running = self._running, None
        return running is None or self._settle(running.result)

    def _settle(self, outcome: Callable[[], None]) -> bool:
        """Take the outcome of packing the first waiting file; returns False where the disk had no room for it."""
        plain = self._waiting[0]
        try:
            outcome()
        except OSError as error:
            if not is_full(error):
                raise AuditError(f"{plain}: packing failed, {error}") from error
            plain.with_name(plain.name + PART_SUFFIX).unlink(missing_ok=True)
            return False
        self._waiting.popleft()
        return True


def _write_whole(disk: Disk, descriptor: int, chunk: bytes) -> None:
    rest = chunk
    while rest:
        rest = rest[disk.write(descriptor, rest) :]
