"""What limits say to an order: the levels that stop it, and what each limit reads before and with it.

A limit stops an order where its own action, as published in the mode that it is in, would be at least as severe as
`pretrade.stops_from`: a limit in shadow and a mere warning are told and stop nothing. It stops only what makes its
number worse. A number that is missing follows the life of a breach: where it was missing before, the trading state
already holds what that calls for; where the order itself takes it away, `on_no_data` says what becomes of the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isnan, nan
from typing import Literal

import numpy as np

from config.schema import ActionType, NoDataPolicy
from enforcement.effects import Standing, published_type
from enforcement.enforcer import Enforcer
from enforcement.limits import BoundLimit
from enforcement.merge import severity
from enforcement.records import Effect
from risk.measures import METRICS, IntVector, Measures, Status, Vector
from sensors.reading import Reading
from sensors.wording import amount

WORSE_SHARE = 1e-9  # as risk.kernels.fitting has it, where numbers are held to ceilings
BLOCKS = {Status.INSUFFICIENT: 1, Status.INVALID: 2}  # bits of `OrderLevels.missing`
_COUNT = len(METRICS)
_POLICY: dict[NoDataPolicy, ActionType] = {
    "hold": "none", "warn": "warn", "reduce": "reduce_position", "halt": "halt",
}  # fmt: skip
_KEPT_MAX = 10_000  # scopes and counts of names whose levels are remembered

Say = Literal["stops", "would_stop", "warns", "no_number", "spared"]


@dataclass(frozen=True, slots=True)
class Line:
    """One level of one limit in one scope, as long as nobody changes what the limit may do there.

    title     : of the metric, in words
    published : what the level publishes while it fires; over: what it says to an order that takes the number over it
    order     : its place in evaluation order
    """

    scope: str
    limit: str
    level: str
    metric: str
    unit: str
    title: str
    at: float
    published: ActionType
    over: Say
    code: str
    bound: BoundLimit
    standing: Standing
    order: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one level of one limit says to the whole order.

    says    : stops: over the level and worse by the order; would_stop: the same, were the limit enforced; warns: the
              same, of a level that restricts nothing; no_number: nobody can tell; spared: it would stop the order,
              which only reduces a position
    before, whole : the statistic without and with all of the order, in the line's unit; NaN where there is none
    takes_number  : the order takes the number away; published: what that, or the level, would publish
    told          : the statistic in words, where only its sensor can tell
    """

    line: Line
    says: Say
    before: float
    whole: float
    status: Status
    takes_number: bool
    published: ActionType
    told: str = ""

    @property
    def reason(self) -> str:
        """The statistic with all of the order, in words."""
        if self.told:
            return self.told
        if isnan(self.whole):
            return f"{self.line.title} has no number ({self.status.name})"
        return f"{self.line.title} {amount(self.whole, self.line.unit)}"


@dataclass(frozen=True, slots=True)
class OrderLevels:
    """What the numbers of one scope are held against, (len(METRICS),) each.

    ceiling : the lowest level that stops an order; +inf where none does
    missing : bits of the statuses with which a number that the order takes away stops it
    told    : the lowest level of any limit; watched: 1 where any limit looks
    lines   : by index of the metric
    has_own : a sensor computes a number itself, so that only its reading can tell
    """

    ceiling: Vector
    missing: IntVector
    told: Vector
    watched: IntVector
    lines: Mapping[int, tuple[Line, ...]]
    has_own: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """One scope's numbers without and with all of an order, (len(METRICS),) each, and where the two differ in unit."""

    before: Sequence[float]
    before_status: Sequence[int]
    whole: Sequence[float]
    whole_status: Sequence[int]
    apart: Sequence[bool]

    def unknown(self) -> "Numbers":
        """Return what is to be seen of a book that nobody knows: nothing, before and after."""
        nothing, blind = (nan,) * _COUNT, (Status.INVALID,) * _COUNT
        return Numbers(nothing, blind, nothing, blind, self.apart)


