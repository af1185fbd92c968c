"""Consecutive plain quotes and trades of one partition as columns: most of what comes, without an object for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, repeat
from typing import overload

import msgspec

from config.schema import Topics
from feeds.decode import decode_all, decode_together
from feeds.events import Quote, Trade
from feeds.plain import PriceColumns, plain_columns
from feeds.record import Input, Record

TOGETHER_MIN = 16  # under it arrays cost more than they save


@dataclass(frozen=True, slots=True, eq=False)
class Prices(Sequence[Input]):
    """A sequence of inputs that makes each only where it is asked for; columns have a row for each.

    first_n : n of the first; 0: not numbered, and then no other is
    """

    first_n: int
    topic: str
    partition: int
    ts_in: int
    offsets: Sequence[int]
    payloads: Sequence[bytes]
    events: Sequence[Quote | Trade]
    columns: PriceColumns

    def __len__(self) -> int:
        return len(self.events)

    @overload
    def __getitem__(self, index: int) -> Input: ...
    @overload
    def __getitem__(self, index: slice) -> list[Input]: ...
    def __getitem__(self, index: int | slice) -> Input | list[Input]:
        """Return the input at a place, or a list of them."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        n = self.first_n + index % len(self) if self.first_n else 0
        return Input(
            Record(n, self.topic, self.partition, self.offsets[index], self.payloads[index], self.ts_in),
            self.events[index],
        )

    def __iter__(self) -> Iterator[Input]:
        """Return every input, in a fifth of the time that each would take alone."""
        numbers = range(self.first_n, self.first_n + len(self)) if self.first_n else repeat(0)
        records = map(
            Record, numbers, repeat(self.topic), repeat(self.partition), self.offsets, self.payloads, repeat(self.ts_in)
        )
        return map(Input, records, self.events)


Item = Input | Prices


def count_of(item: Item) -> int:
    """Return how many inputs it is."""
    return len(item) if isinstance(item, Prices) else 1


def last_of(item: Item) -> Input:
    """Return the last input that it is."""
    return item[-1] if isinstance(item, Prices) else item


def numbered(item: Item, n: int) -> Item:
    """Return the same, counted from `n`."""
    if isinstance(item, Prices):
        return replace(item, first_n=n)
    return Input(msgspec.structs.replace(item.record, n=n), item.event)


def expanded(items: Sequence[Item]) -> list[Input]:
    """Return every input by itself, in order."""
    inputs: list[Input] = []
    for item in items:
        if isinstance(item, Prices):
            inputs += item
        else:
            inputs.append(item)
    return inputs


def segments(items: Sequence[Item]) -> Iterator[Sequence[Input]]:
    """Cut items into runs of single inputs, and prices, in order."""
    inputs: list[Input] = []
    for item in items:
        if isinstance(item, Prices):
            if inputs:
                yield inputs
                inputs = []
            yield item
        else:
            inputs.append(item)
    if inputs:
        yield inputs


def steps(items: Sequence[Item], inputs_max: int) -> Iterator[list[Item]]:
    """Cut items into lists of at most so many inputs; prices stay whole, so one of them may be larger."""
    step: list[Item] = []
    count = 0
    for item in items:
        if step and count + count_of(item) > inputs_max:
            yield step
            step, count = [], 0
        step.append(item)
        count += count_of(item)
    if step:
        yield step


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a source read, as columns, in order; `ts_in` is the wall time of all, ns."""

    topics: Sequence[str]
    partitions: Sequence[int]
    offsets: Sequence[int]
    payloads: Sequence[bytes]
    ts_in: int

    def part(self, start: int, stop: int) -> "Arrived":
        """Return some of it."""
        topics, partitions, offsets = self.topics[start:stop], self.partitions[start:stop], self.offsets[start:stop]
        return Arrived(topics, partitions, offsets, self.payloads[start:stop], self.ts_in)


def gather(arrived: Arrived, names: Topics) -> list[Item]:
    """Decode what a source read; many plain prices that follow each other in one partition come together.

    names : of the configured topics
    """
    if len(arrived.payloads) < TOGETHER_MIN:
        return list(_one_by_one(arrived, names))
    if len(set(arrived.topics)) == 1 and len(set(arrived.partitions)) == 1:
        return list(_of_one_place(arrived, names))
    items: list[Item] = []
    start = 0
    for _, group in groupby(zip(arrived.topics, arrived.partitions, strict=True)):
        stop = start + len(list(group))
        items += _of_one_place(arrived.part(start, stop), names)
        start = stop
    return items


def _of_one_place(arrived: Arrived, names: Topics) -> Sequence[Item]:
    """Decode records of one partition; what is no price cuts the prices around it apart."""
    count = len(arrived.payloads)
    if count < TOGETHER_MIN or arrived.topics[0] != names.market_data:
        return _one_by_one(arrived, names)
    events = decode_together(arrived.payloads)
    if events is None:
        return _one_by_one(arrived, names)
    prices = [event for event in events if isinstance(event, (Quote, Trade))]
    if len(prices) < count:
        odd = [at for at, event in enumerate(events) if not isinstance(event, (Quote, Trade))]
        items: list[Item] = []
        for left, right in pairwise([-1, *odd, count]):
            items += _of_one_place(arrived.part(left + 1, right), names)
            items += _one_by_one(arrived.part(right, right + 1), names)
        return items
    columns = plain_columns(prices, b"".join(arrived.payloads))
    if columns is None:
        return _one_by_one(arrived, names)
    place = (arrived.topics[0], arrived.partitions[0])
    return [Prices(0, *place, arrived.ts_in, arrived.offsets, arrived.payloads, prices, columns)]


def _one_by_one(arrived: Arrived, names: Topics) -> Sequence[Input]:
    records = [
        Record(0, topic, partition, offset, payload, arrived.ts_in)
        for topic, partition, offset, payload in zip(
            arrived.topics, arrived.partitions, arrived.offsets, arrived.payloads, strict=True
        )
    ]
    return list(map(Input, records, decode_all(records, names)))
