"""What overrides and modes change in one scope: levels, states that are held, and what limits may do from now on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan
from typing import Protocol

from enforcement.builtin import AS_ENFORCED_AS_THE_TREE, BUILTIN_IDS, OPERATOR_PIN, commanded
from enforcement.change import Change
from enforcement.commands import change_of
from enforcement.demands import decided_type
from enforcement.ladders import Ladders
from enforcement.life import NEW_LIFE, is_acting
from enforcement.limits import BoundLimit, LevelException, bind, bind_pin
from enforcement.merge import severity
from enforcement.moment import Moment
from enforcement.overrides import Override, Overrides
from enforcement.reasons import ReasonCode
from enforcement.records import Kind, LifeState, TradingState
from enforcement.scopes import ScopeLives
from risk.measures import Measures
from sensors.catalogue import Catalogue


class Changes(Protocol):
    """Finds what a command changes in one scope."""

    def __call__(self, holder: ScopeLives, /, *, measures: Measures, moment: Moment) -> list[Change]:
        """Return the changes at this moment."""
        ...


def rebound(bound: BoundLimit, scope: str, overrides: Overrides, currency: str, catalogue: Catalogue) -> BoundLimit:
    """Return the limit with what overrides make of its levels now; the same object where that is what it has."""
    if bound.limit.id in BUILTIN_IDS:
        return bound
    found = [overrides.level_override(bound.configured, level.name, scope) for level in bound.configured.levels]
    exceptions = tuple(
        None if each is None or each.value is None else LevelException(each.id, each.value) for each in found
    )
    wanted = exceptions if any(exceptions) else ()
    return bound if wanted == bound.exceptions else bind(bound.configured, currency, catalogue, wanted)


def hurry(holder: ScopeLives, index: int, levels: Sequence[int]) -> BoundLimit:
    """Put a limit in its place as it is looked at where a level of it has become lower: what breaches has breached for
    long enough, and confirms itself. Return the limit that has to be put back after the look.
    """
    bound = holder.limits[index]
    rule = replace(bound.rule, for_ns=0, confirm=0, by_fits=False)
    holder.limits = (*holder.limits[:index], replace(bound, rule=rule), *holder.limits[index + 1 :])
    for level in levels:
        if holder.lives[index][level].state is LifeState.PENDING:
            holder.lives[index][level] = replace(holder.lives[index][level], due_ns=0)
    return bound


def put_back(holder: ScopeLives, index: int, bound: BoundLimit) -> None:
    """End what `hurry` began."""
    holder.limits = (*holder.limits[:index], bound, *holder.limits[index + 1 :])


def swap(holder: ScopeLives, index: int, bound: BoundLimit) -> list[int]:
    """Put a limit with other levels in the place of one; return the levels that are lower now.

    Reductions are solved anew at the next look, because they have another level to reach.
    """
    before = holder.limits[index]
    holder.limits = (*holder.limits[:index], bound, *holder.limits[index + 1 :])
    lower = []
    for level, (old, new) in enumerate(zip(before.levels, bound.levels, strict=True)):
        life = holder.lives[index][level]
        if is_acting(life):
            holder.lives[index][level] = replace(life, solved_statistic=nan)
        if new.at < old.at:
            lower.append(level)
    return lower


def pin_changes(
    holder: ScopeLives, *, ladders: Ladders, overrides: Overrides, measures: Measures, moment: Moment,
    override_id: str, reason: str,
) -> list[Change]:  # fmt: skip
    """Return the changes that hold the scope at what overrides ask for; the first of them binds the built-in limit.

    override_id : of the override that begins or ends
    """
    ids = [bound.limit.id for bound in holder.limits]
    if OPERATOR_PIN.id not in ids:
        bound = bind_pin()
        holder.append(bound, ladders.units_of(holder.scope, (bound,))[0], moment.ts)
        ids.append(OPERATOR_PIN.id)
    index, changes = ids.index(OPERATOR_PIN.id), []
    for level, step in enumerate(OPERATOR_PIN.levels):
        life = holder.lives[index][level]
        is_wanted = overrides.pin(TradingState(step.name), holder.scope) is not None
        if is_wanted == (life.state is LifeState.FIRING):
            continue
        after = replace(NEW_LIFE, since_ns=moment.ts)
        if is_wanted:
            after = replace(
                after, state=LifeState.FIRING, acting_since_ns=moment.ts, nav=measures.nav,
                reminded_session=moment.session,
            )  # fmt: skip
        reading = commanded(reason, len(OPERATOR_PIN.levels))
        code = ReasonCode.OPERATOR_OVERRIDE
        changes.append(change_of(holder, index, level, after, measures, moment, code, reason, reading, override_id))
    return changes


def restatement(
    holder: ScopeLives, *, concerns: Callable[[BoundLimit], bool], measures: Measures, moment: Moment,
    code: ReasonCode, reason: str, override_id: str | None = None,
) -> list[Change]:  # fmt: skip
    """Return a decision that says anew what acts in the scope, by its most severe level of the limits concerned.

    None acts: there is nothing to say. It depends on lives alone, never on a mode: all modes decide alike.
    """
    best: tuple[int, int] | None = None
    worst = -1
    for index, bound in enumerate(holder.limits):
        if concerns(bound):
            for level, life in enumerate(holder.lives[index]):
                step = bound.levels[level]
                if is_acting(life) and severity(decided_type(life, step)) > worst:
                    best, worst = (index, level), severity(decided_type(life, step))
    if best is None:
        return []
    index, level = best
    life = holder.lives[index][level]
    reading = holder.limits[index].reader.read(measures)
    change = change_of(holder, index, level, life, measures, moment, code, reason, reading, override_id, Kind.STANDING)
    return [change]


def is_of_mode(limit: str | None) -> Callable[[BoundLimit], bool]:
    """Return whether a word on the mode of a limit (None: all) concerns a bound limit; what is built in follows."""
    return lambda bound: (
        is_as_the_tree(bound) or (bound.limit.id not in BUILTIN_IDS and limit in (None, bound.limit.id))
    )


def is_as_the_tree(bound: BoundLimit) -> bool:
    """Say whether a bound limit is as enforced as any of its tree."""
    return bound.limit.id in AS_ENFORCED_AS_THE_TREE


def is_over_configured(bound: BoundLimit, measures: Measures) -> bool:
    """Say whether the statistic of a limit is over a level as it was configured, whatever overrides say."""
    reading = bound.reader.read(measures)
    configured = zip(reading.levels, bound.levels, bound.configured.levels, strict=True)
    return any(reading.statistic > at * (level.at / now.at) for at, now, level in configured)


def is_kept_back(override: Override) -> Callable[[BoundLimit], bool]:
    """Return whether an override keeps back the actions of a bound limit of a scope that it covers."""
    return lambda bound: (
        bound.limit.id not in BUILTIN_IDS and not bound.limit.hard and override.limit in (None, bound.limit.id)
    )
