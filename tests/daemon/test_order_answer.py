"""Questions about orders as bytes, and their answers as JSON."""

import json

import pytest

from daemon.check_order_text import print_answer
from daemon.order_answer import OrderRefusedError, RefusalCode, answer_json, decode_question, refusal_json
from daemon.order_check import OrderChecker
from tests.daemon.order_desk import GROSS, ask, desk


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "truncated"),
        (b'{"portfolio":"p","instrument":"A","side":"hold","quantity":1}', "Invalid enum value 'hold'"),
        (b'{"portfolio":"p","instrument":"A","side":"buy","quantity":0}', "quantity must be finite and above 0, got 0"),
        (b'{"portfolio":"p","instrument":"A","side":"buy","quantity":"1"}', "Expected `float`, got `str`"),
        (b'{"portfolio":"p","instrument":"A","side":"buy","quantity":1,"price":2}', "unknown field `price`"),
        (b'{"portfolio":"","instrument":"A","side":"buy","quantity":1}', "length >= 1"),
        (b"\xff", "."),
    ],
)
def test_a_bad_question_is_refused_with_its_reason(content: bytes, told: str) -> None:
    with pytest.raises(OrderRefusedError, match=told) as refused:
        decode_question(content)
    assert refused.value.code is RefusalCode.BAD_REQUEST


def test_the_answer_as_json_has_numbers_with_status_and_the_state_it_saw() -> None:
    core = desk()
    question = decode_question(
        b'{"portfolio":"firm/desk","instrument":"A","side":"buy","quantity":200,"request_id":"7"}'
    )
    document = json.loads(answer_json(OrderChecker(core).check(question)))
    assert (document["schema"], document["request_id"], document["outcome"], document["quantity"]) == (
        "risk.order_check", "7", "reduced", 80.0,
    )  # fmt: skip
    assert document["seen"] == {"shard": 0, "epoch": 1, "n": core.n, "d": core.enforcer.decisions, "ts": core.now_ns}
    book = document["scopes"][0]
    assert book["metrics"]["gross"]["after"] == {"value": 20_000.0, "status": "OK"}
    assert book["metrics"]["var_99"]["whole"] == {"value": None, "status": "INSUFFICIENT"}
    assert [each["binds"] for each in document["limits"]] == [True, False]
    refusal = json.loads(refusal_json(RefusalCode.LOT, "why", "7"))
    assert (refusal["error"], refusal["request_id"]) == ("LOT", "7")


def test_how_much_may_go_is_told_with_all_digits(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody types it off: 1.99989e+06 would be ten too many."""
    core = desk([GROSS | {"levels": [{"at": 2e8 + 500.0, "action": "halt"}]}])
    answer = ask(core, "A", 2_345_678.0)
    assert answer.quantity == 1_999_885.0
    assert answer.reason.startswith("1999885 of 2345678 may go: ")
    print_answer(answer_json(answer), as_json=False)
    assert "REDUCED  buy 1999885 of 2345678 A for firm/desk\n" in capsys.readouterr().out
    with pytest.raises(OrderRefusedError, match=r"lot 10 of NEW, got 1234567\.5$"):
        ask(core, "NEW", 1_234_567.5)


def test_what_is_printed_is_the_bytes_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """A name between colons is a name: rich would make an ox of it."""
    content = b'{"instrument":"X:PIT:ox:1"}'
    print_answer(content, as_json=True)
    assert capsys.readouterr().out.encode() == content + b"\n"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_names_of_limits_and_books_are_never_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    """In 80 columns, and in a pipe, where someone greps for them."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    limit = GROSS | {"id": "gross_exposure_of_every_single_book", "levels": [{"at": 2_345_678.0, "action": "halt"}]}
    print_answer(answer_json(ask(desk([limit]), "A", 90_000.0)), as_json=False)
    printed = capsys.readouterr().out
    assert "…" not in printed
    table = printed[printed.index("seen after") :]
    if not is_terminal:
        assert "gross_exposure_of_every_single_book" in table
    assert "2,345,678" in table
