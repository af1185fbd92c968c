"""What bad records are made from: what good ones have said so far, and a good record of any type."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from tests.feeds.events_sample import GOOD
from tests.helpers import DAY_NS, HOUR_NS, EventDict

NAMED = ("S0", "S3", "S5", "FUT", "PARIS", "COIN")  # the instruments that bad records name; none is held by root calm
_TYPES = tuple(sorted(GOOD))


@dataclass(slots=True)
class Seen:
    """What good records have said so far, as far as bad ones must contradict it.

    is_open : reference data is complete
    prices  : times of the quotes and trades by instrument
    marked  : instruments with a price; fills : fill events by id; commands : ids
    """

    now: int = 0
    is_open: bool = False
    prices: dict[str, list[int]] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)
    fills: dict[str, EventDict] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)  # by id, until when it is remembered

    def note(self, event: EventDict) -> None:
        """Take in a good event."""
        self.now = msgspec.convert(event["ts"], int)
        name = str(event.get("instrument"))
        self.is_open = self.is_open or event["type"] == "positions_snapshot"
        if event["type"] in ("quote", "trade"):
            self.prices.setdefault(name, []).append(self.now)
        if event["type"] in ("quote", "trade", "close"):
            self.marked.add(name)
        if event["type"] == "fill":
            self.fills[str(event["fill_id"])] = event
        if "command_id" in event:
            self.commands[str(event["command_id"])] = 2**63 if event["type"] == "halt" else self.now + HOUR_NS


Maker = Callable[[random.Random, Seen], tuple[str, EventDict | bytes] | None]
"""Returns the reason and the record's content, or None where what was seen so far allows no such record.

Bytes go to any topic, an event to its own.
"""


def sample(draw: random.Random, seen: Seen, types: tuple[str, ...] = _TYPES) -> EventDict:
    """A good record of any type that names known things; its time may be any."""
    name = draw.choice(types)
    event: EventDict = {"type": name, **GOOD[name], "ts": draw.choice((0, seen.now, seen.now + 400 * DAY_NS))}
    if "instrument" in event:
        event["instrument"] = draw.choice(NAMED)
    return event
