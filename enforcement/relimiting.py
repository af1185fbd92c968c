"""Other limits for a scope that lives: what stays as it was keeps its life, what goes says so before it is gone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import nan

from enforcement.builtin import BUILTIN_IDS
from enforcement.change import Change
from enforcement.commands import change_of
from enforcement.ladder import Unit
from enforcement.life import NEW_LIFE, Life, is_acting
from enforcement.limits import BoundLimit
from enforcement.moment import Moment
from enforcement.reasons import ReasonCode
from enforcement.records import LifeState
from enforcement.scopes import Episode, ScopeLives, timer_name
from risk.measures import Measures
from risk.timers import Timers


@dataclass(frozen=True, slots=True)
class Relimited:
    """What became of the limits of a scope: places of those that are new there, and of those that were changed.

    gone  : ids of those that it has no more
    lower : (place, level) of levels that are lower than they were
    """

    gone: tuple[str, ...]
    added: tuple[int, ...]
    changed: tuple[int, ...]
    lower: tuple[tuple[int, int], ...]


def retirements(
    holder: ScopeLives, *, wanted: Sequence[BoundLimit], measures: Measures, moment: Moment, reason: str
) -> list[Change]:
    """Return the changes that end what acts of limits and levels that the scope will not have any more."""
    changes = []
    for index, bound in enumerate(holder.limits):
        kept = _kept_levels(bound, wanted)
        for level, life in enumerate(holder.lives[index]):
            if bound.limit.id not in BUILTIN_IDS and bound.levels[level].name not in kept and is_acting(life):
                code, ended = ReasonCode.OPERATOR_LIMITS, replace(NEW_LIFE, since_ns=moment.ts)
                reading = bound.reader.read(measures)
                changes.append(change_of(holder, index, level, ended, measures, moment, code, reason, reading))
    return changes


def relimit(
    holder: ScopeLives,
    wanted: Sequence[BoundLimit],
    new_unit: Callable[[BoundLimit], Unit],
    timers: Timers,
    now_ns: int,
) -> Relimited:
    """Give the scope these limits in place of those that it has; those that are built in stay.

    wanted : configured limits of the scope, in evaluation order
    An unchanged limit stays with its life and its overrides. A changed one keeps the lives of the levels whose names it
    keeps, as long as it speaks of the same number; episodes and evidence of one that goes are kept for its return.
    """
    old = {bound.limit.id: index for index, bound in enumerate(holder.limits)}
    gone = _forget(holder, wanted, timers, now_ns)
    built_in = [bound for bound in holder.limits if bound.limit.id in BUILTIN_IDS]
    limits, lives, episodes, units = holder.limits, holder.lives, holder.episodes, holder.units
    holder.limits, holder.lives, holder.episodes, holder.units = (), [], [], []
    added, changed, lower = [], [], []
    for place, bound in enumerate((*built_in, *wanted)):
        index = old.get(bound.limit.id, -1)
        if index < 0 or (bound.limit.id not in BUILTIN_IDS and not _is_heir(limits[index], bound)):
            fresh = new_unit(bound)
            episode, unit = holder.retired.pop(bound.limit.id, (Episode(), fresh))
            unit.settings, unit.threshold = fresh.settings, fresh.threshold
            _put(holder, bound, [NEW_LIFE] * len(bound.levels), episode, unit)
            added.append(place)
            continue
        was = limits[index]
        if was.configured == bound.configured:
            _put(holder, was, lives[index], episodes[index], units[index])
            continue
        known = {level.name: (level.at, life) for level, life in zip(was.levels, lives[index], strict=True)}
        # A reduction is solved anew, because it may have another level to reach.
        kept = [
            replace(known[level.name][1], solved_statistic=nan) if level.name in known else NEW_LIFE
            for level in bound.levels
        ]
        lower += [(place, at) for at, level in enumerate(bound.levels) if level.at < known.get(level.name, (0.0,))[0]]
        units[index].settings = new_unit(bound).settings
        _put(holder, bound, kept, episodes[index], units[index])
        changed.append(place)
    for place in added:
        _begin(holder, place, now_ns)
    return Relimited(gone, tuple(added), tuple(changed), tuple(lower))


def _put(holder: ScopeLives, bound: BoundLimit, lives: list[Life], episode: Episode, unit: Unit) -> None:
    holder.limits = (*holder.limits, bound)
    holder.lives.append(lives)
    holder.episodes.append(episode)
    holder.units.append(unit)
    holder.timer_names = [
        [timer_name(each.limit.id, level.name, holder.scope) for level in each.levels] for each in holder.limits
    ]
    holder.quiet = [all(life.state is LifeState.OK for life in each) for each in holder.lives]


def _begin(holder: ScopeLives, place: int, now_ns: int) -> None:
    """Have a limit that is new to the scope, or has returned to it, live from now on."""
    unit = holder.units[place]
    if holder.was_evaluated and unit.stage_ns:
        unit.turn(now_ns, is_live=True, is_up=True)
    elif holder.was_evaluated:
        unit.begin(now_ns)


def _forget(holder: ScopeLives, wanted: Sequence[BoundLimit], timers: Timers, now_ns: int) -> tuple[str, ...]:
    """Let go of what the scope will not have any more, timers and limits, which may return; name the limits."""
    gone = []
    for index, bound in enumerate(holder.limits):
        if bound.limit.id in BUILTIN_IDS:
            continue
        kept = _kept_levels(bound, wanted)
        for level, name in zip(bound.levels, holder.timer_names[index], strict=True):
            if level.name not in kept:
                timers.cancel(name)
        if not kept:
            holder.units[index].turn(now_ns, is_live=False, is_up=False)
            gone.append(bound.limit.id)
            holder.retired[bound.limit.id] = (holder.episodes[index], holder.units[index])
    return tuple(gone)


def _kept_levels(bound: BoundLimit, wanted: Sequence[BoundLimit]) -> set[str]:
    """Return the names of the limit's levels that go on in the limit that takes its place."""
    heirs = [each for each in wanted if _is_heir(bound, each)]
    return {level.name for heir in heirs for level in heir.levels}


def _is_heir(before: BoundLimit, after: BoundLimit) -> bool:
    one, other = before.configured, after.configured
    return (one.id, one.sensor, one.metric) == (other.id, other.sensor, other.metric)
