"""When each level of each limit fired in a replay: intervals of core time, read from the decisions alone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from enforcement.records import LifeState

DAY_NS = 86_400 * 10**9
_UP = frozenset({LifeState.FIRING, LifeState.LATCHED})

# Whole calendar years, so that nobody can pick the days that suit the limits.
CRISES: tuple[tuple[str, int, int], ...] = (
    ("1998", 1998, 1998),
    ("2000-02", 2000, 2002),
    ("2008", 2008, 2008),
    ("2011", 2011, 2011),
    ("2018", 2018, 2018),
    ("2020", 2020, 2020),
    ("2022", 2022, 2022),
)
CRISIS_NAMES = {
    "1998": "Russia and LTCM",
    "2000-02": "the dot-com bust",
    "2008": "the financial crisis",
    "2011": "euro debt and the US downgrade",
    "2018": "the February volatility shock and the fourth quarter",
    "2020": "COVID-19",
    "2022": "inflation and rates",
}


class Noted(Protocol):
    """What the log needs of a decision, or of its audit record."""

    @property
    def scope(self) -> str:
        """Path of the scope."""

    @property
    def limit(self) -> str:
        """Id of the limit."""

    @property
    def level(self) -> str:
        """Name of the level."""

    @property
    def transition(self) -> str:
        """`before>after`."""

    @property
    def life(self) -> LifeState:
        """State after it."""

    @property
    def ts_decided(self) -> int:
        """Core time, ns."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One level of one limit in one scope."""

    scope: str
    limit: str
    level: str


@dataclass(frozen=True, slots=True)
class Interval:
    """From the decision that the level fires to the one that it is clear again; `end_ns` None: it fires still."""

    key: Key
    start_ns: int
    end_ns: int | None


@dataclass(frozen=True, slots=True)
class Fired:
    """What one level did in a window: how often it began to fire, for how many days, and whether it came in firing."""

    key: Key
    began: int
    days: float
    held_over: bool


class FiringLog:
    """Collects intervals from decisions in order; `no_data` and `recovering` hold what was."""

    def __init__(self) -> None:
        self._open: dict[Key, int] = {}
        self._closed: list[Interval] = []

    def note(self, decision: Noted) -> None:
        """Take in one decision."""
        key = Key(decision.scope, decision.limit, decision.level)
        if decision.life in _UP:
            self._open.setdefault(key, decision.ts_decided)
        elif decision.life is LifeState.OK and key in self._open:
            self._closed.append(Interval(key, self._open.pop(key), decision.ts_decided))

    def intervals(self) -> list[Interval]:
        """Return all intervals in the order of (start, key), those that are still open included."""
        still = [Interval(key, start, None) for key, start in self._open.items()]
        return sorted(self._closed + still, key=lambda interval: (interval.start_ns, interval.key))


def fired_between(intervals: list[Interval], start_ns: int, end_ns: int) -> list[Fired]:
    """Return what fired in [start_ns, end_ns), by key. An open interval lasts to `end_ns`."""
    began: dict[Key, int] = {}
    firing_ns: dict[Key, int] = {}
    held: set[Key] = set()
    for interval in intervals:
        until = end_ns if interval.end_ns is None else min(interval.end_ns, end_ns)
        if interval.start_ns >= end_ns or until < start_ns:
            continue
        key = interval.key
        if interval.start_ns >= start_ns:
            began[key] = began.get(key, 0) + 1
        elif until == start_ns:
            continue
        else:
            held.add(key)
        firing_ns[key] = firing_ns.get(key, 0) + until - max(interval.start_ns, start_ns)
    return [Fired(key, began.get(key, 0), round(firing_ns[key] / DAY_NS, 2), key in held) for key in sorted(firing_ns)]


def fired_within_a_day(intervals: list[Interval], end_ns: int) -> list[Interval]:
    """Return all intervals where the first began less than a day before the recording's end `end_ns`, else none.

    An intraday recording is told by the minute: years and days say nothing of it.
    """
    is_short = bool(intervals) and end_ns - intervals[0].start_ns < DAY_NS
    return intervals if is_short else []


def year_start_ns(year: int) -> int:
    """Return the first nanosecond of a year, UTC."""
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 10**9


def year_of(ts_ns: int) -> int:
    """Return the calendar year of a time, UTC."""
    return datetime.fromtimestamp(ts_ns // 10**9, tz=UTC).year
