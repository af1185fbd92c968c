"""Write the journal: one order of all inputs, appended in groups and synced before anything leaves the process."""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from feeds.journal_frames import (
    HEADER_BYTES,
    NUMBERED,
    JournalError,
    JournalRecord,
    Kind,
    SegmentHeader,
    pack_header,
)
from feeds.journal_packing import JournalEntries, pack_group, split_groups
from feeds.journal_reader import (
    TornTail,
    envelopes,
    next_repeat,
    read_journal,
    read_segment,
    segment_name,
    segment_paths,
)

SEGMENT_BYTES_MIN = 4096

_IS_NUMBERED = bytes(code in NUMBERED for code in range(256))

_Result = TypeVar("_Result")


class JournalWriter:
    """The one writer of a journal folder; opening continues after the last whole group.

    shard         : a folder belongs to one shard, another one is refused
    segment_bytes : a group that would pass it begins the next segment, so only a single group can be larger
    setup_digest  : hex of at most 64 characters; a changed one begins a new segment
    sync_file     : makes a descriptor's data durable; a simulated disk gives its own

    After any error of the disk the writer is dead: every later call raises JournalError, nothing is tried again,
    since after a failed sync nobody knows what is on the disk. Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        directory: Path,
        shard: int,
        segment_bytes: int,
        *,
        setup_digest: str = "",
        sync_file: Callable[[int], None] = os.fdatasync,
    ) -> None:
        if segment_bytes < SEGMENT_BYTES_MIN:
            raise JournalError(f"segment_bytes must be at least {SEGMENT_BYTES_MIN}, got {segment_bytes}")
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._setup_digest = setup_digest
        self._sync_file = sync_file
        self._shard = shard
        self._trouble: str | None = None
        self._is_dirty = False
        self._switching = Lock()  # no sync while one segment follows another
        self._segment = -1
        self._path = directory
        self._ordinal = -1
        self._position = 0
        self.last_n = 0
        self.cut: TornTail | None = None  # what opening removed
        self._folder = self._lock()
        try:
            self._open_last()
        except BaseException:
            self._release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def position(self) -> tuple[str, int]:
        """Name of the segment and byte after the last group: where a snapshot says the journal stood."""
        return self._path.name, self._position

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was ever written."""
        return self._ordinal == 0 and self._position == HEADER_BYTES

    def append(self, entries: Sequence[JournalRecord] | JournalEntries) -> None:
        """Write a batch after what is there; not durable before `sync`.

        Inputs and rejections must count n on without a gap, records of riskd itself have n = 0.
        """
        self._check_alive()
        columns = entries if isinstance(entries, JournalEntries) else JournalEntries.of(entries)
        for entries_of_group in split_groups(columns):
            last_n = self._checked_last_n(entries_of_group)
            group = pack_group(entries_of_group, ordinal=self._ordinal, position=self._position)
            if self._position > HEADER_BYTES and self._position + len(group) > self._segment_bytes:
                self._start_segment()
                group = pack_group(entries_of_group, ordinal=self._ordinal, position=self._position)
            self._write(group)
            self.last_n = last_n

    def sync(self) -> None:
        """Make everything appended durable; must return before any byte leaves the process.

        May be called by another thread than the one that appends: what was appended before the call is durable then.
        """
        self._check_alive()
        with self._switching:
            if self._is_dirty:
                self._is_dirty = False  # before: what is appended meanwhile is dirty again
                self._guard("sync", lambda: self._sync_file(self._segment))

    def close(self) -> None:
        """Sync and let go of the folder; a second call does nothing."""
        if self._folder < 0:
            return
        try:
            if self._trouble is None:
                self.sync()
        finally:
            self._release()

    def _lock(self) -> int:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise JournalError(f"{self._directory} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(folder)
            raise JournalError(f"{self._directory} is in use by another writer") from error
        return folder

    def _release(self) -> None:
        for descriptor in (self._segment, self._folder):
            if descriptor >= 0:
                os.close(descriptor)
        self._segment = self._folder = -1
        self._trouble = self._trouble or "it is closed"

    def _open_last(self) -> None:
        paths = segment_paths(self._directory)
        while paths:
            path = paths.pop()
            # Before a torn header everything was synced: there a torn tail would be damage.
            header, groups = read_segment(path, is_last=self.cut is None)
            end, last_n = HEADER_BYTES, 0
            for group in groups:
                if isinstance(group, TornTail):
                    self.cut = group
                else:
                    end = group.end
                    last_n = max(last_n, *(entry.record.n for entry in group.records))
            if header is None:
                self._guard("removal of a torn segment", path.unlink)
                self._guard("sync of the folder", lambda: os.fsync(self._folder))
                continue
            if header.shard != self._shard:
                raise JournalError(f"{path} belongs to shard {header.shard}, got shard {self._shard}")
            self.last_n = max(last_n, header.first_n - 1)
            self._continue(path, header, end)
            return
        self._start_segment()

    def _continue(self, path: Path, header: SegmentHeader, end: int) -> None:
        self._path, self._ordinal, self._position = path, header.ordinal, end
        self._segment = self._guard("open", lambda: os.open(path, os.O_WRONLY))
        if self.cut is not None and self.cut.path == path:
            self._guard("cut of a torn tail", lambda: os.ftruncate(self._segment, end))
        self._guard("seek", lambda: os.lseek(self._segment, end, os.SEEK_SET))
        # Also what is whole may never have been synced: the writer before may have died between write and sync.
        self._guard("sync", lambda: os.fsync(self._segment))
        if header.setup_digest != self._setup_digest:
            self._start_segment()

    def _start_segment(self) -> None:
        """Finish the segment and begin the next: header and folder entry are durable before the first group."""
        if self._segment >= 0:
            self.sync()
        with self._switching:
            self._switch_segment()

    def _switch_segment(self) -> None:
        if self._segment >= 0:
            os.close(self._segment)
            self._segment = -1
        first_n = self.last_n + 1
        path = self._directory / segment_name(first_n, next_repeat(self._directory, first_n))
        self._path, self._ordinal, self._position = path, self._ordinal + 1, 0
        header = SegmentHeader(
            shard=self._shard, ordinal=self._ordinal, first_n=first_n, setup_digest=self._setup_digest
        )
        self._segment = self._guard("creation", lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640))
        self._write(pack_header(header))
        self._guard("sync", lambda: self._sync_file(self._segment))
        self._is_dirty = False
        self._guard("sync of the folder", lambda: os.fsync(self._folder))

    def _write(self, data: bytes) -> None:
        self._guard("write", lambda: self._write_whole(memoryview(data)))
        self._is_dirty = True
        self._position += len(data)

    def _write_whole(self, rest: memoryview) -> None:
        while rest:  # a nearly full disk takes a part
            rest = rest[os.write(self._segment, rest) :]

    def _checked_last_n(self, entries: JournalEntries) -> int:
        is_numbered = entries.kinds.translate(_IS_NUMBERED)
        last_n = self.last_n + is_numbered.count(1)
        counts = np.frombuffer(is_numbered, dtype=np.uint8)
        expected = np.where(counts == 1, self.last_n + np.cumsum(counts, dtype=np.int64), 0)
        if not np.array_equal(entries.n, expected):
            at = int(np.flatnonzero(entries.n != expected)[0])
            kind = Kind(entries.kinds[at])
            raise JournalError(f"{self._path}: a {kind.label} must have n {expected[at]}, got {entries.n[at]}")
        if entries.kinds.count(Kind.REJECTION) != len(entries.rejections):
            raise JournalError(
                f"{self._path}: {entries.kinds.count(Kind.REJECTION)} refused inputs and {len(entries.rejections)} "
                f"rejections do not fit, up to n {last_n}"
            )
        return last_n

    def _guard(self, step: str, action: Callable[[], _Result]) -> _Result:
        try:
            return action()
        except OSError as error:
            self._trouble = f"{step} failed: {error.strerror or error}"
            raise JournalError(f"{self._path} at byte {self._position}: {self._trouble}") from error

    def _check_alive(self) -> None:
        if self._trouble is not None:
            raise JournalError(f"{self._path} takes nothing more: {self._trouble}")


__all__ = ["JournalError", "JournalRecord", "JournalWriter", "Kind", "TornTail", "envelopes", "read_journal"]
