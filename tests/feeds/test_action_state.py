"""The reader's state machine: the path, epochs, repeats, and records that nobody understands."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.records import Effect, HaltParams, ReduceParams
from feeds.action_partition import REMEMBERED_IDS_MAX, AlarmKind
from feeds.action_records import ActionRecord, TradingState
from feeds.action_state import UNKNOWN_RECORD, ActionState
from feeds.order_verdict import Holding, Order
from tests.feeds.actions_sample import (
    HALT,
    NOW,
    REDUCE,
    SCOPES,
    THROTTLE,
    action,
    codes,
    following,
    state_of,
)


def test_the_worst_on_the_path_counts_and_children_do_not() -> None:
    state = following(action("firm", 1, THROTTLE), action("firm/eq", 2, HALT), action("firm/eq/arb", 3, REDUCE))
    assert [state_of(state, scope) for scope in SCOPES] == ["THROTTLED", "HALTED", "HALTED", "THROTTLED", "ACTIVE"]
    at = state.standing("firm/eq/arb", NOW)
    assert [(cause.scope, cause.state) for cause in at.causes] == [
        ("firm/eq", "HALTED"), ("firm/eq/arb", "REDUCING"), ("firm", "THROTTLED"),
    ]  # fmt: skip
    assert [(scope, target.max_abs_qty) for scope, target in at.targets] == [("firm/eq/arb", 40.0)]
    assert [scope for scope, _ in at.throttles] == ["firm"]
    assert (at.cancel_working, at.flatten) == ("increasing", False)
    verdict = state.allowed(Order("firm/eq/arb", "ABC", "buy", 1.0), Holding(), NOW)
    assert verdict.cause is not None
    assert (verdict.cause.scope, verdict.cause.limit) == ("firm/eq", "var99")


def test_a_reduction_that_counts_orders_as_gone_takes_them_back() -> None:
    state = following(action("firm/eq", 1, ReduceParams(REDUCE.targets, "increasing")))
    assert state.standing("firm/eq", NOW).cancel_working == "increasing"


def test_the_strictest_halt_on_the_path_says_what_is_cancelled_and_whether_to_flatten() -> None:
    state = following(
        action("firm", 1, HaltParams("none", flatten=True)), action("firm/eq", 2, HaltParams("all", flatten=False))
    )
    at = state.standing("firm/eq", NOW)
    assert (at.cancel_working, at.flatten) == ("all", True)
    assert state.standing("firm", NOW).cancel_working == "none"


def test_an_active_record_lifts_what_its_scope_held() -> None:
    state = following(action("firm", 1, HALT))
    state.apply(None, action("firm", 2), 0, 1)
    assert state_of(state, "firm") is TradingState.ACTIVE


def test_a_replaced_writer_is_not_heard() -> None:
    state = following(action("firm", 1, HALT, epoch=2))
    seen = state.apply(None, action("firm", 2, epoch=1, action_id="zombie"), 0, 1)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.STALE_EPOCH]
    assert state_of(state, "firm") is TradingState.HALTED
    assert state.apply(None, action("firm", 2, epoch=2), 0, 2).alarms == (), "its number was not used up"
    assert state_of(state, "firm") is TradingState.ACTIVE


def test_a_replaced_writer_is_not_heard_either_where_the_topic_lost_its_history() -> None:
    state = following(action("firm", 1, HALT, epoch=2))
    state.apply(None, action("other", 3, epoch=2), 0, 1)
    state.read_again(0)
    state.reached_end(0)
    seen = state.apply(None, action("firm", 2, epoch=1, action_id="zombie"), 0, 0)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.STALE_EPOCH]


def test_one_number_with_two_contents_alarms_and_restricts() -> None:
    state = following(action("firm", 1), action("firm", 2))
    seen = state.apply(None, action("firm", 2, HALT, action_id="another"), 0, 2)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.CONFLICT]
    assert (seen.news, state.to_read_again) == (None, (0,))
    state.read_again(0)
    history = (action("firm", 1), action("firm", 2), action("firm", 2, HALT, epoch=2, action_id="another"))
    for offset, value in enumerate(history):
        state.apply(None, value, 0, offset)
    state.reached_end(0)
    assert state_of(state, "firm") is TradingState.HALTED, "the newer epoch counts"
    assert state.apply(None, action("firm", 3, epoch=2), 0, 3).alarms == ()


def test_repeats_beyond_memory_lead_to_another_reading_and_never_to_an_old_state() -> None:
    many = [action("firm", seq, THROTTLE if seq % 2 else None) for seq in range(1, REMEMBERED_IDS_MAX + 4)]
    state = following(*many, action("firm", len(many) + 1, HALT))
    seen = state.apply(None, many[0], 0, len(many) + 1)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.CONFLICT]
    assert state_of(state, "firm") is TradingState.HALTED


def test_a_repeated_id_with_a_number_far_ahead_is_still_a_gap() -> None:
    state = following(action("firm", 1, action_id="same"))
    seen = state.apply(None, action("firm", 5, action_id="same"), 0, 1)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.GAP]
    assert state.to_read_again == (0,)


def changed(value: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(value) | fields).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"schema_version": 2},
        {"schema": "risk.other"},
        {"type": "liquidate"},
        {"type": "throttle"},  # with the parameters of nothing
        {"type": "throttle", "params": {"max_orders": -1, "interval_ms": 1, "max_notional": 1.0}},
        {"type": "throttle", "params": {"max_orders": 1, "interval_ms": 0, "max_notional": 1.0}},
        {"type": "reduce_position", "params": {"targets": [{"instrument": "A", "max_abs_qty": 1}]}},
        {"type": "halt", "params": {"cancel_working": "some"}},
        {"effect": "perhaps"},
        {"trading_state": "FREE"},
    ],
)  # fmt: skip
def test_what_the_reader_does_not_understand_restricts_its_scope_and_is_told(fields: dict[str, object]) -> None:
    state = following(action("firm", 1))
    seen = state.apply(b"firm/eq", changed(action("firm/eq", 2), **fields), 0, 1)
    assert [(alarm.kind, alarm.scope) for alarm in seen.alarms] == [(AlarmKind.UNKNOWN, "firm/eq")]
    assert (state_of(state, "firm/eq"), codes(state, "firm/eq")) == ("REDUCING", [UNKNOWN_RECORD])
    assert state_of(state, "firm/eq/arb") is TradingState.REDUCING
    assert state_of(state, "firm") is TradingState.ACTIVE
    assert state.record("firm/eq") is None
    assert state.apply(None, action("firm/eq", 3), 0, 2).alarms == (), "its number counts"
    assert state_of(state, "firm/eq") is TradingState.ACTIVE


def test_what_an_unknown_record_replaced_is_no_news_at_the_end_of_the_reading() -> None:
    state = ActionState([0], is_leased=False)
    state.apply(None, action("firm", 1, THROTTLE), 0, 0)
    state.apply(None, changed(action("firm", 2), type="liquidate"), 0, 1)
    assert state.reached_end(0) == ()
    assert state_of(state, "firm") is TradingState.REDUCING


def test_an_unknown_record_that_says_halted_is_taken_at_its_word() -> None:
    state = following(changed(action("firm", 1, HALT), type="liquidate"))
    assert state_of(state, "firm") is TradingState.HALTED


@pytest.mark.parametrize("value", [b"", None, b"\xff", b"[]", b"{", b"[" * 5_000, b'{"seq":true,"scope":7}'])
def test_unreadable_bytes_restrict_the_scope_of_their_key_or_else_all(value: bytes | None) -> None:
    state = following(action("firm", 1), action("other", 2))
    assert [alarm.scope for alarm in state.apply(b"firm", value, 0, 2).alarms] == ["firm"]
    assert (state_of(state, "firm"), state_of(state, "other")) == ("REDUCING", "ACTIVE")
    assert [alarm.scope for alarm in state.apply(None, value, 0, 3).alarms] == [None]
    assert state_of(state, "other") is TradingState.REDUCING
    assert state_of(state, "never-named") is TradingState.REDUCING


@given(value=st.binary(max_size=300), key=st.one_of(st.none(), st.binary(max_size=8)))
def test_no_bytes_break_the_reader_and_none_of_them_open_trading(value: bytes, key: bytes | None) -> None:
    state = following(action("firm", 1, HALT))
    state.apply(key, value, 0, 1)
    state.lease(value, 0)
    assert state_of(state, "firm") in (TradingState.HALTED, TradingState.REDUCING)


def test_a_record_that_contradicts_itself_is_taken_at_its_worst() -> None:
    assert state_of(following(changed(action("firm", 1, HALT), trading_state="ACTIVE")), "firm") == "HALTED"
    assert state_of(following(changed(action("firm", 1), trading_state="REDUCING")), "firm") == "REDUCING"


@pytest.mark.parametrize("effect", [Effect.SHADOW, Effect.SUPPRESSED])
def test_a_shadow_record_never_acts_and_whoever_reads_that_topic_is_told(effect: Effect) -> None:
    state = following(action("firm", 1))
    seen = state.apply(None, action("firm", 2, HALT, effect=effect), 0, 1)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.NOT_ENFORCED]
    assert (seen.news, state_of(state, "firm")) == (None, "ACTIVE")


def test_extra_fields_are_no_unknown_record() -> None:
    assert state_of(following(changed(action("firm", 1, THROTTLE), colour="red")), "firm") == "THROTTLED"


def test_the_state_of_a_scope_is_read_as_it_was_published() -> None:
    state = following(action("firm", 1, THROTTLE))
    record = state.record("firm")
    assert isinstance(record, ActionRecord)
    assert record.throttle is not None
    assert msgspec.to_builtins(record.throttle) == msgspec.to_builtins(THROTTLE)
    assert (record.requires_ack, record.limit, record.reason) == (True, "var99", "var99 speaks")


def test_a_reader_needs_a_partition() -> None:
    with pytest.raises(ValueError, match="partitions must be at least one"):
        ActionState([])


def test_importing_the_reader_brings_none_of_the_heavy_parts() -> None:
    """A trading system takes the reader alone."""
    code = (
        "import sys, feeds.action_reader, feeds.action_acks; "
        "print(*{name.split('.')[0] for name in sys.modules}, *(name for name in sys.modules if name[:6] == 'feeds.'))"
    )
    root = Path(__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    names = set(loaded.split())
    assert {"feeds.action_state", "confluent_kafka", "msgspec"} <= names
    heavy = {
        "numpy",
        "numba",
        "scipy",
        "pandas",
        "pydantic",
        "yaml",
        "orjson",
        "config",
        "risk",
        "sensors",
        "enforcement",
    }
    assert not names & (heavy | {"audit", "daemon"})
    assert {name for name in names if name.startswith("feeds.")} == {
        "feeds.action_acks", "feeds.action_leases", "feeds.action_partition", "feeds.action_reader",
        "feeds.action_records", "feeds.action_state", "feeds.book_share", "feeds.exact", "feeds.order_verdict",
    }  # fmt: skip
