"""Write a recording: lines into one file, plain or compressed by its name, the same bytes for the same lines."""

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from feeds.recording_blocks import SUFFIXES, RecordingError

ZSTD_LEVEL = 19
GZIP_LEVEL = 9


def write_recording(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines (without their ends) as one segment and return their count.

    The file appears under its name only when it is whole. Raises RecordingError for a name that is no recording's,
    a line that holds a line end, or trouble with the disk.
    """
    if not path.name.endswith(SUFFIXES):
        raise RecordingError(f"{path} cannot be a recording: its name must end in {', '.join(SUFFIXES)}")
    partial = path.with_name(f".{path.name}.partial")
    count = 0
    try:
        with partial.open("wb") as file:
            with _compressed(path.name, file) as stream:
                for line in lines:
                    count += 1
                    if b"\n" in line or line.endswith(b"\r"):
                        raise RecordingError(f"{path} takes lines without line ends, got one in line {count}")
                    stream.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


@contextmanager
def _compressed(name: str, file: BinaryIO) -> Iterator[_Sink]:
    if name.endswith(".zst"):
        compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as stream:
            yield stream
    elif name.endswith(".gz"):
        # No name and no time inside: they would make two writings of the same lines differ.
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=GZIP_LEVEL, mtime=0) as stream:
            yield stream
    else:
        yield file
