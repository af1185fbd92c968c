"""Records that the decoder must refuse, each with its reason."""

import json
import math
import random

import msgspec

from feeds.decode import PAYLOAD_BYTES_MAX
from feeds.shape import EVENT_TYPES
from tests.helpers import EventDict, command, fill, quote, snapshot
from tests.replay.bad_material import NAMED, Maker, Seen, sample

_MISTYPED: tuple[object, ...] = ({}, [1], True, {"a": 1})
_PATHS = ("firm//eq", "/firm", "firm/", " firm", "firm/_self", "a" * 300, "firm/\n")


def _cut(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    payload = json.dumps(sample(draw, seen)).encode()
    return "NOT_JSON", payload[: draw.randrange(len(payload))]


def _noise(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    start = b"\xff" if draw.random() < 0.5 else b"~"
    return "NOT_JSON", start + draw.randbytes(draw.randrange(40))


def _twice(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    payload = json.dumps(sample(draw, seen)).encode()
    return "NOT_JSON", payload[:-1] + b', "ts": 5}'


def _no_object(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    return "NOT_OBJECT", draw.choice((b"[]", b"1", b"null", b'"quote"', b"[{}]", b"-0.5e3", b"true"))


def _unknown_type(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_TYPE", sample(draw, seen) | {"type": draw.choice(("", "Quote", "tick", "calendar", "result"))}


def _no_type(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen)
    if draw.random() < 0.5:
        return "WRONG_FIELD_TYPE", event | {"type": draw.choice((5, None, ["quote"]))}
    del event["type"]
    return "MISSING_FIELD", event


def _left_out(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen)
    fields = msgspec.structs.fields(EVENT_TYPES[str(event["type"])])
    del event[draw.choice([each.name for each in fields if each.required])]
    return "MISSING_FIELD", event


def _mistyped(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen)
    name = draw.choice(
        [key for key in event if key not in ("type", "items", "limits", "proxy", "end", "outcome_known")]
    )
    return "WRONG_FIELD_TYPE", event | {name: draw.choice(_MISTYPED)}


def _number_as_text(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen)
    numbers = [key for key, value in event.items() if isinstance(value, int | float) and not isinstance(value, bool)]
    return "WRONG_FIELD_TYPE", event | {draw.choice(numbers): "1.5"}


def _not_finite(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen, ("quote", "trade", "close", "fill", "nav", "position", "adjustment", "ack"))
    struct = EVENT_TYPES[str(event["type"])]
    floats = [each.name for each in msgspec.structs.fields(struct) if each.type in (float, float | None)]
    name = draw.choice([each for each in floats if each in event])
    return "NOT_FINITE", event | {name: draw.choice((math.nan, math.inf, -math.inf))}  # json writes NaN, Infinity


def _bad_time(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "BAD_TIMESTAMP", sample(draw, seen) | {"ts": draw.choice((-1, 2**63, -(2**62)))}


def _bad_date(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    date = draw.choice(("2019-02-30", "20190201", "2019-2-1", "", "2019-02-01T00:00"))
    return "BAD_DATE", sample(draw, seen, ("close",)) | {"date": date}


def _bad_path(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    types = ("position", "positions_snapshot", "fill", "fill_cancel", "order", "nav")
    return "BAD_PATH", sample(draw, seen, types) | {"portfolio": draw.choice(_PATHS)}


def _stray_item(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "BAD_PATH", snapshot({("calm/a", "C0"): 1.0}, seen.now, root="firm")


def _too_big(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = sample(draw, seen, ("quote", "trade", "close", "fill", "nav", "position", "order"))
    name = draw.choice([key for key in ("bid", "price", "quantity", "nav", "open_quantity") if key in event])
    return "OUT_OF_BOUNDS", event | {name: 1e19}


def _no_choice(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name, key = draw.choice(
        (("fill", "side"), ("order", "side"), ("instrument", "kind"), ("ack", "result"), ("mode", "mode"))
    )
    return "OUT_OF_BOUNDS", sample(draw, seen, (name,)) | {key: "sideways"}


def _no_quantity(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = fill("firm/fund", draw.choice(NAMED), 1.0, 50.0, "x", seen.now)
    return "OUT_OF_BOUNDS", event | {"quantity": draw.choice((0.0, -5.0))}


def _named_twice(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    item: EventDict = {"portfolio": "firm/fund", "instrument": "S0", "quantity": 1.0}
    return "OUT_OF_BOUNDS", snapshot({}, seen.now) | {"items": [item, item]}


def _unknown_field(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_FIELD", command("halt", seen.now, f"u{draw.random()}", scope="firm") | {"scopes": "calm"}


def _wrong_topic(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "WRONG_TOPIC", sample(draw, seen, ("close", "fill", "nav", "instrument", "halt", "ack"))


def _crossed(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "CROSSED_QUOTE", quote(draw.choice(NAMED), 50.0, seen.now, half_spread=-0.01)


def _too_large(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    if draw.random() < 0.02:  # a megabyte each
        return "TOO_LARGE", b'{"type":"nav",' + b" " * PAYLOAD_BYTES_MAX + b"}"
    return "TOO_LARGE", b'{"type":"limits","x":' + b"[" * draw.randrange(33, 900)


DECODER_KINDS: tuple[Maker, ...] = (
    _cut,
    _noise,
    _twice,
    _no_object,
    _unknown_type,
    _no_type,
    _left_out,
    _mistyped,
    _number_as_text,
    _not_finite,
    _bad_time,
    _bad_date,
    _bad_path,
    _stray_item,
    _too_big,
    _no_choice,
    _no_quantity,
    _named_twice,
    _unknown_field,
    _wrong_topic,
    _crossed,
    _too_large,
)
