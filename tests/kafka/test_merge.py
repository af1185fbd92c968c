"""The merge by event time: the order depends on what the partitions hold, never on when it came."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Topics
from feeds.events import Heartbeat
from feeds.merge import EventMerge, Partition, topic_ranks
from feeds.prices import TOGETHER_MIN, Arrived, Item, count_of, expanded, gather
from feeds.record import Input, Record, Rejection, RejectReason
from feeds.symbols import Symbols

TOPICS = Topics()
RANKS = topic_ranks(TOPICS)
PARTITIONS: tuple[Partition, ...] = (
    ("reference", 0),
    ("control", 0),
    ("positions", 0),
    ("market-data", 0),
    ("market-data", 1),
    ("acks", 0),
)
BEAT = b"heartbeat"


def arrival(partition: Partition, offset: int, ts: int | None, *, payload: bytes = b"", is_end: bool = False) -> Input:
    """Return what came; without a time it was refused."""
    record = Record(0, *partition, offset, payload)
    if ts is None:
        return Input(record, Rejection(RejectReason.NOT_JSON, "made"))
    return Input(record, Heartbeat(ts=ts, source="made", end=is_end))


def last_beat(log: list[Input]) -> Heartbeat:
    event = log[-1].event
    assert isinstance(event, Heartbeat)
    return event


def merged(merge: EventMerge, arrivals: Iterable[Input]) -> list[Record]:
    inputs: list[Item] = []
    for item in arrivals:
        merge.push(item)
        inputs += merge.ready()
    return [item.record for item in expanded(inputs)]


@st.composite
def played_recordings(draw: st.DrawFn) -> tuple[list[bytes], dict[Partition, list[Input]]]:
    """A recording with strictly increasing ts, and what a player makes of it: heartbeats, the last with an end."""
    places = draw(st.lists(st.sampled_from(PARTITIONS), max_size=40))
    every = draw(st.integers(1, 10))
    logs: dict[Partition, list[Input]] = {partition: [] for partition in PARTITIONS}
    ts = 0
    for number, partition in enumerate(places):
        if number % every == 0:
            for other in PARTITIONS:
                logs[other].append(arrival(other, len(logs[other]), ts, payload=BEAT))
        ts += draw(st.integers(1, 3))
        logs[partition].append(arrival(partition, len(logs[partition]), ts, payload=str(number).encode()))
    for partition in PARTITIONS:
        logs[partition].append(arrival(partition, len(logs[partition]), ts, payload=BEAT, is_end=True))
    return [str(number).encode() for number in range(len(places))], logs


def interleaved(data: st.DataObject, logs: dict[Partition, list[Input]]) -> list[Input]:
    """Any order of arrival that keeps each partition's own."""
    turns = data.draw(st.permutations([partition for partition, log in logs.items() for _ in log]))
    iterators = {partition: iter(log) for partition, log in logs.items()}
    return [next(iterators[partition]) for partition in turns]


@given(played_recordings(), st.data())
def test_merged_order_is_the_recordings_order(
    recording: tuple[list[bytes], dict[Partition, list[Input]]], data: st.DataObject
) -> None:
    lines, logs = recording
    records = merged(EventMerge(RANKS, PARTITIONS), interleaved(data, logs))
    assert [record.payload for record in records if record.payload != BEAT] == lines
    assert [record.n for record in records] == list(range(1, sum(map(len, logs.values())) + 1))


random_times = st.lists(st.none() | st.integers(0, 9), max_size=6)


@given(st.tuples(*[random_times for _ in PARTITIONS]), st.data())
def test_order_never_depends_on_arrival_even_with_late_undecodable_and_equal_times(
    times: tuple[list[int | None], ...], data: st.DataObject
) -> None:
    logs = {
        partition: [arrival(partition, offset, ts) for offset, ts in enumerate(column)]
        + [arrival(partition, len(column), 9, is_end=True)]
        for partition, column in zip(PARTITIONS, times, strict=True)
    }
    one = merged(EventMerge(RANKS, PARTITIONS), interleaved(data, logs))
    other = merged(EventMerge(RANKS, PARTITIONS), interleaved(data, logs))
    assert one == other
    assert len(one) == sum(map(len, logs.values()))
    for partition in PARTITIONS:
        offsets = [record.offset for record in one if (record.topic, record.partition) == partition]
        assert offsets == sorted(offsets), "a partition keeps its own order"


@given(played_recordings(), st.data())
def test_restart_at_any_record_gives_out_the_same_rest(
    recording: tuple[list[bytes], dict[Partition, list[Input]]], data: st.DataObject
) -> None:
    """A restart knows what was given out: offsets, last times, and which partitions had ended."""
    _, logs = recording
    whole = merged(EventMerge(RANKS, PARTITIONS), interleaved(data, logs))
    done = whole[: data.draw(st.integers(0, len(whole)))]
    next_offset = dict.fromkeys(PARTITIONS, 0) | {(r.topic, r.partition): r.offset + 1 for r in done}
    given_out = {partition: log[: next_offset[partition]] for partition, log in logs.items()}
    merge = EventMerge(
        RANKS,
        PARTITIONS,
        next_n=len(done) + 1,
        last_ts={partition: last_beat(log).ts for partition, log in given_out.items() if log},
        released=[partition for partition, log in given_out.items() if log and last_beat(log).end],
    )
    rest = {partition: log[next_offset[partition] :] for partition, log in logs.items()}
    assert merged(merge, interleaved(data, rest)) == whole[len(done) :]


