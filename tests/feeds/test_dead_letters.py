"""Dead letters: one shape for topic and file, every byte kept where a record can hold it, never too large to leave."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.dead_letters import LETTER_BYTES_MAX, LETTER_PAYLOAD_BYTES_MAX, dead_letter, letter_line
from feeds.record import Record, Rejection, RejectReason

NOT_JSON = Rejection(RejectReason.NOT_JSON, "not JSON: invalid byte")


def refused(payload: bytes) -> Record:
    return Record(7, "market-data", 3, 99, payload)


def kept(letter: dict[str, object]) -> bytes:
    if "payload" in letter:
        return str(letter["payload"]).encode()
    return base64.b64decode(str(letter["payload_b64"]))


def test_letter_says_where_it_came_from_and_why_and_keeps_text_as_text() -> None:
    assert orjson.loads(letter_line(refused('{"type":"quöte"'.encode()), NOT_JSON, shard=2)) == {
        "topic": "market-data",
        "partition": 3,
        "offset": 99,
        "n": 7,
        "shard": 2,
        "reason": "NOT_JSON",
        "detail": "not JSON: invalid byte",
        "payload": '{"type":"quöte"',
    }


@pytest.mark.parametrize("payload", [b"\xff\x00", b"\xed\xa0\x80", b"\x80"])
def test_bytes_that_are_no_text_travel_in_base64(payload: bytes) -> None:
    letter = orjson.loads(letter_line(refused(payload), NOT_JSON, shard=0))
    assert "payload" not in letter
    assert kept(letter) == payload


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_topic_and_file_hold_the_same_line_and_all_its_bytes(payload: bytes) -> None:
    line = letter_line(refused(payload), NOT_JSON, shard=1)
    assert b"\n" not in line
    assert kept(orjson.loads(line)) == payload
    letter = dead_letter("dead", refused(payload), NOT_JSON, shard=1)
    assert (letter.topic, letter.partition, letter.key, letter.value) == ("dead", 1, b"NOT_JSON", line)


@pytest.mark.parametrize("payload", [b"x" * (1 << 21), b"\xff" * (1 << 20), b"\x01" * 200_000])
def test_payload_too_large_for_a_record_sends_its_beginning_and_its_length(payload: bytes) -> None:
    """Else one such record would end the daemon, and end it again at every restart; control characters grow sixfold."""
    letter = dead_letter("dead", refused(payload), NOT_JSON, shard=0)
    assert len(letter.value) <= LETTER_BYTES_MAX
    envelope = orjson.loads(letter.value)
    assert kept(envelope) == payload[:LETTER_PAYLOAD_BYTES_MAX]
    assert envelope["payload_bytes"] == len(payload)
    assert kept(orjson.loads(letter_line(refused(payload), NOT_JSON, shard=0))) == payload, "a file holds all of it"
