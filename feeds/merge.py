"""Merges partitions into one order by event time, the same whatever the order they arrive in; pure, no Kafka."""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np

from config.schema import Topics
from feeds.events import Event, Heartbeat
from feeds.prices import TOGETHER_MIN, Item, Prices, count_of, numbered, span_of
from feeds.record import Input

Partition = tuple[str, int]  # topic and number
_Head = tuple[int, int, Partition, int]  # event time, rank of the topic, partition, offset: the order of semantics.md
_Waiting = tuple[int, Item]  # event time of the first, and what came


def topic_ranks(topics: Topics) -> dict[str, int]:
    """Who comes first at equal event times: what a number needs before what moves it."""
    order = (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks)
    return {topic: rank for rank, topic in enumerate(order)}


class EventMerge:
    """Gives records out by (ts; rank of topic; partition; offset) and numbers them from `next_n`.

    A partition that has nothing waiting holds all others until its next record shows its time, or until it is
    released: by a heartbeat with `end: true`, or by `release`. So the order depends on what the partitions hold
    and never on when it came. Records inside a partition keep their order, also a late one. What follows a
    release is taken as it comes.

    partitions : every partition that takes part
    last_ts    : event time of the last record given out before, by partition (a restart)
    released   : partitions that had ended before (a restart)
    """

    def __init__(
        self,
        ranks: Mapping[str, int],
        partitions: Iterable[Partition],
        *,
        next_n: int = 1,
        last_ts: Mapping[Partition, int] | None = None,
        released: Iterable[Partition] = (),
    ) -> None:
        self._ranks = dict(ranks)
        self._queues: dict[Partition, deque[_Waiting]] = {partition: deque() for partition in partitions}
        self._last_ts = dict.fromkeys(self._queues, 0) | dict(last_ts or {})
        self._released = set(released)
        self._holding = set(self._queues) - self._released
        self._heads: list[_Head] = []
        self._next_n = next_n
        self._waiting = 0

    @property
    def next_n(self) -> int:
        """Number that the next record will get."""
        return self._next_n

    @property
    def waiting(self) -> int:
        """Records that came and were not given out: with `holding`, why nothing moves."""
        return self._waiting

    @property
    def holding(self) -> list[Partition]:
        """Partitions whose next record or heartbeat is awaited, sorted."""
        return sorted(self._holding)

    @property
    def filled(self) -> list[Partition]:
        """Partitions that have a record waiting, sorted."""
        return sorted(partition for partition, queue in self._queues.items() if queue)

    @property
    def is_drained(self) -> bool:
        """Every partition is released and nothing waits."""
        return len(self._released) == len(self._queues) and not self._heads

    def push(self, item: Item) -> None:
        """Take an input, or prices; offsets of a partition must rise.

        A refused input has no time of its own and takes that of its predecessor. A record's n is not read.
        """
        partition, first, _ = span_of(item)
        if isinstance(item, Prices):
            ts, self._last_ts[partition] = int(item.columns.ts[0]), int(item.columns.ts[-1])
        else:
            if isinstance(item.event, Event):
                self._last_ts[partition] = item.event.ts
            ts = self._last_ts[partition]
        queue = self._queues[partition]
        assert not queue or span_of(queue[-1][1])[2] < first, f"offsets of {partition} must rise"
        queue.append((ts, item))
        self._waiting += count_of(item)
        if len(queue) == 1:
            self._show_head(partition)
        if isinstance(item, Input) and isinstance(item.event, Heartbeat) and item.event.end:
            self.release(partition)

    def release(self, partition: Partition) -> None:
        """Let the others go on without this partition whenever it has nothing waiting."""
        self._released.add(partition)
        self._holding.discard(partition)

    def ready(self) -> list[Item]:
        """Give out, in order and numbered, everything whose turn is certain."""
        given: list[Item] = []
        while self._heads and not self._holding:
            partition = heapq.heappop(self._heads)[2]
            queue = self._queues[partition]
            # Up to the next partition's head this one goes on without asking: a backlog is mostly one partition's.
            turn_ends = self._heads[0] if self._heads else None
            while True:
                self._cut_where_others_come_between(partition, turn_ends)
                item = queue.popleft()[1]
                given.append(numbered(item, self._next_n))
                self._next_n += count_of(item)
                self._waiting -= count_of(item)
                if not queue:
                    if partition not in self._released:
                        self._holding.add(partition)
                    break
                if turn_ends is not None and self._head_of(partition) > turn_ends:
                    self._show_head(partition)
                    break
        return given

    def _cut_where_others_come_between(self, partition: Partition, turn_ends: _Head | None) -> None:
        """Put single inputs in the place of prices of which another partition's head comes before some."""
        queue = self._queues[partition]
        prices = queue[0][1]
        if turn_ends is None or not isinstance(prices, Prices):
            return
        latest = (int(prices.columns.ts.max()), self._ranks[partition[0]], partition, prices.offsets[-1])
        if latest > turn_ends:
            queue.popleft()
            queue.extendleft(_cut(prices, turn_ends[0])[::-1])

    def _show_head(self, partition: Partition) -> None:
        heapq.heappush(self._heads, self._head_of(partition))
        self._holding.discard(partition)

    def _head_of(self, partition: Partition) -> _Head:
        ts, item = self._queues[partition][0]
        return ts, self._ranks[partition[0]], partition, span_of(item)[1]


def _cut(prices: Prices, ts_ns: int) -> list[_Waiting]:
    """Cut prices into what comes before a time and the rest, whose first is alone; all alone where times fall."""
    times = prices.columns.ts
    before = int(np.searchsorted(times, ts_ns))
    if before < TOGETHER_MIN or bool((np.diff(times) < 0).any()):  # many turns: cutting again and again would cost more
        return [(int(ts), item) for ts, item in zip(times, prices, strict=True)]
    parts: list[_Waiting] = []
    for start, stop in ((0, before), (before, before + 1), (before + 1, times.size)):
        if stop - start >= TOGETHER_MIN:
            parts.append((int(times[start]), prices.part(start, stop)))
        elif stop > start:
            parts += [(int(times[at]), prices[at]) for at in range(start, stop)]
    return parts
