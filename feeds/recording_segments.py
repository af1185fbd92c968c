"""Writes a recording as it comes: consecutive compressed segments in one folder, each there only when it is durable."""

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import zstandard

from feeds.envelope import write_line
from feeds.journal_reader import is_journal
from feeds.record import Record
from feeds.recording_blocks import SUFFIXES, RecordingError

ZSTD_LEVEL = 3  # as it comes: a feed must not wait for a smaller file
SEGMENT_BYTES_MIN = 4_096

_SEGMENT = re.compile(r"recording-(\d{20})\.jsonl\.zst")
_PARTIAL = re.compile(r"\.recording-\d{20}\.jsonl\.zst\.partial")


class SegmentWriter:
    """The one writer of a folder; used as a context manager, whose end makes the open segment durable.

    Opening goes on after the last whole segment: what a crash left open is removed, because its records can be read
    again from where they came.

    directory     : made if absent; one that holds a journal or another's recording is refused
    segment_bytes : a segment is closed by the record that brings it to so many bytes, before compression
    raises        : RecordingError, after which nothing more is written
    """

    def __init__(self, directory: Path, segment_bytes: int) -> None:
        if segment_bytes < SEGMENT_BYTES_MIN:
            raise RecordingError(f"segment_bytes must be at least {SEGMENT_BYTES_MIN}, got {segment_bytes}")
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._file: BinaryIO | None = None
        self._stream: zstandard.ZstdCompressionWriter | None = None
        self._first_n = 0
        self._open_bytes = 0
        self.records = self.bytes_written = self.segments = 0
        with self._disk("cannot be opened"):
            directory.mkdir(parents=True, exist_ok=True)
            self._check()
            self._folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._folder)
            raise RecordingError(f"{directory} is being written by another process") from error
        with self._disk("cannot be opened"):
            for entry in directory.iterdir():
                if _PARTIAL.fullmatch(entry.name):
                    entry.unlink()

    @property
    def has_segments(self) -> bool:
        """Say whether the folder holds records already."""
        return any(_SEGMENT.fullmatch(entry.name) for entry in self._directory.iterdir())

    def write(self, records: Sequence[Record]) -> None:
        """Append records, whose n goes on from the last one without a gap."""
        with self._disk("cannot be written"):
            for record in records:
                line = write_line(record) + b"\n"
                if self._stream is None:
                    self._begin(record.n)
                assert self._stream is not None
                self._stream.write(line)
                self._open_bytes += len(line)
                self.bytes_written += len(line)
                self.records += 1
                if self._open_bytes >= self._segment_bytes:
                    self._finish()

    def roll(self) -> None:
        """Close the open segment, so that what was written until now is durable."""
        with self._disk("cannot be written"):
            self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._file is not None and not isinstance(error, RecordingError):
                self.roll()  # also after trouble elsewhere: what was written is whole
        finally:
            if self._file is not None:
                self._file.close()
            os.close(self._folder)

    def _check(self) -> None:
        if is_journal(self._directory):
            raise RecordingError(f"{self._directory} holds a journal: a recording needs a folder of its own")
        for entry in sorted(self._directory.iterdir()):
            if entry.name.endswith(SUFFIXES) and not _SEGMENT.fullmatch(entry.name):
                raise RecordingError(f"{entry} is another recording's: a recording needs a folder of its own")

    def _begin(self, first_n: int) -> None:
        self._first_n, self._open_bytes = first_n, 0
        self._file = self._partial.open("wb")
        compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        self._stream = compressor.stream_writer(self._file, closefd=False)

    def _finish(self) -> None:
        """Data durable, then the name, then the name durable."""
        if self._stream is None or self._file is None:
            return
        self._stream.flush(zstandard.FLUSH_FRAME)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(self._directory / self._name)
        os.fsync(self._folder)
        self._file = self._stream = None
        self.segments += 1

    @property
    def _name(self) -> str:
        return f"recording-{self._first_n:020d}.jsonl.zst"

    @property
    def _partial(self) -> Path:
        return self._directory / f".{self._name}.partial"

    @contextmanager
    def _disk(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordingError(f"{error.filename or self._directory} {what}: {error.strerror or error}") from error
