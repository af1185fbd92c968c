"""The files of an audit log: their names, their order, and their lines, plain or compressed."""

import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from audit.errors import AuditError

PACKED_SUFFIX = ".zst"
PART_SUFFIX = ".zst.tmp"
PARTITION_FOLDERS = "partition-*"
_COMPARED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log, in its plain form, its compressed form, or both while one replaces the other.

    name : of the plain form, whether it is there or not
    """

    name: str
    plain: Path | None
    packed: Path | None

    @property
    def path(self) -> Path:
        """The file that is read: the plain one where it is there."""
        path = self.plain or self.packed
        assert path is not None, f"{self.name} must have a form"
        return path

    def lines(self) -> Iterator[bytes]:
        """Yield the lines with their newlines; raises zstandard.ZstdError where the compressed form is damaged."""
        with self._opened() as file:
            yield from file

    def last_line(self) -> bytes:
        """Return the last line, empty where there is none; raises as `lines` does."""
        return b"".join(deque(self.lines(), maxlen=1))

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self.plain is not None:
            try:
                file = self.plain.open("rb")
            except FileNotFoundError:  # a living writer has replaced it since the folder was listed
                packed = self.plain.with_name(self.name + PACKED_SUFFIX)
            else:
                with file:
                    yield file
                return
        else:
            packed = self.path
        with packed.open("rb") as compressed:
            yield unpacked(compressed)


def unpacked(compressed: BinaryIO) -> BinaryIO:
    """Return the content of a compressed file as a stream; bytes after its frames are an error, as damage is."""
    reader = zstandard.ZstdDecompressor().stream_reader(compressed, read_across_frames=True)
    return io.BufferedReader(reader, _COMPARED_BYTES)


def segment_name(first_n: int) -> str:
    """Return the name of the file whose first line has `first_n`; names sort as numbers do."""
    return f"audit-{first_n:020d}.jsonl"


def find_segments(directory: Path) -> list[Segment]:
    """Return the files of the log in the order of their first n."""
    plain = {path.name: path for path in directory.glob("audit-*.jsonl")}
    packed = {path.name.removesuffix(PACKED_SUFFIX): path for path in directory.glob(f"audit-*.jsonl{PACKED_SUFFIX}")}
    return [Segment(name, plain.get(name), packed.get(name)) for name in sorted(plain | packed)]


def segments(directory: Path) -> list[Segment]:
    """Return the files of the log in the order of their first n. Raises AuditError where there is none."""
    found = find_segments(directory)
    if not found:
        raise AuditError(f"{directory}: no audit-*.jsonl here")
    return found


def difference(plain: Path, packed: Path) -> str | None:
    """Return how the compressed file differs from the plain one, None where it holds the very same bytes."""
    position = 0
    with plain.open("rb") as one, packed.open("rb") as compressed:
        try:
            two = unpacked(compressed)
            while True:
                expected = one.read(_COMPARED_BYTES)
                got = two.read(_COMPARED_BYTES)
                if got != expected:
                    return f"{packed.name} differs from {plain.name} within 1 MiB after byte {position}"
                if not expected:
                    return None
                position += len(expected)
        except zstandard.ZstdError as error:
            return f"{packed.name} cannot be decompressed: {error}"
