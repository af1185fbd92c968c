"""How far the inputs of an explanation are read: a bar for the person who waits."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from daemon.replay_source import ReplaySource
from daemon.summary import iso_time

_REFRESH_S = 0.1


class InputProgress:
    """A bar by bytes read, with the core time beside it; gone when its `with` block ends."""

    def __init__(self, screen: Console) -> None:
        columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[when]}"))
        self._progress = Progress(*columns, console=screen, auto_refresh=False, transient=True)
        self._drawn_s = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def opened(self, source: ReplaySource) -> Callable[[int], None]:
        """Begin a bar for these inputs; return what moves it, told the core time, ns."""
        task = self._progress.add_task("inputs", total=source.bytes_total, when="")

        def move(now_ns: int) -> None:
            now_s = time.monotonic()
            if now_s - self._drawn_s >= _REFRESH_S:
                self._drawn_s = now_s
                self._progress.update(task, completed=source.bytes_done, when=iso_time(now_ns), refresh=True)

        return move
