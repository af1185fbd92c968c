"""Consecutive plain quotes and trades of one partition as columns: most of what comes, without an object for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, repeat
from typing import overload

import msgspec

from config.schema import Topics
from feeds.decode import decode_accepted, decode_all
from feeds.events import Event
from feeds.price_columns import PriceColumns, plain_columns
from feeds.record import Input, Record
from feeds.symbols import Symbols

TOGETHER_MIN = 16  # under it arrays cost more than they save


@dataclass(frozen=True, slots=True, eq=False)
class Prices(Sequence[Input]):
    """A sequence of inputs that makes each only where it is asked for; columns have a row for each.

    first_n : n of the first; 0: not numbered, and then no other is
    symbols : whose numbers `columns.symbol` holds
    """

    first_n: int
    topic: str
    partition: int
    ts_in: int
    offsets: Sequence[int]
    columns: PriceColumns
    symbols: Symbols

    def __len__(self) -> int:
        return len(self.offsets)

    @overload
    def __getitem__(self, index: int) -> Input: ...
    @overload
    def __getitem__(self, index: slice) -> list[Input]: ...
    def __getitem__(self, index: int | slice) -> Input | list[Input]:
        """Return the input at a place, or a list of them."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        record = self.record(at)
        return Input(record, decode_accepted(record.payload))

    def record(self, at: int) -> Record:
        """Return the record at a place, which is not decoded for it."""
        n = self.first_n + at if self.first_n else 0
        return Record(n, self.topic, self.partition, self.offsets[at], self.columns.payload(at), self.ts_in)

    def __iter__(self) -> Iterator[Input]:
        """Return every input, in a fraction of the time that each would take alone."""
        numbers = range(self.first_n, self.first_n + len(self)) if self.first_n else repeat(0)
        payloads = self.columns.payloads()
        records = map(Record, numbers, repeat(self.topic), repeat(self.partition), self.offsets, payloads,
                      repeat(self.ts_in))  # fmt: skip
        return map(Input, records, map(decode_accepted, payloads))

    def part(self, start: int, stop: int) -> "Prices":
        """Return start..stop-1 of them."""
        first_n = self.first_n + start if self.first_n else 0
        return replace(
            self, first_n=first_n, offsets=self.offsets[start:stop], columns=self.columns.part(start, stop)
        )  # fmt: skip


Item = Input | Prices


def count_of(item: Item) -> int:
    """Return how many inputs it is."""
    return len(item) if isinstance(item, Prices) else 1


def span_of(item: Item) -> tuple[tuple[str, int], int, int]:
    """Return its topic and partition, and the first and last offset that it is."""
    if isinstance(item, Prices):
        return (item.topic, item.partition), item.offsets[0], item.offsets[-1]
    record = item.record
    return (record.topic, record.partition), record.offset, record.offset


def last_ts(item: Item) -> int | None:
    """Return the event time of the last input that it is, ns; None where that was refused."""
    if isinstance(item, Prices):
        return int(item.columns.ts[-1])
    return item.event.ts if isinstance(item.event, Event) else None


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


def gather(arrived: Arrived, names: Topics, symbols: Symbols) -> list[Item]:
    """Decode what a source read; many plain prices that follow each other in one partition come together.

    names   : of the configured topics
    symbols : of the source, changed in place
    """
    if len(arrived.payloads) < TOGETHER_MIN:
        return list(_one_by_one(arrived, names))
    if len(set(arrived.topics)) == 1 and len(set(arrived.partitions)) == 1:
        return _of_one_place(arrived, names, symbols)
    items: list[Item] = []
    start = 0
    for _, group in groupby(zip(arrived.topics, arrived.partitions, strict=True)):
        stop = start + len(list(group))
        items += _of_one_place(arrived.part(start, stop), names, symbols)
        start = stop
    return items


def _of_one_place(arrived: Arrived, names: Topics, symbols: Symbols) -> list[Item]:
    """Decode records of one partition; what is no plain price cuts the prices around it apart."""
    count = len(arrived.payloads)
    if count < TOGETHER_MIN or arrived.topics[0] != names.market_data:
        return list(_one_by_one(arrived, names))
    columns, odd = plain_columns(arrived.payloads, symbols)
    prices = Prices(0, arrived.topics[0], arrived.partitions[0], arrived.ts_in, arrived.offsets, columns, symbols)
    if odd.size == 0:
        return [prices]
    items: list[Item] = []
    alone = 0  # from here on nothing was given yet
    for left, right in pairwise([-1, *odd.tolist(), count]):
        if right - left - 1 >= TOGETHER_MIN:
            items += _one_by_one(arrived.part(alone, left + 1), names)
            items.append(prices.part(left + 1, right))
            alone = right
    return [*items, *_one_by_one(arrived.part(alone, count), names)]


def _one_by_one(arrived: Arrived, names: Topics) -> Sequence[Input]:
    columns = zip(arrived.topics, arrived.partitions, arrived.offsets, arrived.payloads, strict=True)
    records = [
        Record(0, topic, partition, offset, payload, arrived.ts_in) for topic, partition, offset, payload in columns
    ]
    return list(map(Input, records, decode_all(records, names)))
