"""Malformed records of every kind, each with the reason that it must get, seeded between good ones."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from feeds.decode import topic_of_type
from feeds.record import Record
from tests.helpers import EventDict
from tests.replay.bad_bytes import DECODER_KINDS
from tests.replay.bad_claims import CORE_KINDS
from tests.replay.bad_material import Maker, Seen

KINDS = DECODER_KINDS + CORE_KINDS


@dataclass(frozen=True, slots=True)
class Bad:
    """A malformed record and its reason."""

    record: Record
    reason: str


def bad_records(count: int, seed: int, good: list[EventDict]) -> Iterator[EventDict | Bad]:
    """Yield the good events in order with `count` bad records at random places between and before them."""
    draw, seen = random.Random(seed), Seen()
    places = sorted(draw.randrange(len(good)) for _ in range(count))
    at = kinds = 0
    for index, event in enumerate(good):
        while at < count and places[at] == index:
            made = None
            while made is None:
                kinds += 1  # every kind in turn
                made = _make(KINDS[kinds % len(KINDS)], draw, seen)
            yield made
            at += 1
        seen.note(event)
        yield event


def _make(maker: Maker, draw: random.Random, seen: Seen) -> Bad | None:
    made = maker(draw, seen)
    if made is None:
        return None
    reason, content = made
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    name = content.get("type") if isinstance(content, dict) else None
    topic = (topic_of_type(name) if isinstance(name, str) else None) or draw.choice(
        ("market-data", "positions", "control")
    )
    if reason == "WRONG_TOPIC":
        topic = draw.choice([each for each in ("market-data", "positions", "acks", "x") if each != topic])
    partition = 1 if reason == "WRONG_PARTITION" else 0
    return Bad(Record(0, topic, partition, -1, payload), reason)
