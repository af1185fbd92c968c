"""Prices that come together are the inputs that they would be one by one, in number, in order and in every column."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Topics
from feeds.decode import decode
from feeds.events import Quote, Trade
from feeds.prices import (
    TOGETHER_MIN,
    Arrived,
    Item,
    Prices,
    count_of,
    expanded,
    gather,
    last_ts,
    numbered,
    segments,
    steps,
)
from feeds.record import Input, Record
from feeds.symbols import Symbols

TOPICS = Topics()
QUOTE = {"type": "quote", "ts": 5, "instrument": "AA", "bid": 1.5, "ask": 2.5}
TRADE = {"type": "trade", "ts": 6, "instrument": "BB", "price": 2.25, "size": 3}
BEAT = {"type": "heartbeat", "ts": 7, "source": "feed"}
CROSSED = QUOTE | {"bid": 3.0}
NAMED = QUOTE | {"instrument": "X:AA"}


def arrived(payloads: list[bytes], places: list[tuple[str, int]]) -> Arrived:
    topics, partitions = [topic for topic, _ in places], [partition for _, partition in places]
    return Arrived(topics, partitions, list(range(40, 40 + len(payloads))), payloads, 99)


def one_by_one(what: Arrived) -> list[Input]:
    columns = zip(what.topics, what.partitions, what.offsets, what.payloads, strict=True)
    records = [
        Record(0, topic, partition, offset, payload, what.ts_in) for topic, partition, offset, payload in columns
    ]
    return [Input(record, decode(record.topic, record.payload, TOPICS)) for record in records]


def prices_of(*events: dict[str, object], first_n: int = 0) -> Prices:
    payloads = [json.dumps(event).encode() for event in events]
    (item,) = gather(arrived(payloads, [("market-data", 2)] * len(payloads)), TOPICS, Symbols())
    prices = numbered(item, first_n)
    assert isinstance(prices, Prices)
    return prices


PLACES = st.sampled_from([("market-data", 0), ("market-data", 1), ("positions", 0)])
RUNS = st.lists(
    st.tuples(
        PLACES, st.sampled_from([QUOTE, TRADE, NAMED]), st.integers(1, 40), st.sampled_from([BEAT, CROSSED, None])
    ),
    min_size=1,
    max_size=5,
)


@given(RUNS)
def test_what_is_gathered_is_what_each_record_is_alone(
    runs: list[tuple[tuple[str, int], dict[str, object], int, dict[str, object] | None]],
) -> None:
    payloads: list[bytes] = []
    places: list[tuple[str, int]] = []
    for place, event, count, odd in runs:
        events = [event] * count + ([] if odd is None else [odd])
        payloads += [json.dumps(each | {"ts": len(payloads) + at}).encode() for at, each in enumerate(events)]
        places += [place] * len(events)
    what = arrived(payloads, places)
    items = gather(what, TOPICS, Symbols())
    assert expanded(items) == one_by_one(what)
    assert sum(map(count_of, items)) == len(payloads)
    for item in items:
        assert not isinstance(item, Prices) or len(item) >= TOGETHER_MIN
    assert [each for part in segments(items) for each in part] == one_by_one(what)


def test_plain_prices_of_one_partition_come_as_one() -> None:
    prices = prices_of(*[QUOTE, TRADE] * TOGETHER_MIN, first_n=7)
    assert [type(item.event) for item in prices[:2]] == [Quote, Trade]
    assert [item.record.n for item in prices] == list(range(7, 7 + len(prices)))
    assert [prices[at] for at in range(len(prices))] == list(prices)
    assert prices[-1] == list(prices)[-1]
    assert last_ts(prices) == last_ts(prices[-1]) == 6
    columns = prices.columns
    np.testing.assert_array_equal(columns.low[:2], [1.5, 2.25])
    np.testing.assert_array_equal(columns.mid[:2], [2.0, 2.25])
    assert (columns.ts[:2].tolist(), columns.is_trade[:2].tolist()) == ([5, 6], [False, True])


def test_prices_that_were_not_numbered_have_no_n() -> None:
    assert {item.record.n for item in prices_of(*[QUOTE] * TOGETHER_MIN)} == {0}


@pytest.mark.parametrize("field", ["instrument", "bid"])
def test_an_escape_or_a_key_that_comes_twice_is_looked_at_alone(field: str) -> None:
    payloads = [json.dumps(NAMED).encode()] * 40
    payloads[3] = payloads[3].replace(b"X:", b"X\\u003a").replace(b"{", b'{"%s":2,' % field.encode(), 1)
    what = arrived(payloads, [("market-data", 0)] * 40)
    items = gather(what, TOPICS, Symbols())
    assert [count_of(item) for item in items] == [1, 1, 1, 1, 36]
    assert expanded(items) == one_by_one(what)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 60))
def test_steps_hold_everything_in_order_and_are_no_larger_than_they_must(sizes: list[int], inputs_max: int) -> None:
    items: list[Item] = []
    for size in sizes:
        items += [prices_of(*[QUOTE] * size)] if size >= TOGETHER_MIN else expanded([prices_of(*[QUOTE] * 16)])[:size]
    cut = list(steps(items, inputs_max))
    assert expanded([item for step in cut for item in step]) == expanded(items)
    assert all(len(step) == 1 or sum(map(count_of, step)) <= inputs_max for step in cut)
