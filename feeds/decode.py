"""Turn the bytes of one record into a typed event or a typed rejection; the only decoder, used by every source."""

from collections.abc import Sequence

import msgspec

from config.schema import Topics
from feeds.events import Close, InputEvent, LimitsCommand, PositionsSnapshot, Quote, Trade
from feeds.json_text import is_flat_and_unique, parse_leniently
from feeds.plain import are_plain_prices, is_plain_close, is_plain_quote, is_plain_trade
from feeds.record import Record, Rejection, RejectReason
from feeds.shape import EVENT_TYPES, GROUP_OF_TYPE, Fault, name_of_instrument, shape_fault, shorten
from feeds.validate import value_fault

PAYLOAD_BYTES_MAX = 1 << 20

_TOGETHER_MIN = 32  # under it the arrays cost more than they save
_PRICES = {Quote, Trade}
_DEFAULT_TOPICS = Topics()
_EVENTS = msgspec.json.Decoder(InputEvent)
_FIELD_DEFAULTS: dict[type, tuple[int, tuple[tuple[str, object], ...]]] = {
    struct: (
        1 + sum(field.required for field in msgspec.structs.fields(struct)),
        tuple((field.name, field.default) for field in msgspec.structs.fields(struct) if not field.required),
    )
    for struct in EVENT_TYPES.values()
}


