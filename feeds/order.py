"""Brings what the partitions deliver into the one order that a core applies, for both clocks; pure, no Kafka."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from config.schema import Topics
from feeds.events import Event, Heartbeat
from feeds.merge import EventMerge, Partition, topic_ranks
from feeds.prices import Item, Prices, count_of, numbered, span_of
from feeds.record import Input

WAITING_RECORDS_MAX = 20_000  # then the partitions that are ahead are not read until half of it is left


@dataclass(slots=True)
class Place:
    """Where the inputs stand: what a restart learns from its journal and hands to the order and the source.

    next_n   : number of the next input
    offsets  : offset of the next record, by partition
    last_ts  : event time of the last decodable record, by partition
    released : partitions that said `end: true`
    """

    next_n: int = 1
    offsets: dict[Partition, int] = field(default_factory=dict)
    last_ts: dict[Partition, int] = field(default_factory=dict)
    released: set[Partition] = field(default_factory=set)

    def note(self, inputs: Iterable[Input]) -> None:
        """Take in inputs that were applied; those that riskd made itself stand nowhere."""
        for item in inputs:
            record = item.record
            if record.n == 0:
                continue
            partition = (record.topic, record.partition)
            self.next_n = record.n + 1
            self.offsets[partition] = record.offset + 1
            if isinstance(item.event, Event):
                self.last_ts[partition] = item.event.ts
            if isinstance(item.event, Heartbeat) and item.event.end:
                self.released.add(partition)


class _Brake:
    """Says which partitions are too far ahead to be read on; lets go when half of the bound is left."""

    def __init__(self) -> None:
        self._is_on = False

    def partitions_ahead(self, merge: EventMerge) -> list[Partition]:
        self._is_on = merge.waiting > (WAITING_RECORDS_MAX // 2 if self._is_on else WAITING_RECORDS_MAX)
        return merge.filled if self._is_on else []


class EventOrder:
    """`clock: event`: the merge by event time, always.

    partitions : all that are read
    place      : where the journal ends
    """

    def __init__(self, topics: Topics, partitions: Sequence[Partition], place: Place) -> None:
        self._topics = topics
        self._merge = EventMerge(
            topic_ranks(topics), partitions, next_n=place.next_n, last_ts=place.last_ts, released=place.released
        )
        self._brake = _Brake()

    @property
    def waiting(self) -> int:
        """Records that were read and wait for another partition."""
        return self._merge.waiting

    @property
    def has_ended(self) -> bool:
        """Every partition said `end: true`, and nothing waits."""
        return self._merge.is_drained

    def take(self, arrived: Sequence[Item], ends: Sequence[Partition]) -> list[Item]:
        """Take what was read and return what is next in order, numbered; the end of a partition says nothing here."""
        del ends  # more may be written with an older time than another partition's: only a heartbeat can tell
        for item in arrived:
            self._merge.push(item)
        return self._merge.ready()

    def unwanted(self) -> list[Partition]:
        """Partitions that need not be read now, because they are far ahead of the slowest."""
        return self._brake.partitions_ahead(self._merge)


class WallOrder:
    """`clock: wall`: reference and control to their ends, then the rest merged to its end, then as records arrive.

    ends : offsets that the partitions reached at the start; a partition is caught up when it was read as far, or was
           once read empty (a transaction's marker may be its last)
    """

    def __init__(
        self,
        topics: Topics,
        partitions: Sequence[Partition],
        place: Place,
        ends: Mapping[Partition, int] | None = None,
    ) -> None:
        self._topics = topics
        self._ends = dict(ends or {})
        leading_topics = (topics.reference, topics.control)
        self._following = [partition for partition in partitions if partition[0] not in leading_topics]
        self._last_ts: Mapping[Partition, int] = place.last_ts
        self._is_leading = True
        self._merge = self._merge_of(
            [partition for partition in partitions if partition[0] in leading_topics], place.next_n
        )
        self._followers = frozenset(self._following)
        self._reached: set[Partition] = set()
        self._later: list[Item] = []  # of the backlog, read while reference and control lead
        self._newer: list[Item] = []  # written after the start, in the order in which it came
        self._brake = _Brake()
        self._next_n = place.next_n
        self.is_caught_up = False

    @property
    def waiting(self) -> int:
        """Records that were read and wait for another partition."""
        return self._merge.waiting + sum(map(count_of, self._later)) + sum(map(count_of, self._newer))

    def take(self, arrived: Sequence[Item], ends: Sequence[Partition]) -> list[Item]:
        """Take what was read and return what is next in order, numbered."""
        if self.is_caught_up:
            return self._number(arrived)
        for item in arrived:
            self._place(item)
        for partition in ends:
            self._reach(partition)
        given = self._merge.ready()
        self._next_n = self._merge.next_n
        if not self._merge.is_drained:
            return given
        if not self._is_leading:
            self.is_caught_up = True
            newer, self._newer = self._newer, []
            return given + self._number(newer)
        self._is_leading = False
        self._merge = self._merge_of(self._following, self._next_n)
        for item in self._later:
            self._merge.push(item)
        self._later.clear()
        for partition in sorted(self._reached & self._followers):
            self._merge.release(partition)
        return given + self.take((), ())

    def unwanted(self) -> list[Partition]:
        """Partitions that need not be read now.

        All but reference and control until those are at their ends; then those at their ends, so that what is written
        meanwhile waits on the brokers, and those that are far ahead of the others.
        """
        if self.is_caught_up:
            return []
        if self._is_leading:
            return self._following
        return sorted({*self._reached, *self._brake.partitions_ahead(self._merge)})

    def _place(self, item: Item) -> None:
        """Put what is of the backlog into its merge, and what was written after the start behind all of it."""
        partition, first, last = span_of(item)
        end = self._ends.get(partition)
        if partition in self._reached or (end is not None and first >= end):
            self._newer.append(item)
            return
        if end is not None and last >= end and isinstance(item, Prices):
            count = bisect_left(item.offsets, end)
            self._place(item.part(0, count))
            self._place(item.part(count, len(item)))
            return
        if self._is_leading and partition in self._followers:
            self._later.append(item)
        else:
            self._merge.push(item)
        if end is not None and last + 1 == end:
            self._reach(partition)

    def _reach(self, partition: Partition) -> None:
        """Note that a partition is at the end that it had; the merge waits for it no longer."""
        self._reached.add(partition)
        if (partition in self._followers) is not self._is_leading:
            self._merge.release(partition)

    def _merge_of(self, partitions: Iterable[Partition], next_n: int) -> EventMerge:
        chosen = list(partitions)
        last_ts = {partition: self._last_ts[partition] for partition in chosen if partition in self._last_ts}
        return EventMerge(topic_ranks(self._topics), chosen, next_n=next_n, last_ts=last_ts)

    def _number(self, arrived: Sequence[Item]) -> list[Item]:
        given = []
        for item in arrived:
            given.append(numbered(item, self._next_n))
            self._next_n += count_of(item)
        return given