def test_equal_times_go_by_topic_then_partition_then_offset() -> None:
    logs = [arrival(partition, offset, 5) for partition in reversed(PARTITIONS) for offset in (0, 1)]
    ends = [arrival(partition, 2, 6, is_end=True) for partition in PARTITIONS]
    order = [(r.topic, r.partition, r.offset) for r in merged(EventMerge(RANKS, PARTITIONS), logs + ends)]
    assert order[:12] == [(*partition, offset) for partition in PARTITIONS for offset in (0, 1)]


def test_silent_partition_holds_the_others_until_its_heartbeat() -> None:
    merge = EventMerge(RANKS, [("positions", 0), ("market-data", 0)])
    assert merged(merge, [arrival(("market-data", 0), 0, 10), arrival(("market-data", 0), 1, 11)]) == []
    assert merge.holding == [("positions", 0)]
    assert merge.waiting == 2
    given_out = merged(merge, [arrival(("positions", 0), 0, 10, payload=BEAT)])
    assert [record.topic for record in given_out] == ["positions"], (
        "market data at 10 may still follow a position at 10"
    )
    given_out = merged(merge, [arrival(("positions", 0), 1, 11, payload=BEAT)])
    assert [(record.topic, record.offset) for record in given_out] == [("market-data", 0), ("positions", 1)]


def test_end_releases_the_others_for_good() -> None:
    merge = EventMerge(RANKS, [("positions", 0), ("market-data", 0)])
    prices = [arrival(("market-data", 0), offset, 10 + offset) for offset in range(3)]
    order = merged(merge, [arrival(("positions", 0), 0, 1, is_end=True), *prices])
    assert [(r.topic, r.offset) for r in order] == [("positions", 0), *[("market-data", n) for n in range(3)]]


def test_undecodable_record_follows_its_predecessor_in_its_partition() -> None:
    merge = EventMerge(RANKS, [("positions", 0), ("market-data", 0)])
    first = [arrival(("market-data", 0), 0, 5), arrival(("market-data", 0), 1, None)]
    second = [arrival(("positions", 0), 0, 6), arrival(("market-data", 0), 2, 7)]
    order = [(r.topic, r.offset) for r in merged(merge, first + second)]
    assert order == [("market-data", 0), ("market-data", 1), ("positions", 0)]


def test_offset_that_does_not_rise_is_a_broken_invariant() -> None:
    merge = EventMerge(RANKS, [("positions", 0), ("market-data", 0)])
    merge.push(arrival(("market-data", 0), 1, 5))
    with pytest.raises(AssertionError, match="must rise"):
        merge.push(arrival(("market-data", 0), 1, 6))


def quotes(partition: int, offset: int, times: list[int]) -> list[Item]:
    """Return quotes of one partition as a source gives them: together."""
    payloads = [b'{"type":"quote","ts":%d,"instrument":"A","bid":1.0,"ask":2.0}' % ts for ts in times]
    count = len(times)
    offsets = list(range(offset, offset + count))
    return gather(Arrived(["market-data"] * count, [partition] * count, offsets, payloads, 0), TOPICS, Symbols())


many_times = st.lists(st.integers(0, 200), min_size=TOGETHER_MIN, max_size=3 * TOGETHER_MIN)


@given(st.lists(st.tuples(many_times, many_times), min_size=1, max_size=3), random_times, st.booleans())
def test_prices_that_come_together_take_the_turns_that_each_would_take_alone(
    batches: list[tuple[list[int], list[int]]], others: list[int | None], are_sorted: bool
) -> None:
    """Late ones among them too: whole where nobody comes between, else one by one."""
    logs: list[Item] = []
    offsets = [0, 0]
    for columns in batches:
        for number, times in enumerate(columns):
            logs += quotes(number, offsets[number], sorted(times) if are_sorted else times)
            offsets[number] += len(times)
    logs += [arrival(("positions", 0), offset, None if ts is None else 20 * ts) for offset, ts in enumerate(others)]
    ends = {("market-data", 0): offsets[0], ("market-data", 1): offsets[1], ("positions", 0): len(others)}
    logs += [arrival(partition, offset, 500, is_end=True) for partition, offset in ends.items()]
    together, alone = EventMerge(RANKS, ends), EventMerge(RANKS, ends)
    given_out: list[Item] = []
    for item in logs:
        together.push(item)
        given_out += together.ready()
    assert together.waiting == 0
    assert merged(alone, expanded(logs)) == [item.record for item in expanded(given_out)]
    assert together.next_n == alone.next_n == len(expanded(logs)) + 1


def test_prices_of_a_partition_that_nobody_interrupts_stay_together() -> None:
    merge = EventMerge(RANKS, [("positions", 0), ("market-data", 0)])
    merge.push(arrival(("positions", 0), 0, 0, is_end=True))
    (prices,) = quotes(0, 0, list(range(40)))
    merge.push(prices)
    given_out = merge.ready()
    assert [count_of(item) for item in given_out] == [1, 40]
    assert expanded(given_out)[-1].record.n == 41
