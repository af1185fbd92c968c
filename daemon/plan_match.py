"""Which actions of two replays are the same one: what appears, what vanishes, what changes."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from daemon.plan_actions import Episode, PlannedAction

Pair = tuple[PlannedAction, PlannedAction]


@dataclass(frozen=True, slots=True)
class ActionDifference:
    """The actions of both replays, each in exactly one list.

    appear   : only under the proposed configuration; vanish: only under the base
    change   : the same one, but it asks for something else, or at another moment
    reworded : the same one, asking the same, whose level, reason or evidence differ
    same     : equal but for their numbering (ids, d, seq, epoch, digests)
    """

    appear: list[PlannedAction] = field(default_factory=list)
    vanish: list[PlannedAction] = field(default_factory=list)
    change: list[Pair] = field(default_factory=list)
    reworded: list[Pair] = field(default_factory=list)
    same: list[Pair] = field(default_factory=list)


def compare_actions(
    base: Sequence[PlannedAction],
    proposed: Sequence[PlannedAction],
    episodes: tuple[Sequence[Episode], Sequence[Episode]],
) -> ActionDifference:
    """Compare the actions of two replays.

    Two actions are the same one where topic, scope, limit, level, kind of decision and transition are, and the episodes
    that they belong to overlap in time, directly or through others. Of several those at the same moment, then in
    order the nearest in time.

    episodes : of the base, of the proposed
    """
    groups = _groups(episodes)
    found = ActionDifference()
    keyed: dict[tuple[object, ...], tuple[list[PlannedAction], list[PlannedAction]]] = defaultdict(lambda: ([], []))
    for side, actions in enumerate((base, proposed)):
        for action in actions:
            group = groups[side].get((action.limit, action.scope, action.episode_id), f"{side}{action.action_id}")
            key = (action.topic, action.scope, action.limit, action.level, action.kind, action.transition, group)
            keyed[key][side].append(action)
    for before, after in keyed.values():
        for one, other in _pairs(before, after):
            if one is None:
                assert other is not None
                found.appear.append(other)
            elif other is None:
                found.vanish.append(one)
            elif one.asks != other.asks:
                found.change.append((one, other))
            else:
                (found.same if one.says == other.says else found.reworded).append((one, other))
    return _sorted(found)


def _pairs(
    before: Sequence[PlannedAction], after: Sequence[PlannedAction]
) -> Iterator[tuple[PlannedAction | None, PlannedAction | None]]:
    """Pair actions of one key, both in the order of their time; None stands for an action that has none.

    Of several at one moment, such as targets anew with every fill of a burst, those that say the same are a pair first.
    """
    left, free = before, after
    for kind in (_moment_and_words, _moment):
        pairs, left, free = _alike(left, free, kind)
        yield from pairs
    yield from _nearest(left, free)


def _alike(
    before: Sequence[PlannedAction], after: Sequence[PlannedAction], kind: Callable[[PlannedAction], object]
) -> tuple[list[Pair], list[PlannedAction], list[PlannedAction]]:
    """Pair those of one kind in their order; return the pairs, and what is left of either list."""
    waiting: dict[object, deque[PlannedAction]] = defaultdict(deque)
    for other in after:
        waiting[kind(other)].append(other)
    pairs: list[Pair] = []
    left: list[PlannedAction] = []
    for one in before:
        if others := waiting.get(kind(one)):
            pairs.append((one, others.popleft()))
        else:
            left.append(one)
    taken = {other.seq for _, other in pairs}
    return pairs, left, [other for other in after if other.seq not in taken]


def _moment_and_words(action: PlannedAction) -> object:
    return action.ts, action.says


def _moment(action: PlannedAction) -> object:
    return action.ts


def _nearest(
    before: Sequence[PlannedAction], after: Sequence[PlannedAction]
) -> Iterator[tuple[PlannedAction | None, PlannedAction | None]]:
    """Walk both lists; two at their heads are one pair unless the next of either list is nearer to the other's head."""
    i = j = 0
    while i < len(before) and j < len(after):
        one, other = before[i], after[j]
        apart = abs(one.ts - other.ts)
        if i + 1 < len(before) and abs(before[i + 1].ts - other.ts) < apart:
            yield one, None
            i += 1
        elif j + 1 < len(after) and abs(after[j + 1].ts - one.ts) < apart:
            yield None, other
            j += 1
        else:
            yield one, other
            i, j = i + 1, j + 1
    yield from ((one, None) for one in before[i:])
    yield from ((None, other) for other in after[j:])


def _groups(episodes: tuple[Sequence[Episode], Sequence[Episode]]) -> tuple[dict[tuple[str, str, str], int], ...]:
    """Return by (limit, scope, episode id), for each side, the number of the group of overlapping episodes it is in."""
    units: dict[tuple[str, str], list[tuple[Episode, int]]] = defaultdict(list)
    for side, found in enumerate(episodes):
        for episode in found:
            units[episode.limit, episode.scope].append((episode, side))
    groups: tuple[dict[tuple[str, str, str], int], ...] = ({}, {})
    number = 0
    for members in units.values():
        reached_ns = -1
        for episode, side in sorted(members, key=lambda member: (member[0].start_ns, member[1])):
            if episode.start_ns > reached_ns:
                number += 1
            reached_ns = max(reached_ns, episode.end_ns)
            groups[side][episode.limit, episode.scope, episode.id] = number
    return groups


def _sorted(found: ActionDifference) -> ActionDifference:
    """Put every list in the order of time, then of topic and seq, so that nothing depends on how keys were met."""
    for actions in (found.appear, found.vanish):
        actions.sort(key=lambda each: (each.ts, each.topic, each.seq))
    for pairs in (found.change, found.reworded, found.same):
        pairs.sort(key=lambda pair: (pair[0].ts, pair[0].topic, pair[0].seq))
    return found
