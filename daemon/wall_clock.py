"""The time of `clock: wall`, and its ticks, the only time that its core learns; journaled like every input."""

import time
from collections.abc import Callable, Sequence

from daemon.edge import made_input
from feeds.events import Tick
from feeds.prices import Item

STEP_MAX_NS = 10**9  # between two looks; a clock that is only slewed stays far under it
ADOPT_AFTER_NS = 60 * 10**9


class WallClock:
    """The machine's wall clock, as long as it agrees with one that only grows.

    Core time never goes back: one tick from a clock that was an hour ahead for a second would stop it for an hour. So a
    step is not believed before it has stood for 60 s; until then time goes on by the steady clock.

    wall, steady : ns; the steady one counts the time of a suspended machine too
    """

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    ) -> None:
        self._wall, self._steady = wall, steady
        self._anchor_wall_ns, self._anchor_steady_ns = wall(), steady()
        self._stepped_ns: int | None = None  # steady time at which the step was seen
        self._step_ns = 0

    def now_ns(self) -> int:
        """Return the time to tell the core."""
        wall_ns, steady_ns = self._wall(), self._steady()
        expected_ns = self._anchor_wall_ns + steady_ns - self._anchor_steady_ns
        self._step_ns = wall_ns - expected_ns
        if abs(self._step_ns) > STEP_MAX_NS:
            self._stepped_ns = steady_ns if self._stepped_ns is None else self._stepped_ns
            if steady_ns - self._stepped_ns < ADOPT_AFTER_NS:
                return expected_ns
        self._stepped_ns = None
        self._anchor_wall_ns, self._anchor_steady_ns = wall_ns, steady_ns
        return wall_ns

    @property
    def trouble(self) -> str | None:
        """Say that the wall clock has stepped and is not believed yet; None where it is."""
        if self._stepped_ns is None:
            return None
        return f"the wall clock jumped by {self._step_ns / 1e9:+.1f} s; it is believed when it stays so for a minute"


def with_tick(inputs: Sequence[Item], now_ns: int) -> list[Item]:
    """Return a batch behind a tick of the wall clock; an empty batch is how time passes where nothing comes."""
    return [made_input(Tick(ts=now_ns), ts_in=now_ns), *inputs]
