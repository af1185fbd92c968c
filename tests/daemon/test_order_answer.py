"""Questions about orders as bytes, and their answers as JSON."""

import json

import pytest

from daemon.order_answer import OrderRefusedError, RefusalCode, answer_json, decode_question, refusal_json
from daemon.order_check import OrderChecker
from tests.daemon.order_desk import desk


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
