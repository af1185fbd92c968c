"""Leases in the reader: what runs out, what comes in another order, what a lease knows that was not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.action_partition import BEHIND_NS_MAX, AlarmKind
from feeds.action_records import TradingState
from feeds.action_state import IN_DOUBT, LEASE_EXPIRED, NOT_READ, ActionState
from tests.feeds.actions_sample import (
    HALT,
    LEASE_NS,
    NOW,
    SCOPES,
    SECOND,
    THROTTLE,
    action,
    codes,
    following,
    lease,
    picture,
    state_of,
)


def test_a_lease_that_runs_out_restricts_where_a_limit_is_enforced() -> None:
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm", 1), 0)
    assert state_of(state, "firm/eq") is TradingState.ACTIVE, "the lease of an ancestor covers it"
    assert state.check(NOW) == ()
    end = NOW + LEASE_NS
    assert state_of(state, "firm/eq", end - 1) is TradingState.ACTIVE
    assert codes(state, "firm/eq", end) == [LEASE_EXPIRED]
    assert [(alarm.kind, alarm.scope) for alarm in state.check(end)] == [(AlarmKind.LEASE_EXPIRED, "firm")]
    assert state.check(end + 1) == (), "once"
    state.lease(lease("firm", 1, valid_until=end + LEASE_NS), 0)
    assert state_of(state, "firm/eq", end) is TradingState.ACTIVE
    assert state.check(end) == ()
    assert len(state.check(end + LEASE_NS)) == 1


def test_the_first_lease_of_a_path_to_end_says_how_long_it_holds() -> None:
    state = following(is_leased=True)
    assert state.leased_until_ns("firm/eq") is None
    state.lease(lease("firm", 0, valid_until=NOW + 2), 0)
    state.lease(lease("firm/eq", 0, valid_until=NOW + 1), 0)
    assert (state.leased_until_ns("firm"), state.leased_until_ns("firm/eq/arb")) == (NOW + 2, NOW + 1)


def test_expiry_never_relaxes_a_halt() -> None:
    state = following(action("firm", 1, HALT), is_leased=True)
    assert (state_of(state, "firm"), codes(state, "firm")) == ("HALTED", ["VAR_LIMIT_BREACHED", LEASE_EXPIRED])


@pytest.mark.parametrize(
    ("on_expiry", "has_record", "expected"),
    [
        ("hold", False, "ACTIVE"),  # riskd only watches here: its death stops nobody
        ("hold", True, "REDUCING"),  # an enforced record says restrict
        ("restrict", False, "REDUCING"),
        (None, False, "REDUCING"),
        (None, True, "REDUCING"),
    ],
)
def test_what_expiry_does_is_what_the_lease_and_the_records_say(
    on_expiry: str | None, has_record: bool, expected: str
) -> None:
    state = following(*([action("firm", 1)] if has_record else []), is_leased=True)
    state.lease(lease("firm", 0, on_expiry=on_expiry), 0)
    assert state_of(state, "firm/eq", NOW) == "ACTIVE"
    assert state_of(state, "firm/eq", NOW + LEASE_NS) == expected


def test_a_scope_without_any_lease_is_not_watched() -> None:
    state = following(is_leased=True)
    assert codes(state, "firm") == [LEASE_EXPIRED]
    state.lease(lease("firm/eq", 0), 0)
    assert codes(state, "firm") == [LEASE_EXPIRED], "the lease of a child covers no parent"
    assert codes(state, "firm/eq") == []


def test_leases_count_only_once_they_were_read_to_their_end() -> None:
    state = ActionState([0])
    state.reached_end(0)
    state.lease(lease("firm", 0, valid_until=1), 0)
    assert state.check(NOW) == (), "a newer one may follow"
    state.lease(lease("firm", 0), 0)
    assert codes(state, "firm") == [NOT_READ]
    state.reached_lease_end(0)
    assert codes(state, "firm") == []


def test_a_lease_of_a_lower_epoch_counts_for_nothing() -> None:
    state = following(action("firm", 1, epoch=3), is_leased=True)
    state.lease(lease("firm", 1, epoch=2), 0)
    assert codes(state, "firm") == [LEASE_EXPIRED], "a writer that was replaced vouches for nobody"
    state.lease(lease("firm", 9, epoch=2), 0)
    assert codes(state, "firm") == [LEASE_EXPIRED], "nor does what it says of numbers count"
    state.lease(lease("firm", 1, epoch=3), 0)
    assert codes(state, "firm") == []
    state.lease(lease("firm", 1, epoch=2, valid_until=NOW + 10 * LEASE_NS), 0)
    assert codes(state, "firm", NOW + LEASE_NS) == [LEASE_EXPIRED]


def test_a_lease_of_another_version_is_none() -> None:
    state = following(is_leased=True)
    state.lease(lease("firm", 0).replace(b'"schema_version": 1', b'"schema_version": 2'), 0)
    assert codes(state, "firm") == [LEASE_EXPIRED]


def test_a_lease_ahead_of_what_was_read_restricts_at_once_and_alarms_when_nothing_comes() -> None:
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm", 2, valid_until=NOW + 10 * LEASE_NS), 0)
    assert codes(state, "firm") == [IN_DOUBT]
    assert state.check(NOW) == state.check(NOW + BEHIND_NS_MAX) == ()
    late = NOW + BEHIND_NS_MAX + 1
    assert [alarm.kind for alarm in state.check(late)] == [AlarmKind.MISSED]
    assert state.to_read_again == (0,)
    assert state.check(late + SECOND) == ()


def test_a_record_that_a_lease_outran_by_a_moment_alarms_nobody() -> None:
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm", 2), 0)
    state.check(NOW)
    state.apply(None, action("firm", 2), 0, 1)
    assert codes(state, "firm") == []
    assert state.check(NOW + BEHIND_NS_MAX + 1) == ()


LEASES = st.lists(
    st.tuples(st.sampled_from(SCOPES[:3]), st.integers(0, 5), st.integers(1, 3), st.integers(0, 60),
              st.sampled_from(["restrict", "hold", None])),
    max_size=8,
)  # fmt: skip


@given(drawn=LEASES, data=st.data(), epoch=st.integers(1, 3), after_s=st.integers(0, 70))
def test_the_order_and_number_of_leases_change_nothing(
    drawn: list[tuple[str, int, int, int, str | None]], data: st.DataObject, epoch: int, after_s: int
) -> None:
    values = [
        lease(scope, seq, epoch=of, valid_until=NOW + seconds * SECOND, on_expiry=on_expiry)
        for scope, seq, of, seconds, on_expiry in drawn
    ]
    base = [action("firm", 1, THROTTLE, epoch=epoch)]
    one, other = following(*base, is_leased=True), following(*base, is_leased=True)
    for value in values:
        one.lease(value, 0)
    for value in data.draw(st.permutations(values + data.draw(st.lists(st.sampled_from(values or [b""]))))):
        other.lease(value, 0)
    at = NOW + after_s * SECOND
    assert picture(one, at) == picture(other, at)
    assert one.check(at) == other.check(at)
