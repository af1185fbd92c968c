"""What `riskd explain` shows of bytes that others wrote: a terminal obeys none of them."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.explain_words import input_words, printable
from feeds.record import Input, Record, Rejection, RejectReason


@given(payload=st.binary(max_size=2_000))
def test_an_input_of_any_bytes_is_one_printable_line(payload: bytes) -> None:
    record = Record(7, "control", 0, 12, payload, 0)
    words = input_words(Input(record, Rejection(RejectReason.NOT_JSON, "not JSON")))
    assert words.isprintable()
    assert words.startswith("control[0] offset 12: refused, NOT_JSON: not JSON; ")
    assert (f"({len(payload):,} bytes)" in words) is (len(payload) > 300)


def test_text_of_people_stays_and_commands_to_a_terminal_go() -> None:
    assert printable("Größe über Limit, 12:30 – ana") == "Größe über Limit, 12:30 – ana"
    assert printable("\x1b[2J\x1b]0;gone\x07\r\n") == "�[2J�]0;gone���"
