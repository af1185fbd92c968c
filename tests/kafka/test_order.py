"""The one order that a core applies: by event time always, or by the start rule of the wall clock."""

from collections.abc import Sequence

import orjson
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Topics
from feeds.decode import decode, decode_all
from feeds.merge import Partition
from feeds.order import WAITING_RECORDS_MAX, EventOrder, Place, WallOrder
from feeds.prices import expanded
from feeds.record import Input, Record

TOPICS = Topics()
PARTITIONS: tuple[Partition, ...] = (
    ("reference", 0),
    ("control", 0),
    ("positions", 0),
    ("market-data", 0),
    ("acks", 0),
)
LEADING, FOLLOWING = PARTITIONS[:2], PARTITIONS[2:]


def beat(partition: Partition, offset: int, ts: int, *, is_end: bool = False) -> Record:
    payload = orjson.dumps({"type": "heartbeat", "ts": ts, "source": "test", "end": is_end})
    return Record(0, *partition, offset, payload)


def take(order: EventOrder | WallOrder, records: Sequence[Record], ends: Sequence[Partition]) -> list[Record]:
    """Give records to an order as the source does: decoded."""
    inputs = expanded(order.take(list(map(Input, records, decode_all(records, TOPICS))), ends))
    assert [item.event for item in inputs] == [decode(i.record.topic, i.record.payload, TOPICS) for i in inputs]
    return [item.record for item in inputs]


def names(records: list[Record]) -> list[tuple[str, int]]:
    return [(record.topic, record.offset) for record in records]


def test_wall_clock_reads_reference_and_control_to_their_ends_first() -> None:
    order = WallOrder(TOPICS, PARTITIONS, Place())
    assert order.unwanted() == list(FOLLOWING)
    given_out = take(order, [beat(("control", 0), 0, 90), beat(("reference", 0), 0, 80)], [("control", 0)])
    assert names(given_out) == [("reference", 0)], "an older reference record may still come before the command"
    assert order.unwanted() == list(FOLLOWING)
    assert names(take(order, [], [("reference", 0)])) == [("control", 0)]
    assert order.unwanted() == [("control", 0), ("reference", 0)], "what is written meanwhile waits on the brokers"
    assert not order.is_caught_up
    assert take(order, [beat(("market-data", 0), 0, 20), beat(("reference", 0), 1, 1)], []) == []
    assert take(order, [beat(("positions", 0), 0, 10)], [("positions", 0)]) == []
    assert names(take(order, [], [("acks", 0)])) == [("positions", 0), ("market-data", 0)]
    caught_up = take(order, [], [("market-data", 0)])
    assert names(caught_up) == [("reference", 1)], "what came meanwhile follows the catch-up"
    assert order.is_caught_up


def test_what_is_written_during_the_catch_up_keeps_the_order_in_which_it_came() -> None:
    """An instrument and then its fill, both new, while market data lags: the fill must not come first."""
    ends = {partition: int(partition[0] == "market-data") * 2 for partition in PARTITIONS}
    order = WallOrder(TOPICS, PARTITIONS, Place(), ends)
    take(order, [], [partition for partition in PARTITIONS if partition[0] != "market-data"])
    assert names(take(order, [beat(("market-data", 0), 0, 10)], [])) == [("market-data", 0)]
    assert take(order, [beat(("reference", 0), 0, 99), beat(("positions", 0), 0, 5)], []) == []
    last = take(order, [beat(("market-data", 0), 1, 11), beat(("market-data", 0), 2, 1)], [])
    assert names(last) == [("market-data", 1), ("reference", 0), ("positions", 0), ("market-data", 2)]
    assert order.is_caught_up


def test_wall_clock_takes_records_as_they_arrive_once_caught_up() -> None:
    order = WallOrder(TOPICS, PARTITIONS, Place(next_n=5))
    take(order, [], PARTITIONS)
    assert order.is_caught_up
    arrived = [beat(("market-data", 0), 7, 50), beat(("positions", 0), 3, 40), beat(("market-data", 0), 8, 30)]
    given_out = take(order, arrived, [])
    assert names(given_out) == names(arrived)
    assert [record.n for record in given_out] == [5, 6, 7]


@given(st.lists(st.tuples(st.sampled_from(PARTITIONS), st.integers(0, 9)), max_size=30), st.data())
def test_wall_clock_loses_and_repeats_nothing_and_counts_n_without_a_gap(
    arrivals: list[tuple[Partition, int]], data: st.DataObject
) -> None:
    """Ends may be seen at any time, also those of partitions that were not asked for yet."""
    offsets = dict.fromkeys(PARTITIONS, 0)
    records = []
    for partition, ts in arrivals:
        records.append(beat(partition, offsets[partition], ts))
        offsets[partition] += 1
    ends_at = {partition: data.draw(st.integers(0, len(records))) for partition in PARTITIONS}
    order = WallOrder(TOPICS, PARTITIONS, Place())
    given_out: list[Record] = []
    for step in range(len(records) + 1):
        ends = [partition for partition, at in ends_at.items() if at == step]
        given_out += take(order, records[step : step + 1], ends)
    assert order.is_caught_up
    assert sorted(names(given_out)) == sorted(names(records))
    assert [record.n for record in given_out] == list(range(1, len(records) + 1))
    for partition in PARTITIONS:
        assert [o for topic, o in names(given_out) if topic == partition[0]] == list(range(offsets[partition]))


def test_partition_far_ahead_is_not_read_on_until_the_others_follow() -> None:
    order = EventOrder(TOPICS, FOLLOWING[:2], Place())
    take(order, [beat(("market-data", 0), offset, offset) for offset in range(WAITING_RECORDS_MAX + 1)], [])
    assert order.waiting == WAITING_RECORDS_MAX + 1
    assert order.unwanted() == [("market-data", 0)]
    take(order, [beat(("positions", 0), 0, WAITING_RECORDS_MAX // 3)], [])
    take(order, [beat(("positions", 0), 1, WAITING_RECORDS_MAX // 3)], [])
    assert order.waiting > WAITING_RECORDS_MAX // 2
    assert order.unwanted() == [("market-data", 0)], "no to and fro at the bound"
    take(order, [beat(("positions", 0), 2, WAITING_RECORDS_MAX)], [])
    assert order.unwanted() == []


def test_place_learns_from_inputs_what_a_restart_must_know() -> None:
    records = [
        beat(("market-data", 0), 3, 11),
        Record(0, "market-data", 0, 4, b"not json"),
        beat(("acks", 0), 0, 12, is_end=True),
    ]
    numbered = [Record(n, r.topic, r.partition, r.offset, r.payload) for n, r in enumerate(records, start=8)]
    place = Place()
    place.note([Input(record, decode(record.topic, record.payload, TOPICS)) for record in numbered])
    assert place == Place(
        next_n=11,
        offsets={("market-data", 0): 5, ("acks", 0): 1},
        last_ts={("market-data", 0): 11, ("acks", 0): 12},
        released={("acks", 0)},
    )
