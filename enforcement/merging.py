"""What a scope is held to on each topic now: the merge of its lives, with one answer for all that reduce it."""

from collections.abc import Callable, Sequence

from enforcement.demands import decided_demand, published_demand
from enforcement.effects import Standing
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
    return _merged(holder, Effect.SHADOW, asked, measures, guard)


def merged_enforced(
    holder: ScopeLives, measures: Measures, guard: Guard, standing_of: Callable[[BoundLimit], Standing]
) -> Merged:
    """Return what the enforced limits ask for, by published type."""
    asked: list[tuple[Asked, Demand | None]] = []
    for index, (bound, lives) in enumerate(zip(holder.limits, holder.lives, strict=True)):
        if not any(is_acting(life) for life in lives):
            continue
        standing = standing_of(bound)
        if standing.effect is Effect.ENFORCED:
            asked += [
                (Asked(index, at, life), published_demand(bound.limit.id, level, life, standing.stage))
                for at, (level, life) in enumerate(zip(bound.levels, lives, strict=True))
            ]
    return _merged(holder, Effect.ENFORCED, asked, measures, guard)


def _merged(
    holder: ScopeLives, effect: Effect, asked: Sequence[tuple[Asked, Demand | None]], measures: Measures, guard: Guard
) -> Merged:
    demands = [demand for _, demand in asked if demand is not None]
    reducing = [one for one, demand in asked if demand is not None and isinstance(demand.params, ReduceParams)]
    return merge(demands, _joint(holder, effect, reducing, measures, guard))


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
