"""The steps that change the disk, as one value, so that a test can fail or end the process at each of them."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: OSError) -> bool:
    """Say whether the error means that the disk, or the owner's share of it, has no room left."""
    return error.errno in _FULL


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)


def _sync_folder(directory: Path) -> None:
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True, slots=True)
class Disk:
    """What the audit log asks of the operating system; each function raises OSError as `os` does.

    create      : open a file to append to, made where it is missing; returns its descriptor
    write       : append bytes; returns how many were taken, which a nearly full disk makes fewer
    sync_file   : return when the descriptor's data is on disk
    sync_folder : return when the folder's entries are on disk
    cut         : shorten a file, by its descriptor, to a length in bytes
    allocate    : reserve room for a descriptor: from a byte, of a length
    rename      : put a file in another's place
    remove      : take a file out of its folder
    """

    create: Callable[[Path], int] = _create
    write: Callable[[int, bytes], int] = os.write
    sync_file: Callable[[int], None] = os.fdatasync
    sync_folder: Callable[[Path], None] = _sync_folder
    cut: Callable[[int, int], None] = os.ftruncate
    allocate: Callable[[int, int, int], None] = os.posix_fallocate
    rename: Callable[[Path, Path], None] = os.replace
    remove: Callable[[Path], None] = os.unlink