def decode(topic: str, payload: bytes, topics: Topics | None = None) -> InputEvent | Rejection:
    """Decode one record that came on `topic`; every fault ends as a `Rejection`, none as an exception.

    topics : the configured topic names; None takes the default ones

    Unknown fields are ignored, except on control. Prices at or below zero pass: the core knows the instrument.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Rejection(
            RejectReason.TOO_LARGE, f"payload must have at most {PAYLOAD_BYTES_MAX} bytes, got {len(payload)}"
        )
    if topics is None:
        topics = _DEFAULT_TOPICS
    try:
        event: InputEvent = _EVENTS.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _explain(topic, payload, topics, error)
    if topic == topics.market_data:
        if isinstance(event, Quote):
            is_plain = is_plain_quote(event, payload)
        elif isinstance(event, Trade):
            is_plain = is_plain_trade(event, payload)
        else:
            is_plain = isinstance(event, Close) and is_plain_close(event, payload)
        if is_plain:
            return event
    fault = _text_fault(event, payload) or _topic_fault(topic, event, topics) or value_fault(event)
    if fault is None:
        return event
    # Too deep a nesting names no instrument: whether the parser got through it depends on the caller's stack.
    name = None if fault.reason is RejectReason.TOO_LARGE else getattr(event, "instrument", None)
    return Rejection(fault.reason, fault.detail, name_of_instrument(name))


def decode_all(records: Sequence[Record], topics: Topics) -> list[InputEvent | Rejection]:
    """Decode records in order, each as `decode` does; many prices together take half the time."""
    events = _decode_prices(records, topics) if len(records) >= _TOGETHER_MIN else None
    return [decode(record.topic, record.payload, topics) for record in records] if events is None else events


def decode_accepted(payload: bytes) -> InputEvent:
    """Decode a payload that was accepted before, such as a journaled one; raises msgspec.DecodeError otherwise."""
    event: InputEvent = _EVENTS.decode(payload)
    return event


def topic_of_type(name: str, topics: Topics | None = None) -> str | None:
    """Return the topic that a `type` belongs to (heartbeat: market data), or None for a type nobody knows."""
    group = GROUP_OF_TYPE.get(name)
    if group is None:
        return None
    topic: str = getattr(topics or _DEFAULT_TOPICS, group)
    return topic


def _decode_prices(records: Sequence[Record], topics: Topics) -> list[InputEvent | Rejection] | None:
    """Decode records of which most are plain quotes and trades; None where a price is odd, or most are no prices."""
    payloads = [record.payload for record in records]
    if max(map(len, payloads)) > PAYLOAD_BYTES_MAX:
        return None
    try:
        events: list[InputEvent | Rejection] = list(map(_EVENTS.decode, payloads))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if {record.topic for record in records} != {topics.market_data} or not set(map(type, events)) <= _PRICES:
        others = [
            index
            for index, (record, event) in enumerate(zip(records, events, strict=True))
            if record.topic != topics.market_data or type(event) not in _PRICES
        ]
        if 2 * len(others) > len(records):
            return None
        for index in others:
            events[index] = decode(records[index].topic, payloads[index], topics)
            payloads[index] = b""
    quotes = [event for event in events if type(event) is Quote]
    trades = [event for event in events if type(event) is Trade]
    return events if are_plain_prices(quotes, trades, b"".join(payloads)) else None


def _topic_fault(topic: str, event: InputEvent, topics: Topics) -> Fault | None:
    name = event.__struct_config__.tag
    assert isinstance(name, str)
    return _wrong_topic(topic, name, topics)


def _wrong_topic(topic: str, name: str, topics: Topics) -> Fault | None:
    if name == "heartbeat":
        known = (topics.market_data, topics.positions, topics.reference, topics.control, topics.acks)
        if topic in known:
            return None
        return Fault(RejectReason.WRONG_TOPIC, f"heartbeat belongs to one of {', '.join(known)}, got {shorten(topic)}")
    expected = topic_of_type(name, topics)
    if topic == expected:
        return None
    return Fault(RejectReason.WRONG_TOPIC, f"{name} belongs to {expected}, got {shorten(topic)}")


def _text_fault(event: InputEvent, payload: bytes) -> Fault | None:
    required, optional = _FIELD_DEFAULTS[type(event)]
    colons = required + sum(getattr(event, name) is not default for name, default in optional)
    if isinstance(event, PositionsSnapshot):
        colons += 3 * len(event.items)
    # Limits are read as they came, later and by a strict parser: no count of colons vouches for what is in them.
    if not isinstance(event, LimitsCommand) and (payload.count(b":") == colons or is_flat_and_unique(payload)):
        return None
    parsed = parse_leniently(payload)
    if isinstance(parsed, Fault):
        return parsed
    if isinstance(event, LimitsCommand) and parsed.not_finite is not None:
        return Fault(RejectReason.NOT_FINITE, f"limits must hold finite numbers, got {parsed.not_finite}")
    return None


def _explain(topic: str, payload: bytes, topics: Topics, error: Exception) -> Rejection:
    """Name the first fault of a payload that the typed decoder refused."""
    parsed = parse_leniently(payload)
    if isinstance(parsed, Fault):
        return Rejection(parsed.reason, parsed.detail)
    members = parsed.value
    if not isinstance(members, dict):
        return Rejection(RejectReason.NOT_OBJECT, f"payload must be a JSON object, got {shorten(members)}")
    fault = _type_fault(topic, members, topics)
    if fault is None:
        fault = shape_fault(EVENT_TYPES[members["type"]], members)
    if fault is None and parsed.not_finite is not None:
        fault = Fault(RejectReason.NOT_FINITE, f"numbers must be finite, got {parsed.not_finite}")
    if fault is None:  # only the typed decoder sees it, such as half of a surrogate pair
        is_shape = isinstance(error, msgspec.ValidationError)
        fault = Fault(RejectReason.WRONG_FIELD_TYPE if is_shape else RejectReason.NOT_JSON, str(error))
    return Rejection(fault.reason, fault.detail, name_of_instrument(members.get("instrument")))


def _type_fault(topic: str, members: dict[str, object], topics: Topics) -> Fault | None:
    if "type" not in members:
        return Fault(RejectReason.MISSING_FIELD, "type is missing")
    name = members["type"]
    if not isinstance(name, str):
        return Fault(RejectReason.WRONG_FIELD_TYPE, f"type must be a string, got {shorten(name)}")
    if name not in EVENT_TYPES:
        return Fault(RejectReason.UNKNOWN_TYPE, f"type must be one of {', '.join(EVENT_TYPES)}, got {shorten(name)}")
    return _wrong_topic(topic, name, topics)
