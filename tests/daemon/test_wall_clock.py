"""Ticks of the wall clock: where they stand between the inputs."""

from daemon.wall_clock import with_tick
from feeds.events import Heartbeat, Tick
from feeds.prices import Item, expanded
from feeds.record import Input, Record


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
