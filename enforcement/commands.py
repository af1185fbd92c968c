"""What an operator's command changes: the halt of a scope, and the reinstatement of what waits for one."""

from dataclasses import replace

from enforcement.builtin import OPERATOR_HALT, commanded
from enforcement.change import Change
from enforcement.judgement import clears_if_of
from enforcement.life import NEW_LIFE, Life
from enforcement.moment import Moment
from enforcement.reasons import ReasonCode
from enforcement.records import Kind, LifeState
from enforcement.scopes import ScopeLives
from risk.measures import Measures
from sensors.reading import Reading


def halt_change(holder: ScopeLives, measures: Measures, moment: Moment, reason: str) -> Change | None:
    """Return the change that halts the scope, None where the operator has halted it already."""
    index = [bound.limit.id for bound in holder.limits].index(OPERATOR_HALT.id)
    life = holder.lives[index][0]
    if life.state is LifeState.FIRING:
        return None
    halted = replace(
        life, state=LifeState.FIRING, since_ns=moment.ts, acting_since_ns=moment.ts, nav=measures.nav,
        reminded_session=moment.session,
    )  # fmt: skip
    return change_of(holder, index, 0, halted, measures, moment, ReasonCode.OPERATOR_HALT, reason, commanded(reason))


def reinstate_changes(
    holder: ScopeLives, measures: Measures, moment: Moment, reason: str, limit: str | None
) -> list[Change]:
    """Return the changes that end the operator's halt and latched lives, of the scope or of one limit of it.

    A state that an override holds ends with the override, not here.
    """
    changes: list[Change] = []
    for index, bound in enumerate(holder.limits):
        for level, life in enumerate(holder.lives[index]):
            held = life.held if life.state in (LifeState.NO_DATA, LifeState.ERROR) else life.state
            is_halted = bound.limit.id == OPERATOR_HALT.id and held is LifeState.FIRING
            waits = held is LifeState.LATCHED or is_halted
            if waits and limit in (None, bound.limit.id):
                code = ReasonCode.OPERATOR_REINSTATE
                ended = replace(NEW_LIFE, since_ns=moment.ts)
                reading = commanded(reason) if bound.is_commanded else bound.reader.read(measures)
                changes.append(change_of(holder, index, level, ended, measures, moment, code, reason, reading))
    return changes


def change_of(
    holder: ScopeLives, index: int, level: int, after: Life, measures: Measures, moment: Moment, code: ReasonCode,
    reason: str, reading: Reading, override_id: str | None = None, kind: Kind = Kind.TRANSITION,
) -> Change:  # fmt: skip
    """Return what a command changes of one level, as a decision is made of it."""
    bound = holder.limits[index]
    at, clear_at = bound.effective(level, reading)
    clears_if = clears_if_of(bound, after, reading, clear_at, holder.scope)
    return Change(
        index, level, holder.lives[index][level], after, kind, reading, at, clear_at, measures, moment, (),
        clears_if, code, reason, (), override_id,
    )  # fmt: skip
