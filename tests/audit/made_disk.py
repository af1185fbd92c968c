"""Disks for tests: one that ends the process at a step, one of a bounded size; neither waits for a real sync."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from audit.disk import Disk

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class CrashError(BaseException):
    """The process ends here; nothing may catch it."""


@dataclass(slots=True)
class Crashing:
    """A disk on which step number `at` (from 0) never happens, and on which half of a write does."""

    at: int
    step: int = 0

    def disk(self) -> Disk:
        real = Disk()
        return Disk(
            create=self._counted(real.create),
            write=self._write,
            sync_file=self._counted(_no_file_sync),
            sync_folder=self._counted(_no_folder_sync),
            cut=self._counted(real.cut),
            allocate=self._counted(real.allocate),
            rename=self._counted(real.rename),
            remove=self._counted(real.remove),
        )

    def _counted(self, function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        def counted(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
            if self._is_end():
                raise CrashError
            return function(*arguments, **named)

        return counted

    def _write(self, file: int, data: bytes) -> int:
        if self._is_end():
            os.write(file, data[: len(data) // 2])
            raise CrashError
        return os.write(file, data)

    def _is_end(self) -> bool:
        self.step += 1
        return self.step > self.at


@dataclass(slots=True)
class Small:
    """A disk with room for `room_bytes` of data; removed files and cuts do not count back unless they were reserved."""

    room_bytes: int
    reserved_bytes: int = 0
    made: list[str] = field(default_factory=list)

    def disk(self) -> Disk:
        return Disk(
            write=self._write,
            sync_file=_no_file_sync,
            sync_folder=_no_folder_sync,
            allocate=self._allocate,
            remove=self._remove,
            cut=self._cut,
        )

    def _write(self, file: int, data: bytes) -> int:
        if not self.room_bytes:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = os.write(file, data[: self.room_bytes])
        self.room_bytes -= taken
        return taken

    def _allocate(self, file: int, start: int, size: int) -> None:
        if size > self.room_bytes:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.posix_fallocate(file, start, size)
        self.room_bytes -= size
        self.reserved_bytes = size

    def _remove(self, path: Path) -> None:
        if path.name == "audit.reserve":
            self.room_bytes += self.reserved_bytes
            self.reserved_bytes = 0
        path.unlink()

    def _cut(self, file: int, length: int) -> None:
        self.room_bytes += os.fstat(file).st_size - length
        os.ftruncate(file, length)


def _no_file_sync(file: int) -> None:
    os.fstat(file)


def _no_folder_sync(directory: Path) -> None:
    directory.stat()
