"""What a person sees while the demo plays: a live table on a terminal, else a plain line a year, or a minute."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live

from daemon.demo_daemon import StateDocument
from daemon.demo_table import ActionView, demo_view
from daemon.screen_text import money
from daemon.summary import iso_time

_REFRESH_S = 0.15
_RECENT_ACTIONS = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at the demo: the daemon's last report, the shadow actions since the last look, the share played."""

    document: StateDocument
    shadow: Sequence[ActionView]
    done_ratio: float


class Screen(Protocol):
    """Shows moments; it changes nothing."""

    def show(self, moment: Moment) -> None:
        """Take in one look."""


class TableScreen:
    """Draws the live table, a few times a second.

    address     : host and port of the daemon's pages
    is_intraday : show the time of day too
    """

    def __init__(self, live: Live, address: str, *, is_intraday: bool = False) -> None:
        self._live = live
        self._address = address
        self._is_intraday = is_intraday
        self._recent: deque[ActionView] = deque(maxlen=_RECENT_ACTIONS)
        self._shadow_states: dict[str, str] = {}
        self._drawn_s = 0.0

    def show(self, moment: Moment) -> None:
        """Take in the shadow actions and draw when it is time."""
        for action in moment.shadow:
            self._recent.append(action)
            self._shadow_states[action.scope] = action.trading_state
        now_s = time.monotonic()
        shard = moment.document.shards[0]
        if now_s - self._drawn_s < _REFRESH_S or shard.core_time_ns <= 0:
            return
        self._drawn_s = now_s
        view = demo_view(
            moment.document.states,
            self._shadow_states,
            list(self._recent),
            now_ns=shard.core_time_ns,
            n=shard.n,
            done_ratio=moment.done_ratio,
            address=self._address,
            is_intraday=self._is_intraday,
            width=self._live.console.width,
            height=self._live.console.height,
        )
        self._live.update(view, refresh=True)


class LineScreen:
    """Prints one plain line when a year of core time has ended; of an intraday recording, a minute."""

    def __init__(self, console: Console, *, is_intraday: bool = False) -> None:
        self._console = console
        self._shown = slice(0, 16 if is_intraday else 4)
        self._period = ""
        self._actions = 0

    def show(self, moment: Moment) -> None:
        """Count the shadow actions and print when the report speaks of another year, or minute."""
        self._actions += len(moment.shadow)
        shard = moment.document.shards[0]
        period = iso_time(shard.core_time_ns)[self._shown].replace("T", " ") if shard.core_time_ns > 0 else ""
        if period == self._period:
            return
        if self._period and moment.document.states:
            navs = ", ".join(f"{state.scope} {money(state.nav)}" for state in moment.document.states)
            self._console.print(f"{self._period}  {shard.n:>8,} inputs  {self._actions:>4} shadow actions  NAV {navs}")
            self._actions = 0
        self._period = period
