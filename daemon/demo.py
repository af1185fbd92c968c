"""`riskd demo`: the shipped recording through the core, a live table, and what fired in each crisis."""

import sys
import time
from collections import deque
from pathlib import Path

from rich.console import Console
from rich.live import Live

from daemon.demo_table import demo_view, money, read_states
from daemon.firing import year_of
from daemon.replay import ReplayPlan, Seen, replay
from daemon.shipped import demo_config, shipped_recording
from daemon.summary_text import summary_text
from enforcement.records import Action

PACED_SPEED = 24_000_000.0  # 33 years in about 43 seconds, so that a person can watch
_REFRESH_S = 0.15
_RECENT_ACTIONS = 8


class TableWatcher:
    """Draws the live table on a terminal, a few times a second."""

    def __init__(self, live: Live, bytes_total: int) -> None:
        self._live = live
        self._bytes_total = bytes_total
        self._recent: deque[Action] = deque(maxlen=_RECENT_ACTIONS)
        self._shadow_states: dict[str, str] = {}
        self._drawn_s = 0.0

    def step(self, seen: Seen) -> None:
        """Take in the shadow actions and draw when it is time."""
        for action in seen.outputs.shadow:
            self._recent.append(action)
            self._shadow_states[action.scope] = action.trading_state.value
        now_s = time.monotonic()
        if now_s - self._drawn_s < _REFRESH_S or seen.core.now_ns <= 0:
            return
        self._drawn_s = now_s
        view = demo_view(
            read_states(seen.core.state_records()),
            self._shadow_states,
            list(self._recent),
            now_ns=seen.core.now_ns,
            n=seen.core.n,
            done_ratio=seen.bytes_done / max(self._bytes_total, 1),
            width=self._live.console.width,
            height=self._live.console.height,
        )
        self._live.update(view, refresh=True)


class LineWatcher:
    """Prints one plain line a year of core time, where no terminal can be redrawn."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._year = 0
        self._actions = 0

    def step(self, seen: Seen) -> None:
        """Count the shadow actions and print when a year has ended."""
        self._actions += len(seen.outputs.shadow)
        year = year_of(seen.core.now_ns) if seen.core.now_ns > 0 else 0
        if year == self._year:
            return
        if self._year:
            navs = ", ".join(f"{state.scope} {money(state.nav)}" for state in read_states(seen.core.state_records()))
            self._console.print(
                f"{self._year}  {seen.core.n:>8,} inputs  {self._actions:>4} shadow actions  NAV {navs}"
            )
        self._year, self._actions = year, 0


def run_demo(out: Path, speed: float | None, *, is_paced: bool, force: bool) -> None:
    """Play the shipped recording and print the closing summary on standard output; progress goes to standard error.

    is_paced : take the pace for onlookers where there is a terminal, and `speed` is not given
    """
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    recording = shipped_recording()
    on_terminal = screen.is_terminal
    plan = ReplayPlan(
        recording=recording,
        out=out,
        config=demo_config(),
        speed=PACED_SPEED if is_paced and on_terminal else speed,
        force=force,
    )
    screen.print(
        "Playing real daily closes of 20 US stocks, 1990 to 2022. The first run compiles its kernels: wait a little."
    )
    started_s = time.monotonic()
    if on_terminal:
        with Live(console=screen, auto_refresh=False) as live:
            summary = replay(plan, TableWatcher(live, recording.stat().st_size))
    else:
        summary = replay(plan, LineWatcher(screen))
    print_lines(summary_text(summary, out, time.monotonic() - started_s))
    print_lines(_next_steps(out))


def print_lines(text: str) -> None:
    """Print plain text on standard output, as it is."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def _next_steps(out: Path) -> str:
    riskd, recording, config = _command(), _shown(shipped_recording()), _shown(demo_config())
    return "\n".join(
        (
            "",
            "What to try next:",
            f"  {riskd} audit verify {out / 'audit'}",
            "      is the audit log as it was written?",
            f"  {riskd} replay {recording} --out {out}-again --batch 1",
            "      the same bytes once more, one input at a time",
            f"  {riskd} check {config} --show",
            "      the limits, written out in full; copy the file, change one, and replay with --config",
        )
    )


def _command() -> str:
    """Return riskd as it was called, so that the lines can be copied."""
    return sys.argv[0] if Path(sys.argv[0]).name == "riskd" else "riskd"


def _shown(path: Path) -> Path:
    """Return a path from here where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
