"""Makes malformed records of every kind, each with the reason that it must get, to seed between good ones."""

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from feeds.decode import PAYLOAD_BYTES_MAX, topic_of_type
from feeds.record import Record
from feeds.shape import EVENT_TYPES
from tests.feeds.events_sample import GOOD
from tests.helpers import DAY_NS, EventDict, command, date_of, fill, nav, quote, snapshot, stock, trade

NAMED = ("S0", "S3", "S5", "FUT", "PARIS", "COIN")  # the instruments that bad records name; none is held by root calm
_APPLIED = 4  # of the last four prices one at least was applied: three in a row at most are held back
_TYPES = tuple(sorted(GOOD))
_MISTYPED: tuple[object, ...] = ({}, [1], True, {"a": 1})
_PATHS = ("firm//eq", "/firm", "firm/", " firm", "firm/_self", "a" * 300, "firm/\n")


@dataclass(frozen=True, slots=True)
class Bad:
    """A malformed record and its reason."""

    record: Record
    reason: str


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
    commands: list[str] = field(default_factory=list)

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
            self.commands.append(str(event["command_id"]))


Maker = Callable[[random.Random, Seen], tuple[str, EventDict | bytes] | None]
"""Returns the reason and the record's content, or None where what was seen so far allows no such record.

Bytes go to any topic, an event to its own.
"""


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


def _sample(draw: random.Random, seen: Seen, types: tuple[str, ...] = _TYPES) -> EventDict:
    """A good record of any type that names known things; its time may be any."""
    name = draw.choice(types)
    event: EventDict = {"type": name, **GOOD[name], "ts": draw.choice((0, seen.now, seen.now + 400 * DAY_NS))}
    if "instrument" in event:
        event["instrument"] = draw.choice(NAMED)
    return event


# --- what the decoder refuses


