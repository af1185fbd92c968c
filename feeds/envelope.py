"""Envelopes: a record and its source as a line, `{n, topic, partition, offset, ts_in, payload | payload_b64}`."""

import base64
import binascii

import msgspec
import orjson

from feeds.record import Record, Rejection

_PARTITION_END = 1 << 31
_INT64_END = 1 << 63
_TOPIC_CHARACTERS_MAX = 249  # Kafka's own bound


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What one line says of a record's source; `kind` is set in the print of a journal, and only there."""

    topic: str
    partition: int
    offset: int
    ts_in: int
    payload: bytes
    kind: str | None


class _Line(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    topic: str | None = None
    partition: int = 0
    offset: int = -1
    ts_in: int = 0
    payload: msgspec.Raw = msgspec.Raw()
    payload_b64: str | None = None
    kind: str | None = None


_LINES = msgspec.json.Decoder(_Line)


def read_line(line: bytes) -> str | Envelope | None:
    """Return the `type` of a bare event, or an envelope; None where the line is neither."""
    try:
        members = _LINES.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if members.type is not None:
        return members.type
    topic = members.topic
    if topic is None or len(topic) > _TOPIC_CHARACTERS_MAX:
        return None
    bounded = (
        -1 <= members.partition < _PARTITION_END
        and -1 <= members.offset < _INT64_END
        and 0 <= members.ts_in < _INT64_END
    )
    payload = _payload(members)
    if not bounded or payload is None:
        return None
    return Envelope(topic, members.partition, members.offset, members.ts_in, payload, members.kind)


def write_line(record: Record, kind: str | None = None, rejection: Rejection | None = None) -> bytes:
    """Return the envelope of a record without a line end; a payload that is not one line of JSON goes as base64."""
    head: dict[str, object] = {"n": record.n}
    if kind is not None:
        head["kind"] = kind
    head |= {"topic": record.topic, "partition": record.partition, "offset": record.offset, "ts_in": record.ts_in}
    if rejection is not None:
        head["rejection"] = {
            "reason": rejection.reason.value, "detail": rejection.detail, "instrument": rejection.instrument,
        }  # fmt: skip
    if _is_one_line_of_json(record.payload):
        return orjson.dumps(head)[:-1] + b',"payload":' + record.payload + b"}"
    head["payload_b64"] = base64.b64encode(record.payload).decode("ascii")
    return orjson.dumps(head)


def _payload(members: _Line) -> bytes | None:
    raw = bytes(members.payload)
    if members.payload_b64 is None:
        return raw or None
    if raw:
        return None
    try:
        return base64.b64decode(members.payload_b64, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_one_line_of_json(payload: bytes) -> bool:
    """Say whether the bytes come back the same from inside an envelope, and every JSON reader takes them."""
    if not (payload.startswith(b"{") and payload.endswith(b"}")) or b"\n" in payload or b"\r" in payload:
        return False
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return True
