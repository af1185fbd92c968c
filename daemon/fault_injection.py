"""Fault injection: made-up numbers through the real enforcer, to see that each sensor meets what it is for.

A sensor that never fires has no false positives; this tells one that has nothing to say from one that is blind.
"""

from dataclasses import dataclass, field
from functools import partial
from math import inf, nan

import numpy as np

from config.schema import Config, EnforcementConfig, Level, Limit
from config.sensor_facts import DefaultLimit, SensorFacts
from enforcement.enforcer import Enforcer
from enforcement.moment import Moment
from enforcement.records import LifeState
from risk.book import Book, Metric, Orders
from risk.measures import METRIC_INDEX, METRICS, Measures, Status, Vector
from risk.timers import Timers
from sensors.catalogue import SHIPPED, Catalogue

_SCOPE = "made"
_START_NS = 10**18
_MINUTE_NS = 60 * 10**9
_LOOKS = 12  # more than any default confirmation asks for


class _EmptyBook:
    """A book that holds nothing: these limits only warn, and solve no reduction."""

    scope = _SCOPE
    instruments: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    quantity = unit = lot = buys = sells = np.zeros(0)
    held_in = np.zeros((0, 0))
    can_trade = np.zeros(0, dtype=bool)

    def components(self, metric: str) -> Vector:  # noqa: ARG002 -- the shape of all books
        return np.zeros(0)

    def evaluate(self, metric: str, quantity: Vector) -> float:  # noqa: ARG002 -- the shape of all books
        return nan

    def moving(self, metric: str) -> Metric:
        return partial(self.evaluate, metric)

    def fading(self, metric: str, weight: Vector) -> None:  # noqa: ARG002 -- the shape of all books
        return None

    def names(self, quantity: Vector) -> int:  # noqa: ARG002 -- the shape of all books
        return 0

    def without(self, orders: Orders) -> "_EmptyBook":  # noqa: ARG002 -- the shape of all books
        return self

    def reduced(self, quantity: Vector) -> "_EmptyBook":  # noqa: ARG002 -- the shape of all books
        return self

    def part(self, scope: str) -> "_EmptyBook":  # noqa: ARG002 -- the shape of all books
        return self

    def details(self, metric: str) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 -- the shape of all books
        return ()


def _empty_book() -> Book:
    return _EmptyBook()


class _AlwaysOpen:
    """A market that never closes."""

    def advance(self, scope: str, start_ns: int, open_ns: int) -> int:  # noqa: ARG002 -- the shape of open time
        return start_ns + open_ns


@dataclass(slots=True)
class _Bench:
    """One limit on one made-up scope, shown one number after the other, a minute apart."""

    limit: Limit
    catalogue: Catalogue
    enforcer: Enforcer = field(init=False)
    shown: int = 0

    def __post_init__(self) -> None:
        config = Config(enforcement=EnforcementConfig(limits=(self.limit,)))
        self.enforcer = Enforcer(config, 0, Timers(), _AlwaysOpen(), self.catalogue)
        self.enforcer.add_scope(_SCOPE, is_root=True, listed=False)

    def show(self, value: float, status: Status = Status.OK, *, times: int = _LOOKS) -> LifeState:
        """Show a number so many times, each as a price and as a new fit; return the life after it."""
        life = LifeState.OK
        for _ in range(times):
            self.shown += 1
            values, statuses = np.zeros(len(METRICS)), np.zeros(len(METRICS), dtype=np.int64)
            values[METRIC_INDEX[self.limit.metric]] = value
            statuses[METRIC_INDEX[self.limit.metric]] = status
            measures = Measures(_SCOPE, values, statuses, 12, 1e7, True, "fresh", fits=self.shown)
            self.enforcer.evaluate(_SCOPE, measures, _empty_book, self._moment())
            found = [each for each in self.enforcer.limit_states(_SCOPE, measures) if each.limit == self.limit.id]
            life = found[0].life
        return life

    def _moment(self) -> Moment:
        return Moment(
            n=self.shown, ts=_START_NS + self.shown * _MINUTE_NS, cause="price", suspect=False, ask_quoted=lambda: True,
            rows=500, new_row=False, session=1, offsets=(), ask_digest=lambda: "made",
        )  # fmt: skip


def missed_faults(facts: SensorFacts, catalogue: Catalogue = SHIPPED) -> list[str]:
    """Return the faults that a sensor does not meet at its default limits, in words; empty: it meets all of them."""
    return [missed for default in facts.defaults for missed in _missed(facts, default, catalogue)]


def _missed(facts: SensorFacts, default: DefaultLimit, catalogue: Catalogue) -> list[str]:
    limit = Limit(
        id="made", scope=_SCOPE, sensor=facts.name, metric=default.metric, small_book_at=default.at,
        levels=(Level(at=default.at, action="warn"),),
    )  # fmt: skip
    over, under = default.at * 1.01 + 0.01, default.at * 0.5
    after_breach = _Bench(limit, catalogue)
    checks = {
        "stays silent far under its level": _Bench(limit, catalogue).show(under) is LifeState.OK,
        "fires just over its level": after_breach.show(over) is LifeState.FIRING,
        "holds a breach whose number is lost": after_breach.show(nan, Status.INVALID) is LifeState.NO_DATA
        and after_breach.show(over) is LifeState.FIRING,
        "does not read a lost number as zero": _Bench(limit, catalogue).show(0.0, Status.INVALID) is LifeState.NO_DATA,
        "does not take too little data for calm": _Bench(limit, catalogue).show(under, Status.INSUFFICIENT)
        is LifeState.NO_DATA,
        "fires on an infinite number": _Bench(limit, catalogue).show(inf) is LifeState.FIRING,
        "lets one bad price pass": _Bench(limit, catalogue).show(over, times=1) is not LifeState.FIRING,
    }
    return [f"{facts.name}, {default.metric}: {name}" for name, is_met in checks.items() if not is_met]
