"""The traffic light of a VaR model: how many exceptions the last 250 completed rows had, and how likely that was."""

from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from scipy.stats import binom

from risk.exceptions import LEVELS, Backtest

Zone = Literal["green", "yellow", "red"]
ROWS = 250
_TAIL = {"95": 0.05, "99": 0.01}
_GREEN_BELOW, _RED_FROM = 0.95, 0.9999


@cache
def zone_of(level: str, observations: int, exceptions: int) -> Zone:
    """Return the zone of a model with so many exceptions in so many rows (Basel Committee 1996).

    level : 95 or 99; observations, exceptions: counts, 0 <= exceptions <= observations
    Green while a right model has fewer than that with probability under 95 %, red from 99.99 % on: 0 to 4, 5 to 9 and
    10 or more of 250 rows at 99 %. Fewer rows are judged by the same probabilities; none at all is green.

    >>> zone_of("99", 250, 4), zone_of("99", 250, 5), zone_of("99", 250, 9), zone_of("99", 250, 10)
    ('green', 'yellow', 'yellow', 'red')
    """
    assert 0 <= exceptions <= observations, f"exceptions must be in [0, {observations}], got {exceptions}"
    likely = float(binom.cdf(exceptions, observations, _TAIL[level])) if exceptions else 0.0
    if likely >= _RED_FROM:
        return "red"
    return "green" if likely < _GREEN_BELOW else "yellow"


@dataclass(frozen=True, slots=True)
class ZoneTurn:
    """One model of one scope whose zone has changed; counts over the last 250 compared rows."""

    scope: int
    level: str
    zone: Zone
    observations: int
    exceptions: int


@dataclass(slots=True)
class _Light:
    rows: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=ROWS))
    seen: tuple[int, int] = (0, 0)
    zone: Zone = "green"


@dataclass(slots=True)
class TrafficLights:
    """The lights of every scope and level, from the counts of the backtest."""

    lights: dict[tuple[int, str], _Light] = field(default_factory=dict)

    def complete(self, backtest: Backtest) -> list[ZoneTurn]:
        """Take in the row that the backtest has just compared; return what turned, by scope and level."""
        turns: list[ZoneTurn] = []
        for p in range(len(backtest.compared)):
            if backtest.compared[p]:
                counts = backtest.counts(p)
                turns += [turn for level in LEVELS if (turn := self._turn(p, level, counts[level])) is not None]
        return turns

    def _turn(self, p: int, level: str, counts: tuple[int, int]) -> ZoneTurn | None:
        light = self.lights.setdefault((p, level), _Light())
        if counts[0] == light.seen[0]:  # no VaR to compare with
            return None
        light.rows.append((counts[0] - light.seen[0], counts[1] - light.seen[1]))
        light.seen = counts
        observations, exceptions = len(light.rows), sum(row[1] for row in light.rows)
        zone = zone_of(level, observations, exceptions)
        if zone == light.zone:
            return None
        light.zone = zone
        return ZoneTurn(p, level, zone, observations, exceptions)
