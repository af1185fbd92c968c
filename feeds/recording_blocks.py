"""The bytes of one recording segment, plain or compressed, as bounded blocks."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")

_READ_BYTES = 256 * 1024
_ZSTD_READ_BYTES = 4 * 1024  # a hostile block of 4 bytes becomes 128 KiB: this bounds a step at 128 MiB
_ZSTD_WINDOW_BYTES_MAX = 128 * 1024 * 1024


class RecordingError(Exception):
    """A recording cannot be read or written; the message names the file and what is wrong with it."""


def read_blocks(path: Path, on_position: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the decompressed bytes of one segment in blocks.

    on_position : told the bytes of the file read so far, compressed where it is compressed

    Raises RecordingError where the file is missing, cut short or damaged.
    """
    try:
        with path.open("rb") as file:
            if path.name.endswith(".zst"):
                blocks = _zstd_blocks(path, file)
            elif path.name.endswith(".gz"):
                blocks = _gzip_blocks(path, file)
            else:
                blocks = iter(lambda: file.read(_READ_BYTES), b"")
            for block in blocks:
                yield block
                if on_position is not None:
                    on_position(file.tell())
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror or error}") from error


def _gzip_blocks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    is_empty = True
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:
            while block := stream.read(_READ_BYTES):
                is_empty = False
                yield block
    except EOFError as error:
        raise RecordingError(f"{path} is cut short: the gzip stream has no end") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(f"{path} is damaged: {error}") from error
    if is_empty and file.tell() == 0:
        raise RecordingError(f"{path} is cut short: 0 bytes are no gzip stream")


def _zstd_blocks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Decompress frame after frame; the library's own reader takes a cut frame for the end."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
    frame = decompressor.decompressobj()
    is_between_frames = False
    try:
        while compressed := file.read(_ZSTD_READ_BYTES):
            while compressed:
                if is_between_frames:
                    frame = decompressor.decompressobj()
                block = frame.decompress(compressed)
                is_between_frames = frame.eof
                compressed = frame.unused_data if frame.eof else b""
                if block:
                    yield block
    except zstandard.ZstdError as error:
        raise RecordingError(f"{path} is damaged: {error}") from error
    if not is_between_frames:
        raise RecordingError(f"{path} is cut short: the zstd frame has no end")
