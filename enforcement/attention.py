"""Which limits need a look at all: a cheap answer, never wrong in the direction of silence."""

from math import inf, isinf, isnan

from config.schema import Level
from enforcement.builtin import BuiltinReader
from enforcement.life import Life
from enforcement.limits import BoundLimit
from enforcement.moment import Moment
from enforcement.records import LifeState
from risk.measures import Status

# A reduction is solved again where its statistic has moved by more than this share.
RESOLVE_MOVE = 0.01


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


def has_moved(old: float, new: float) -> bool:
    """Say whether a statistic has moved enough since a reduction was solved; NaN: it never was."""
    if new == old:
        return False
    return isinf(old) or not abs(new - old) <= RESOLVE_MOVE * abs(old)


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
