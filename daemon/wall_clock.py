"""The ticks of `clock: wall`, the only time that its core learns; journaled like every input."""

from collections.abc import Sequence

from config.schema import Topics
from daemon.edge import made_input
from feeds.events import Event, Tick
from feeds.record import Input


def with_tick(inputs: Sequence[Input], now_ns: int) -> list[Input]:
    """Return a batch behind a tick of the wall clock; an empty batch is how time passes where nothing comes."""
    return [made_input(Tick(ts=now_ns), ts_in=now_ns), *inputs]


def with_event_ticks(inputs: Sequence[Input], topics: Topics, *, reached_ns: int, now_ns: int) -> list[Input]:
    """Return inputs of the catch-up, where core time is event time: a tick before each that is later than all before.

    Reference and control tell no time: they are read to their ends first, far ahead of the prices that follow.

    reached_ns : core time before; now_ns: the wall clock, which no tick passes
    """
    timeless = (topics.reference, topics.control)
    clocked: list[Input] = []
    for item in inputs:
        event = item.event
        if isinstance(event, Event) and reached_ns < event.ts <= now_ns and item.record.topic not in timeless:
            reached_ns = event.ts
            clocked.append(made_input(Tick(ts=reached_ns), ts_in=now_ns))
        clocked.append(item)
    return clocked