class OrderLimits:
    """The limits of an enforcer as an order meets them; remembers levels by scope and count of names."""

    def __init__(self, enforcer: Enforcer, stops_from: ActionType) -> None:
        self._enforcer = enforcer
        self._stops_from = severity(stops_from)
        self._levels: dict[tuple[str, int], tuple[tuple[int, int], OrderLevels]] = {}

    def levels(self, scope: str, names: int) -> OrderLevels:
        """Return the levels of a scope for a book of so many names; the same object while no standing has changed."""
        version = self._enforcer.standing_version
        known = self._levels.get((scope, names))
        if known is not None and known[0] == version:
            return known[1]
        if len(self._levels) >= _KEPT_MAX:
            self._levels.clear()
        found = self._levels_now(scope, names)
        self._levels[scope, names] = (version, found)
        return found

    def verdicts(self, levels: OrderLevels, numbers: Numbers, loud: Sequence[int]) -> list[Verdict]:
        """Return what every level says that is not content with the whole order, in evaluation order.

        loud : (len(METRICS),) 0 where no limit can have anything to say of a number
        """
        found: list[Verdict] = []
        for metric, is_loud in enumerate(loud):
            if is_loud:
                before = _seen(numbers.before[metric], numbers.before_status[metric])
                whole, status = numbers.whole[metric], Status(numbers.whole_status[metric])
                for line in levels.lines.get(metric, ()):
                    verdict = self._verdict(line, before, _seen(whole, status), status, numbers.apart[metric])
                    found += [] if verdict is None else [verdict]
        found.sort(key=lambda verdict: verdict.line.order)
        return found

    def own_verdicts(self, before: Measures, whole: Measures) -> list[Verdict]:
        """Return the same of the limits whose number their sensor computes itself."""
        found: list[Verdict] = []
        for order, bound in enumerate(self._enforcer.bound_limits(whole.scope)):
            if bound.is_own:
                was, now = bound.reader.read(before), bound.reader.read(whole)
                for index in range(len(bound.levels)):
                    line = self._line(whole.scope, bound, index, now, order)
                    verdict = self._verdict(line, was.statistic, now.statistic, Status(now.status), apart=False)
                    found += [] if verdict is None else [replace(verdict, told=now.reason)]
        return found

    def _levels_now(self, scope: str, names: int) -> OrderLevels:
        bounds = self._enforcer.bound_limits(scope)
        ceiling, told = np.full(_COUNT, inf), np.full(_COUNT, inf)
        missing, watched = np.zeros(_COUNT, dtype=np.int64), np.zeros(_COUNT, dtype=np.int64)
        lines: dict[int, tuple[Line, ...]] = {}
        zeros, fine = np.zeros(_COUNT), np.zeros(_COUNT, dtype=np.int64)
        book = Measures(scope, zeros, fine, names, 1.0, known=True, trust="fresh")
        for order, bound in enumerate(bounds):
            at = bound.metric_index
            if at < 0:
                continue
            reading = bound.reader.read(book)
            watched[at] = 1
            for index in range(len(bound.levels)):
                line = self._line(scope, bound, index, reading, order)
                lines[at] = (*lines.get(at, ()), line)
                told[at] = min(told[at], line.at)
                if line.over == "stops":
                    ceiling[at] = min(ceiling[at], line.at)
                for status, bit in BLOCKS.items():
                    if self._says(missing_type(bound, status), line.standing) == "stops":
                        missing[at] |= bit
        return OrderLevels(ceiling, missing, told, watched, lines, any(bound.is_own for bound in bounds))

    def _line(self, scope: str, bound: BoundLimit, index: int, reading: Reading, order: int) -> Line:
        assert bound.metric is not None, f"{bound.limit.id} reads no number of a book"
        level, standing = bound.levels[index], self._enforcer.standing(scope, bound)
        title = reading.reason.removesuffix(f" {amount(reading.statistic, reading.unit)}")
        return Line(
            scope=scope, limit=bound.limit.id, level=level.name, metric=reading.metric, unit=reading.unit, title=title,
            at=bound.effective(index, reading)[0], published=published_type(level.action, standing.stage),
            over=self._says(level.action, standing), code=bound.metric.code, bound=bound, standing=standing,
            order=order,
        )  # fmt: skip

    def _verdict(self, line: Line, before: float, whole: float, status: Status, apart: bool) -> Verdict | None:
        if not isnan(whole):
            if not is_worse(nan if apart else before, whole, line.at):
                return None
            return Verdict(line, line.over, before, whole, status, False, line.published)
        takes = not isnan(before)
        action = missing_type(line.bound, status) if takes else "none"
        says = self._says(action, line.standing)
        told: Say = "no_number" if says == "warns" else says
        return Verdict(line, told, before, whole, status, takes, published_type(action, line.standing.stage))

    def _says(self, action: ActionType, standing: Standing) -> Say:
        """Return what an action says to an order that would bring it about."""
        is_enforced = standing.effect is Effect.ENFORCED
        if is_enforced and severity(published_type(action, standing.stage)) >= self._stops_from:
            return "stops"
        return "would_stop" if severity(action) >= self._stops_from else "warns"


def _seen(value: float, status: int) -> float:
    """Return the number as a sensor shows it: withheld where its status says that there is none, but for +inf."""
    return nan if status >= Status.INSUFFICIENT and value != inf else value


def is_worse(before: float, after: float, at: float) -> bool:
    """Say whether a number is over its level and worse than before; +inf is never better; NaN before is no number."""
    if not after > at:
        return False
    return after == inf or isnan(before) or before == -inf or after > before + WORSE_SHARE * abs(before)


def missing_type(bound: BoundLimit, status: int) -> ActionType:
    """Return what `on_no_data` asks for where a number is missing with this status; any but INSUFFICIENT is INVALID."""
    policy: NoDataPolicy = bound.limit.on_no_data or ("warn" if status == Status.INSUFFICIENT else "reduce")
    return _POLICY[policy]
