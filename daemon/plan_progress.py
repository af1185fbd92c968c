"""How far two replays have come: a bar each, for the person who waits."""

from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from daemon.plan_command import SIDES
from daemon.summary import iso_time
from feeds.recording import recording_bytes


class SideProgress:
    """A bar for each replay by bytes read, with its core time beside; gone when its `with` block ends."""

    def __init__(self, screen: Console, recording: Path) -> None:
        columns = (
            TextColumn("{task.description:9}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[when]}"),
        )
        self._progress = Progress(*columns, console=screen, auto_refresh=False, transient=True)
        self._recording = recording
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def move(self, side: str, bytes_done: int, now_ns: int) -> None:
        """Draw how far a side has come; the bars begin with the first word of either."""
        if not self._tasks:
            total = recording_bytes(self._recording)
            self._tasks = {each: self._progress.add_task(each, total=total, when="") for each in SIDES}
        self._progress.update(self._tasks[side], completed=bytes_done, when=iso_time(now_ns), refresh=True)
