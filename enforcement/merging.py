"""What a scope is held to on each topic now: the merge of its lives, with one answer for all that reduce it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from enforcement.demands import decided_demand, published_demand
from enforcement.effects import Stage, Standing
from enforcement.joint import Asked, Held, asks_together, joint_of
from enforcement.life import is_acting
from enforcement.limits import BoundLimit
from enforcement.merge import Demand, Joint, Merged, merge
from enforcement.oversteps import Guard
from enforcement.records import Effect, ReduceParams
from enforcement.scopes import ScopeLives
from risk.measures import Measures


def merged_shadow(holder: ScopeLives, measures: Measures, guard: Guard) -> Merged:
    """Return what all limits ask for, by decided type."""
    asked = [
        (Asked(index, at, life), decided_demand(bound.limit.id, level, life))
        for index, (bound, lives) in enumerate(zip(holder.limits, holder.lives, strict=True))
        for at, (level, life) in enumerate(zip(bound.levels, lives, strict=True))
    ]
    return merge(*_together(holder, Effect.SHADOW, asked, measures, guard))


class More(Protocol):
    """Gives what is asked for beside the demands of limits."""

    def __call__(self, demands: list[Demand], /, *, may_exceed: bool) -> list[Demand]:
        """Return it; may_exceed: more than a throttle may be asked for."""
        ...


def merged_enforced(
    holder: ScopeLives, measures: Measures, guard: Guard, standing_of: Callable[[BoundLimit], Standing], more: More
) -> Merged:
    """Return what the enforced limits ask for, by published type, and what follows from actions that went out."""
    may_exceed = False
    asked: list[tuple[Asked, Demand | None]] = []
    for index, (bound, lives) in enumerate(zip(holder.limits, holder.lives, strict=True)):
        if not any(is_acting(life) for life in lives):
            continue
        standing = standing_of(bound)
        if standing.effect is Effect.ENFORCED:
            found = [
                (Asked(index, at, life), published_demand(bound.limit.id, level, life, standing.stage))
                for at, (level, life) in enumerate(zip(bound.levels, lives, strict=True))
            ]
            asked += found
            may_exceed = may_exceed or (standing.stage is Stage.FULL and any(demand is not None for _, demand in found))
    demands, joint = _together(holder, Effect.ENFORCED, asked, measures, guard)
    return merge(demands + more(demands, may_exceed=may_exceed), joint)


def _together(
    holder: ScopeLives, effect: Effect, asked: Sequence[tuple[Asked, Demand | None]], measures: Measures, guard: Guard
) -> tuple[list[Demand], Joint | None]:
    """Return the demands of a topic, and one answer for all of them that reduce."""
    demands = [demand for _, demand in asked if demand is not None]
    reducing = [one for one, demand in asked if demand is not None and isinstance(demand.params, ReduceParams)]
    return demands, _joint(holder, effect, reducing, measures, guard)


def _joint(
    holder: ScopeLives, effect: Effect, asked: Sequence[Asked], measures: Measures, guard: Guard
) -> Joint | None:
    """Return what all levels that reduce the scope on a topic ask for together, None where one alone does."""
    found, caps = None, holder.ask_caps(effect) if asked else {}
    if asks_together(asked, caps):
        assert holder.ask_book is not None, f"{holder.scope} asks for reductions and was never looked at"
        here = Held(holder, holder.ask_book(), measures, caps)
        found = joint_of(asked, here, guard, holder.joints.get(effect))
    if found is None:
        holder.joints.pop(effect, None)
    else:
        holder.joints[effect] = found
    return found
