"""`riskd replay` for the person at the terminal: a progress bar by bytes read, and the summary."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from audit.line import canonical_json
from daemon.replay import ReplayPlan, Seen, replay
from daemon.shipped import shipped_at
from daemon.summary import iso_time
from daemon.summary_text import summary_text
from feeds.recording import recording_bytes

_REFRESH_S = 0.1


class ProgressWatcher:
    """Moves the bar as bytes are read and shows core time beside it."""

    def __init__(self, progress: Progress, bytes_total: int) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("replay", total=bytes_total, inputs=0, when="")
        self._drawn_s = 0.0

    def step(self, seen: Seen) -> None:
        """Draw when it is time."""
        now_s = time.monotonic()
        if now_s - self._drawn_s >= _REFRESH_S:
            self._drawn_s = now_s
            when = iso_time(seen.core.now_ns)
            self._progress.update(self._task, completed=seen.bytes_done, inputs=seen.core.n, when=when, refresh=True)


def run_replay(plan: ReplayPlan, *, as_json: bool) -> None:
    """Replay and print the summary: JSON on standard output where asked, else words for people on standard error."""
    screen = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    started_s = time.monotonic()
    summary = replay_with_progress(plan, screen)
    if as_json:
        Console(highlight=False, markup=False, soft_wrap=True).print(canonical_json(summary).decode())
    else:
        screen.print(summary_text(summary, plan.out, time.monotonic() - started_s, shipped_at(plan.recording)))
    missed = [n for n in plan.states_at if n > _sent(summary)]
    if missed:
        screen.print(f"warning: --states-at names n {missed[0]}, but the recording ends at {_sent(summary)}")


def replay_with_progress(plan: ReplayPlan, screen: Console) -> dict[str, object]:
    """Replay with a progress bar where the screen is a terminal; return the summary."""
    if screen.is_terminal:
        columns = (
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[inputs]:,} inputs  {task.fields[when]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=screen, auto_refresh=False, transient=True) as progress:
            return replay(plan, ProgressWatcher(progress, recording_bytes(plan.recording)))
    return replay(plan)


def _sent(summary: dict[str, object]) -> int:
    inputs = summary["inputs"]
    assert isinstance(inputs, dict)
    sent = inputs["sent"]
    assert isinstance(sent, int)
    return sent