def _cut(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    payload = json.dumps(_sample(draw, seen)).encode()
    return "NOT_JSON", payload[: draw.randrange(len(payload))]


def _noise(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    start = b"\xff" if draw.random() < 0.5 else b"~"
    return "NOT_JSON", start + draw.randbytes(draw.randrange(40))


def _twice(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    payload = json.dumps(_sample(draw, seen)).encode()
    return "NOT_JSON", payload[:-1] + b', "ts": 5}'


def _no_object(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    return "NOT_OBJECT", draw.choice((b"[]", b"1", b"null", b'"quote"', b"[{}]", b"-0.5e3", b"true"))


def _unknown_type(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_TYPE", _sample(draw, seen) | {"type": draw.choice(("", "Quote", "tick", "calendar", "result"))}


def _no_type(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen)
    if draw.random() < 0.5:
        return "WRONG_FIELD_TYPE", event | {"type": draw.choice((5, None, ["quote"]))}
    del event["type"]
    return "MISSING_FIELD", event


def _left_out(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen)
    fields = msgspec.structs.fields(EVENT_TYPES[str(event["type"])])
    del event[draw.choice([each.name for each in fields if each.required])]
    return "MISSING_FIELD", event


def _mistyped(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen)
    name = draw.choice(
        [key for key in event if key not in ("type", "items", "limits", "proxy", "end", "outcome_known")]
    )
    return "WRONG_FIELD_TYPE", event | {name: draw.choice(_MISTYPED)}


def _number_as_text(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen)
    numbers = [key for key, value in event.items() if isinstance(value, int | float) and not isinstance(value, bool)]
    return "WRONG_FIELD_TYPE", event | {draw.choice(numbers): "1.5"}


def _not_finite(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen, ("quote", "trade", "close", "fill", "nav", "position", "adjustment", "ack"))
    struct = EVENT_TYPES[str(event["type"])]
    floats = [each.name for each in msgspec.structs.fields(struct) if each.type in (float, float | None)]
    name = draw.choice([each for each in floats if each in event])
    return "NOT_FINITE", event | {name: draw.choice((math.nan, math.inf, -math.inf))}  # json writes NaN, Infinity


def _bad_time(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "BAD_TIMESTAMP", _sample(draw, seen) | {"ts": draw.choice((-1, 2**63, -(2**62)))}


def _bad_date(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    date = draw.choice(("2019-02-30", "20190201", "2019-2-1", "", "2019-02-01T00:00"))
    return "BAD_DATE", _sample(draw, seen, ("close",)) | {"date": date}


def _bad_path(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    types = ("position", "positions_snapshot", "fill", "fill_cancel", "order", "nav")
    return "BAD_PATH", _sample(draw, seen, types) | {"portfolio": draw.choice(_PATHS)}


def _stray_item(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "BAD_PATH", snapshot({("calm/a", "C0"): 1.0}, seen.now, root="firm")


def _too_big(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = _sample(draw, seen, ("quote", "trade", "close", "fill", "nav", "position", "order"))
    name = draw.choice([key for key in ("bid", "price", "quantity", "nav", "open_quantity") if key in event])
    return "OUT_OF_BOUNDS", event | {name: 1e19}


def _no_choice(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name, key = draw.choice(
        (("fill", "side"), ("order", "side"), ("instrument", "kind"), ("ack", "result"), ("mode", "mode"))
    )
    return "OUT_OF_BOUNDS", _sample(draw, seen, (name,)) | {key: "sideways"}


def _no_quantity(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    event = fill("firm/fund", draw.choice(NAMED), 1.0, 50.0, "x", seen.now)
    return "OUT_OF_BOUNDS", event | {"quantity": draw.choice((0.0, -5.0))}


def _named_twice(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    item: EventDict = {"portfolio": "firm/fund", "instrument": "S0", "quantity": 1.0}
    return "OUT_OF_BOUNDS", snapshot({}, seen.now) | {"items": [item, item]}


def _unknown_field(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_FIELD", command("halt", seen.now, f"u{draw.random()}", scope="firm") | {"scopes": "calm"}


def _wrong_topic(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "WRONG_TOPIC", _sample(draw, seen, ("close", "fill", "nav", "instrument", "halt", "ack"))


def _crossed(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "CROSSED_QUOTE", quote(draw.choice(NAMED), 50.0, seen.now, half_spread=-0.01)


def _too_large(draw: random.Random, seen: Seen) -> tuple[str, bytes]:
    if draw.random() < 0.02:  # a megabyte each
        return "TOO_LARGE", b'{"type":"nav",' + b" " * PAYLOAD_BYTES_MAX + b"}"
    return "TOO_LARGE", b'{"type":"limits","x":' + b"[" * draw.randrange(33, 900)


# --- what only the core can refuse


def _no_price(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.is_open:
        return None
    name, price = draw.choice(NAMED), draw.choice((0.0, -1.0, -0.0))
    events: tuple[EventDict, ...] = (
        quote(name, price, seen.now + DAY_NS),
        trade(name, price, seen.now + DAY_NS),
        {"type": "close", "ts": seen.now, "instrument": name, "date": date_of(0), "price": price},
        fill("firm/desk", name, 5.0, price, "x1", seen.now),
    )
    return "PRICE_OUT_OF_BOUNDS", draw.choice(events)


def _stranger(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    types = ("quote", "trade", "close", "position", "order", "fill", "adjustment")
    ts = seen.now + draw.choice((0, DAY_NS))
    event = _sample(draw, seen, types) | {"ts": ts, "instrument": draw.choice(("S00", "s0", "ZZZ"))}
    if "portfolio" in event:
        event["portfolio"] = "firm/new/desk"
    return "UNKNOWN_INSTRUMENT", event


def _strange_item(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_INSTRUMENT", snapshot({("firm/fund", "S0"): 5.0, ("firm/fund", "ZZZ"): 1.0}, seen.now)


def _no_scope(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name = draw.choice(("halt", "reinstate", "reset_hwm"))
    return "UNKNOWN_PORTFOLIO", command(name, seen.now, f"n{draw.random()}", scope="firm/nowhere")


def _no_calendar(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_CALENDAR", stock(draw.choice((*NAMED, "NEW")), calendar=draw.choice(("XNOW", "NYSE-EXTRA", "24-7")))


def _no_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    path, fill_id = ("calm/a", "f40") if draw.random() < 0.5 else ("firm/fund", "never")
    return "UNKNOWN_FILL", {"type": "fill_cancel", "ts": seen.now, "portfolio": path, "fill_id": fill_id}


def _no_rate(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_CURRENCY", nav("calm/a", 1e6, seen.now, currency=draw.choice(("SEK", "usd", "XBT1")))


def _late(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    named = [name for name in NAMED if len(seen.prices.get(name, ())) >= _APPLIED]
    if not named:
        return None
    name = draw.choice(named)
    make = quote if draw.random() < 0.5 else trade
    return "LATE", make(name, 50.0, seen.prices[name][-_APPLIED] - draw.choice((1, DAY_NS)))


def _late_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    ts = seen.now - 8 * DAY_NS
    return ("LATE_FILL", fill("firm/fund", "S0", 5.0, 30.0, f"l{draw.random()}", ts)) if seen.now else None


def _other_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    known = [each for each in seen.fills.values() if seen.now - msgspec.convert(each["ts"], int) < 6 * DAY_NS]
    if not known:
        return None
    event = draw.choice(known)
    changed: tuple[EventDict, ...] = (
        {"quantity": 7.25},
        {"price": 1.5},
        {"side": "sell", "quantity": 121.0},
        {"order_id": "zz"},
    )
    return "DUPLICATE_FILL_ID", event | {"instrument": "S0"} | draw.choice(changed)


def _repeated(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.commands:
        return None
    return "DUPLICATE_COMMAND", command("halt", seen.now, draw.choice(seen.commands), scope="calm")


def _elsewhere(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.marked:  # before a root's first good record any partition may be its home
        return None
    event = draw.choice((nav("calm/a", 1e9, seen.now), nav("firm", 1.0, seen.now), snapshot({}, seen.now)))
    return "WRONG_PARTITION", event


def _other_terms(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if "S0" not in seen.marked:
        return None
    changed: tuple[EventDict, ...] = (
        {"multiplier": 2.0},
        {"currency": "EUR"},
        {"kind": "future"},
        {"contract": "inverse"},
    )
    return "REFERENCE_CONFLICT", stock("S0", **draw.choice(changed))


def _pair_without_sides(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "MISSING_FIELD", stock("GBPUSD", kind="fx", base="GBP")


def _unsupported(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    types = ("label", "mode", "override", "override_end", "approve", "limits")
    return "COMMAND_UNSUPPORTED", _sample(draw, seen, types) | {"command_id": f"q{draw.random()}"}


def _from_tomorrow(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.is_open:
        return None
    event: EventDict = {"type": "close", "ts": seen.now, "instrument": draw.choice(NAMED), "price": 50.0}
    return "TOO_FAR_AHEAD", event | {"date": "2020-12-30"}


KINDS: tuple[Maker, ...] = (
    _cut, _noise, _twice, _no_object, _unknown_type, _no_type, _left_out, _mistyped, _number_as_text, _not_finite,
    _bad_time, _bad_date, _bad_path, _stray_item, _too_big, _no_choice, _no_quantity, _named_twice, _unknown_field,
    _wrong_topic, _crossed, _too_large, _no_price, _stranger, _strange_item, _no_scope, _no_calendar, _no_fill,
    _no_rate, _late, _late_fill, _other_fill, _repeated, _elsewhere, _other_terms, _pair_without_sides, _unsupported,
    _from_tomorrow,
)  # fmt: skip
