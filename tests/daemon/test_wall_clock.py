"""Ticks of the wall clock: where they stand between the inputs."""

from config.schema import Topics
from daemon.wall_clock import with_event_ticks, with_tick
from feeds.events import Heartbeat, Tick
from feeds.prices import Item, expanded
from feeds.record import Input, Record, Rejection, RejectReason

TOPICS = Topics()


def beat(topic: str, ts: int) -> Input:
    return Input(Record(1, topic, 0, 0, b""), Heartbeat(ts=ts, source="test"))


def times(inputs: list[Item]) -> list[tuple[str, int]]:
    """Ticks and inputs as (topic, ts); a tick has no topic."""
    return [
        (item.record.topic, item.event.ts) for item in expanded(inputs) if isinstance(item.event, (Tick, Heartbeat))
    ]


def test_every_batch_stands_behind_a_tick_also_an_empty_one() -> None:
    assert times(with_tick([], 7)) == [("", 7)]
    assert times(with_tick([beat("acks", 5)], 7)) == [("", 7), ("acks", 5)]


def test_catching_up_ticks_before_each_later_event_and_never_back() -> None:
    inputs = [beat("positions", 5), beat("market-data", 5), beat("market-data", 4), beat("market-data", 6)]
    clocked = with_event_ticks(inputs, TOPICS, reached_ns=0, now_ns=100)
    assert times(clocked) == [
        ("", 5),
        ("positions", 5),
        ("market-data", 5),
        ("market-data", 4),
        ("", 6),
        ("market-data", 6),
    ]
    assert times(with_event_ticks(inputs, TOPICS, reached_ns=6, now_ns=100)) == times([*inputs])


def test_reference_and_control_tell_no_time() -> None:
    inputs = [beat("reference", 90), beat("control", 95), beat("market-data", 5)]
    assert times(with_event_ticks(inputs, TOPICS, reached_ns=0, now_ns=100))[2:] == [("", 5), ("market-data", 5)]


def test_record_from_the_future_or_a_refused_one_moves_no_time() -> None:
    refused = Input(Record(1, "market-data", 0, 0, b""), Rejection(RejectReason.NOT_JSON, "no"))
    inputs = [beat("market-data", 101), refused, beat("market-data", 100)]
    clocked = with_event_ticks(inputs, TOPICS, reached_ns=0, now_ns=100)
    assert times(clocked) == [("market-data", 101), ("", 100), ("market-data", 100)]
    assert len(clocked) == 4
