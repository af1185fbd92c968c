"""One decision path: what differs between the modes, and what must not."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Level
from enforcement.records import Action, Effect, encode
from risk.measures import Status
from tests.enforcement.desk import MINUTE, SECOND, Desk, config_with, limit_with, measures_with

LIMITS = (
    limit_with(levels=[Level(name="soft", at=1e5, action="throttle"), Level(name="hard", at=2e5, action="halt")]),
    limit_with("stress", "stress_failure", "worst_loss", at=1e5, action="reduce_position"),
    limit_with("top", "concentration", "top_share", at=0.25, action="warn", latch=True),
    limit_with("lev", "leverage", "gross_leverage", at=4.0, action="reduce_position", **{"for": MINUTE}),
)
CAP = limit_with("cap", "exposure", "gross", at=1e6, action="halt", hard=True)
VALUES = st.fixed_dictionaries({
    "var_99": st.sampled_from([5e4, 9.5e4, 1.5e5, 3e5]), "worst_loss": st.sampled_from([5e4, 9.5e4, 2e5]),
    "top_share": st.sampled_from([0.1, 0.23, 0.4]), "gross_leverage": st.sampled_from([1.0, 3.9, 5.0]),
    "gross": st.sampled_from([1e5, 2e6]),
})  # fmt: skip
STEPS = st.lists(
    st.tuples(
        VALUES, st.sampled_from(["price", "other"]), st.sampled_from([SECOND, MINUTE, 20 * MINUTE]), st.booleans(),
        st.sampled_from(list(Status)), st.booleans(), st.integers(3, 12),
    ),
    max_size=15,
)  # fmt: skip


def play(desk: Desk, steps) -> Desk:
    """Show the steps to the desk; a status falls on every metric, and a book is sometimes unknown at first."""
    for values, cause, after_ns, is_suspect, status, opens_session, names in steps:
        desk.session += opens_session
        statuses = dict.fromkeys(values, status)
        shown = measures_with(names=names, statuses=statuses, known=bool(desk.n or names % 2), **values)
        desk.see(cause, after_ns=after_ns, suspect=is_suspect, measures=shown)
    return desk


def without_mode(action: Action) -> bytes:
    """Return the action without what a mode may change."""
    cause = msgspec.structs.replace(action.cause, published_type="none")
    return encode(msgspec.structs.replace(action, mode="full", effect=Effect.SHADOW, cause=cause))


@settings(max_examples=60)
@given(STEPS)
def test_every_mode_makes_the_same_decisions_and_the_same_shadow_records(steps) -> None:
    desks = {mode: play(Desk(config_with(*LIMITS, mode=mode)), steps) for mode in ("monitoring", "gradual", "full")}
    decisions = {mode: [encode(each.decision) for each in desk.outcomes] for mode, desk in desks.items()}
    assert decisions["monitoring"] == decisions["gradual"] == decisions["full"]
    shadows = {
        mode: [without_mode(each.shadow) for each in desk.outcomes if each.shadow] for mode, desk in desks.items()
    }
    assert shadows["monitoring"] == shadows["gradual"] == shadows["full"]


@settings(max_examples=60)
@given(STEPS)
def test_nothing_is_enforced_in_monitoring_or_in_gradual_without_evidence(steps) -> None:
    for mode in ("monitoring", "gradual"):
        desk = play(Desk(config_with(*LIMITS, mode=mode)), steps)
        assert [outcome.enforced for outcome in desk.outcomes if outcome.enforced] == []
        assert {outcome.shadow.effect for outcome in desk.outcomes if outcome.shadow} <= {Effect.SHADOW}


@settings(max_examples=60)
@given(STEPS)
def test_in_full_both_topics_hold_the_same_state(steps) -> None:
    for outcome in play(Desk(config_with(*LIMITS, mode="full")), steps).outcomes:
        assert (outcome.enforced is None) == (outcome.shadow is None)
        if outcome.enforced is not None and outcome.shadow is not None:
            assert outcome.enforced.active == outcome.shadow.active
            assert outcome.enforced.params == outcome.shadow.params
            assert {"cancel", "reduce"} <= set(outcome.enforced.allowed)


@settings(max_examples=60)
@given(STEPS)
def test_sequences_have_no_gaps_and_each_record_carries_the_whole_state(steps) -> None:
    desk = play(Desk(config_with(*LIMITS, CAP, mode="full")), steps)
    for records in (
        [outcome.enforced for outcome in desk.outcomes if outcome.enforced],
        [outcome.shadow for outcome in desk.outcomes if outcome.shadow],
    ):
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        assert len({record.action_id for record in records}) == len(records)
        if records:
            states = desk.enforcer.trading_states("firm")
            assert records[-1].trading_state == (states.own if records[-1].effect == "enforced" else states.shadow_own)
    numbers = [outcome.decision.d for outcome in desk.outcomes]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("mode", ["monitoring", "gradual", "full"])
def test_a_hard_limit_is_enforced_in_every_mode_and_merges_no_shadow_limit(mode: str) -> None:
    var = limit_with(action="throttle", mode="monitoring")
    desk = Desk(config_with(var, CAP, mode=mode))
    desk.see(var_99=3e5, gross=2e6)
    enforced = [outcome.enforced for outcome in desk.outcomes if outcome.enforced]
    assert [[each.limit for each in action.active] for action in enforced] == [["cap"]]
    shadow = [outcome.shadow for outcome in desk.outcomes if outcome.shadow]
    assert [each.limit for each in shadow[-1].active] == ["cap", "var_99"]
