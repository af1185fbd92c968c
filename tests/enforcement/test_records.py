"""Records: their bytes, ids and digests."""

from math import inf, nan

import msgspec
import pytest

from enforcement.records import Decision, action_id_of, digest_of, encode, episode_id_of, number, seal
from tests.enforcement.desk import Desk, config_with, limit_with


def fired() -> Desk:
    desk = Desk(config_with(limit_with(action="halt"), mode="full"))
    desk.see(var_99=3e5)
    return desk


def test_infinity_is_a_word_and_a_missing_number_is_null() -> None:
    assert [number(value) for value in (1.5, inf, -inf, nan)] == [1.5, "Infinity", "-Infinity", None]


def test_a_record_is_json_in_the_order_of_its_fields_without_nan() -> None:
    outcome = fired().outcomes[-1]
    assert outcome.enforced is not None
    for record in (outcome.decision, outcome.enforced):
        line = encode(record)
        assert b"NaN" not in line
        assert list(msgspec.json.decode(line)) == list(record.__struct_fields__)
        assert encode(record) == line


def test_a_decision_knows_no_mode_effect_epoch_or_sequence() -> None:
    assert not {"mode", "effect", "epoch", "seq", "published_type"} & set(Decision.__struct_fields__)


def test_the_digest_leaves_out_where_the_inputs_came_from_and_nothing_else() -> None:
    decision = fired().outcomes[-1].decision
    assert seal(decision) == decision
    inputs = msgspec.structs.replace(decision.inputs, n=99, offsets={"x": 1})
    moved = msgspec.structs.replace(decision, inputs=inputs, input_digest="other")
    assert seal(moved).digest == decision.digest
    for field, value in (("d", 7), ("scope", "x"), ("reason", "x"), ("statistic", 1.0), ("ts_decided", 1)):
        assert seal(msgspec.structs.replace(decision, **{field: value})).digest != decision.digest


@pytest.mark.parametrize("field", ["shard", "d", "limit", "scope", "episode_id", "level"])
def test_an_action_id_names_shard_number_limit_scope_episode_and_level(field: str) -> None:
    decision = fired().outcomes[-1].decision
    other = 5 if isinstance(getattr(decision, field), int) else "other"
    assert action_id_of(msgspec.structs.replace(decision, **{field: other})) != action_id_of(decision)
    assert len(action_id_of(decision)) == 32


def test_an_action_id_does_not_depend_on_inputs_or_reasons() -> None:
    decision = fired().outcomes[-1].decision
    assert action_id_of(msgspec.structs.replace(decision, reason="", input_digest="")) == action_id_of(decision)


def test_an_episode_id_names_limit_scope_and_ordinal() -> None:
    ids = {episode_id_of(*names) for names in (("a", "b", 1), ("b", "a", 1), ("a", "b", 2), ("ab", "", 1))}
    assert len(ids) == 4
    assert digest_of(("x", 1)) == digest_of(("x", 1))
