"""The dead letter: a refused input with where it came from and why, the same object in a topic and in a file."""

import base64

import orjson

from feeds.outgoing import Outgoing
from feeds.record import Record, Rejection

# Brokers and clients take records of a megabyte by default.
LETTER_BYTES_MAX = 900 * 1024
LETTER_PAYLOAD_BYTES_MAX = 512 * 1024  # what travels of a payload that does not fit whole; four thirds of it in base64


def letter_line(record: Record, rejection: Rejection, *, shard: int) -> bytes:
    """Return the letter as one line of JSON, with the input in `payload` where it is UTF-8, else in `payload_b64`."""
    letter = _head(record, rejection, shard)
    try:
        letter["payload"] = record.payload.decode("utf-8")
    except UnicodeDecodeError:
        letter["payload_b64"] = base64.b64encode(record.payload).decode("ascii")
    return orjson.dumps(letter)


def dead_letter(topic: str, record: Record, rejection: Rejection, *, shard: int) -> Outgoing:
    """Return the letter as a record of the shard's partition of the dead-letter topic, keyed by reason.

    Of a payload too large for that only the beginning travels, in base64, with `payload_bytes`, its whole length: the
    journal holds all of it, and a producer that failed on it would fail again after every restart.
    """
    value = letter_line(record, rejection, shard=shard)
    if len(value) > LETTER_BYTES_MAX:
        beginning = record.payload[:LETTER_PAYLOAD_BYTES_MAX]
        letter = _head(record, rejection, shard)
        letter["payload_b64"] = base64.b64encode(beginning).decode("ascii")
        letter["payload_bytes"] = len(record.payload)
        value = orjson.dumps(letter)
    return Outgoing(topic, shard, rejection.reason.value.encode(), value)


def _head(record: Record, rejection: Rejection, shard: int) -> dict[str, object]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "n": record.n,
        "shard": shard,
        "reason": rejection.reason.value,
        "detail": rejection.detail,
    }
