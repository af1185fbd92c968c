"""What limits say to an order: the levels that stop it, and what each limit reads before and with it.

A limit stops an order where its own action, as published in the mode that it is in, would be at least as severe as
`pretrade.stops_from`: a limit in shadow and a mere warning are told and stop nothing. It stops only what makes its
number worse. A number that is missing follows the life of a breach: where it was missing before, the trading state
already holds what that calls for; where the order itself takes it away, `on_no_data` says what becomes of the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

WORSE_SHARE = 1e-9  # as risk.kernels.fitting has it, where numbers are held to ceilings
BLOCKS = {Status.INSUFFICIENT: 1, Status.INVALID: 2}  # bits of `OrderLevels.missing`
_COUNT = len(METRICS)
_POLICY: dict[NoDataPolicy, ActionType] = {
    "hold": "none", "warn": "warn", "reduce": "reduce_position", "halt": "halt",
}  # fmt: skip
_KEPT_MAX = 10_000  # scopes and counts of names whose levels are remembered

Say = Literal["stops", "would_stop", "warns", "no_number", "spared"]


@dataclass(frozen=True, slots=True)
class OrderLevels:
    """What the numbers of one scope are held against, (len(METRICS),) each.

    ceiling : the lowest level that stops an order; +inf where none does
    missing : bits of the statuses with which a number that the order takes away stops it
    told    : the lowest level of any limit; watched: 1 where any limit looks
    has_own : a sensor computes a number itself, so that only its reading can tell
    """

    ceiling: Vector
    missing: IntVector
    told: Vector
    watched: IntVector
    has_own: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one level of one limit says to the whole order.

    says    : stops: over the level and worse by the order; would_stop: the same, were the limit enforced; warns: the
              same, of a level that restricts nothing; no_number: nobody can tell; spared: it would stop the order,
              which only reduces a position
    before, whole : the statistic without and with all of the order, in `unit`; NaN where there is none
    takes_number  : the order takes the number away
    published     : what the level would publish in the mode that its limit is in
    """

    scope: str
    limit: str
    level: str
    metric: str
    unit: str
    says: Say
    at: float
    before: float
    whole: float
    status: Status
    takes_number: bool
    published: ActionType
    standing: Standing
    code: str
    reason: str


class OrderLimits:
    """The limits of an enforcer as an order meets them; remembers levels by scope and count of names."""

    def __init__(self, enforcer: Enforcer, stops_from: ActionType) -> None:
        self._enforcer = enforcer
        self._stops_from = severity(stops_from)
        self._levels: dict[tuple[str, int], tuple[tuple[object, ...], OrderLevels]] = {}

    def levels(self, scope: str, names: int) -> OrderLevels:
        """Return the levels of a scope for a book of so many names."""
        key = self._enforcer.standing_key(scope)
        known = self._levels.get((scope, names))
        if known is not None and known[0] == key:
            return known[1]
        if len(self._levels) >= _KEPT_MAX:
            self._levels.clear()
        found = self._levels_now(scope, names)
        self._levels[scope, names] = (key, found)
        return found

    def verdicts(self, before: Measures, whole: Measures) -> list[Verdict]:
        """Return what every level says that is not content with the whole order, in evaluation order."""
        found: list[Verdict] = []
        for bound, standing in self._enforcer.standings(whole.scope):
            if bound.metric is not None:
                found += self._verdicts_of(bound, standing, before, whole)
        return found

    def _levels_now(self, scope: str, names: int) -> OrderLevels:
        standings = self._enforcer.standings(scope)
        levels = OrderLevels(
            np.full(_COUNT, inf), np.zeros(_COUNT, dtype=np.int64), np.full(_COUNT, inf),
            np.zeros(_COUNT, dtype=np.int64), any(bound.is_own for bound, _ in standings),
        )  # fmt: skip
        empty = np.full(_COUNT, nan)
        book = Measures(scope, empty, np.full(_COUNT, Status.INVALID), names, nan, known=True, trust="missing")
        for bound, standing in standings:
            at = bound.metric_index
            if at < 0:
                continue
            reading = bound.reader.read(book)
            levels.watched[at] = 1
            for index, level in enumerate(bound.levels):
                value = bound.effective(index, reading)[0]
                levels.told[at] = min(levels.told[at], value)
                if self._stops(level.action, standing):
                    levels.ceiling[at] = min(levels.ceiling[at], value)
            for status, bit in BLOCKS.items():
                if self._stops(missing_type(bound, status), standing):
                    levels.missing[at] |= bit
        return levels

    def _verdicts_of(
        self, bound: BoundLimit, standing: Standing, before: Measures, whole: Measures
    ) -> Sequence[Verdict]:
        was, now = bound.reader.read(before), bound.reader.read(whole)
        assert bound.metric is not None, f"{bound.limit.id} reads no number of a book"
        found = []
        was_same = was.statistic if was.levels == now.levels else nan  # else it is in another unit
        for index, level in enumerate(bound.levels):
            at = bound.effective(index, now)[0]
            action: ActionType = level.action
            takes = isnan(now.statistic) and not isnan(was.statistic)
            if isnan(now.statistic):
                action = missing_type(bound, now.status) if takes else "none"
            elif not is_worse(was_same, now.statistic, at):
                continue
            says: Say = self._says(action, standing)
            if isnan(now.statistic) and says == "warns":
                says = "no_number"
            found.append(
                Verdict(
                    scope=whole.scope, limit=bound.limit.id, level=level.name, metric=now.metric, unit=now.unit,
                    says=says, at=at, before=was.statistic, whole=now.statistic, status=Status(now.status),
                    takes_number=takes, published=published_type(action, standing.stage), standing=standing,
                    code=bound.metric.code, reason=now.reason,
                )
            )  # fmt: skip
        return found

    def _says(self, action: ActionType, standing: Standing) -> Say:
        if self._stops(action, standing):
            return "stops"
        return "would_stop" if severity(action) >= self._stops_from else "warns"

    def _stops(self, action: ActionType, standing: Standing) -> bool:
        is_enforced = standing.effect is Effect.ENFORCED
        return is_enforced and severity(published_type(action, standing.stage)) >= self._stops_from


def is_worse(before: float, after: float, at: float) -> bool:
    """Say whether a number is over its level and worse than before; +inf is never better; NaN before is no number."""
    if not after > at:
        return False
    return after == inf or isnan(before) or before == -inf or after > before + WORSE_SHARE * abs(before)


def missing_type(bound: BoundLimit, status: int) -> ActionType:
    """Return what `on_no_data` asks for where a number is missing with this status; any but INSUFFICIENT is INVALID."""
    policy: NoDataPolicy = bound.limit.on_no_data or ("warn" if status == Status.INSUFFICIENT else "reduce")
    return _POLICY[policy]
