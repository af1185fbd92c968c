"""Which limits need a look at all: a cheap answer, never wrong in the direction of silence."""

import sys
from dataclasses import replace
from math import inf, isinf, isnan

from config.schema import Level
from enforcement.builtin import BuiltinReader
from enforcement.life import Life
from enforcement.limits import BoundLimit
from enforcement.moment import Moment
from enforcement.records import LifeState
from risk.measures import Measures, Status

# A reduction is solved again where its statistic has moved by more than this share.
RESOLVE_MOVE = 0.01
_ROUNDING = 1e-9  # inside the band no rounding makes a look that `has_moved` would ask for
_FINITE_MAX = sys.float_info.max  # only an infinite number is a number whatever its status


def is_calm(bound: BoundLimit, known: bool, value: float, status: int) -> bool:
    """Say whether a limit whose lives are all ok has nothing to say: the wake-up rule of semantics.md."""
    if bound.metric_index < 0:
        return not bound.is_own and _is_calm_builtin(bound, known=known)
    return known and status <= Status.DEGRADED and value <= bound.wake_at


def is_settled(bound: BoundLimit, lives: list[Life], moment: Moment, *, known: bool, value: float, status: int) -> bool:
    """Say whether a look would change nothing: the lives stay as they are and no decision is due.

    It answers for the two states in which a scope can stay for days, firing and no_data; False is always safe.
    """
    if bound.is_own:
        return False
    if bound.metric_index < 0:
        is_firing = all(life.state is LifeState.FIRING for life in lives)
        return is_firing and not _is_calm_builtin(bound, known=known)
    if not known or (status >= Status.INSUFFICIENT and value != inf):
        is_invalid = not known or status == Status.INVALID
        return all(
            _stays_blind(life, level, moment, is_invalid) for life, level in zip(lives, bound.levels, strict=True)
        )
    if bound.fixed_levels is None or isnan(value):
        return False
    for life, level, (at, clear_at) in zip(lives, bound.levels, bound.fixed_levels, strict=True):
        if life.state is LifeState.OK:
            if value > at:
                return False
        elif life.state is not LifeState.FIRING or value <= clear_at or _is_due(life, level, moment, value):
            return False
    return True


def band(bound: BoundLimit, lives: list[Life], measures: Measures, moment: Moment) -> tuple[float, float] | None:
    """Return (low, high): while the metric stays above low and not above high, with this status and in this session,
    a price changes nothing, so that no look is needed. None: every price must be looked at.

    It says of the future what `is_settled` says of now; timers, and everything that is no price, are looked at anyway.
    A price changes no quantity, so that levels which depend on how many names the book has stay as they are.
    """
    if bound.is_own:
        return None
    known, at = measures.known, bound.metric_index
    if at < 0:
        state = LifeState.OK if _is_calm_builtin(bound, known=known) else LifeState.FIRING
        return (-inf, inf) if all(life.state is state for life in lives) else None
    value, status = float(measures.values[at]), int(measures.statuses[at])
    if not known or (status >= Status.INSUFFICIENT and value != inf):
        is_settled_now = is_settled(bound, lives, moment, known=known, value=value, status=status)
        return (-inf, _FINITE_MAX) if is_settled_now else None
    if isnan(value):
        return None
    low, high = -inf, inf
    for life, level, (level_at, clear_at) in zip(lives, bound.levels, _levels(bound, measures), strict=True):
        if life.state is LifeState.PENDING and bound.rule.by_fits:  # its next fit is no price, and its `for` a timer
            low = max(low, level_at)
            continue
        found = _band_of_life(life, level, moment, value, level_at, clear_at)
        if found is None:
            return None
        low, high = max(low, found[0]), min(high, found[1])
    return (low, high) if low < value <= high else None


def has_moved(old: float, new: float) -> bool:
    """Say whether a statistic has moved enough since a reduction was solved; NaN: it never was."""
    if new == old:
        return False
    return isinf(old) or not abs(new - old) <= RESOLVE_MOVE * abs(old)


def _levels(bound: BoundLimit, measures: Measures) -> tuple[tuple[float, float], ...]:
    """Return (level, clear level) pairs for this book."""
    if bound.fixed_levels is not None:
        return bound.fixed_levels
    reading = bound.reader.read(measures)
    return tuple(bound.effective(index, reading) for index in range(len(bound.levels)))


def _band_of_life(
    life: Life, level: Level, moment: Moment, value: float, at: float, clear_at: float
) -> tuple[float, float] | None:
    may_remind = level.action == "halt" and moment.session > life.reminded_session
    match life.state:
        case LifeState.OK:
            return -inf, at
        case LifeState.FIRING if level.action == "reduce_position":
            if _is_due(life, level, replace(moment, cause="price"), value) or isinf(life.solved_statistic):
                return None
            moves = RESOLVE_MOVE * (1.0 - _ROUNDING) * abs(life.solved_statistic)
            return max(clear_at, life.solved_statistic - moves), life.solved_statistic + moves
        case LifeState.FIRING if not may_remind:
            return clear_at, inf
        case LifeState.RECOVERING if life.due_ns > moment.ts and not may_remind:  # its timer ends it
            return -inf, clear_at
        case LifeState.LATCHED if not may_remind:
            return -inf, at
        case _:
            return None


def _is_calm_builtin(bound: BoundLimit, *, known: bool) -> bool:
    assert isinstance(bound.reader, BuiltinReader), f"{bound.limit.id} reads no metric and is not built in"
    return bound.reader.is_calm(known=known)


def _stays_blind(life: Life, level: Level, moment: Moment, is_invalid: bool) -> bool:
    if life.state is not LifeState.NO_DATA or is_invalid != (life.invalid_since_ns > 0):
        return False
    if life.targets and moment.cause != "price":  # a position may have changed its sign
        return False
    may_remind = "halt" in (level.action, life.escalated) and moment.session > life.reminded_session
    return not may_remind and not 0 < life.escalation_due_ns <= moment.ts


def _is_due(life: Life, level: Level, moment: Moment, value: float) -> bool:
    """Say whether a firing level may have to remind, or to ask for another reduction."""
    match level.action:
        case "halt":
            return moment.session > life.reminded_session
        case "reduce_position":
            return moment.cause != "price" or has_moved(life.solved_statistic, value)
        case _:
            return False
