"""Leases in the reader: what runs out, what comes in another order, what a lease knows that was not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.action_leases import LEASE_AHEAD_NS_MAX
from feeds.action_partition import BEHIND_NS_MAX, AlarmKind
from feeds.action_records import TradingState
from feeds.action_state import IN_DOUBT, LEASE_EXPIRED, LEASE_FROM_THE_FUTURE, NOT_READ, ActionState
from feeds.order_verdict import Holding, Order, Outcome
from tests.feeds.actions_sample import (
    HALT,
    LEASE_NS,
    NOW,
    REDUCE,
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
    state.lease(lease("firm", 2, valid_until=NOW + 2 * LEASE_NS), 0)
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


def test_the_last_lease_of_a_scope_counts_not_the_one_that_ends_last() -> None:
    """A clock that ran ahead once, and was set right, must not vouch for riskd afterwards."""
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm", 1, valid_until=NOW + 2 * LEASE_NS), 0)
    state.lease(lease("firm", 1, valid_until=NOW + LEASE_NS), 0)
    assert state.leased_until_ns("firm") == NOW + LEASE_NS
    assert codes(state, "firm", NOW + LEASE_NS) == [LEASE_EXPIRED]


def test_a_lease_that_ends_too_far_ahead_does_not_hold_and_is_told_once() -> None:
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm", 1, valid_until=NOW + LEASE_AHEAD_NS_MAX), 0)
    assert (codes(state, "firm"), state.check(NOW)) == ([], ())
    assert codes(state, "firm/eq", NOW - 1) == [LEASE_FROM_THE_FUTURE]
    assert [(alarm.kind, alarm.scope) for alarm in state.check(NOW - 1)] == [(AlarmKind.LEASE_FROM_THE_FUTURE, "firm")]
    assert state.check(NOW - 2) == ()
    assert [alarm.kind for alarm in state.check(NOW + LEASE_AHEAD_NS_MAX)] == [AlarmKind.LEASE_EXPIRED]
    order = Order("firm", "ABC", "buy", 1.0)
    state.lease(lease("firm", 1, valid_until=NOW + 10 * 365 * 86_400 * SECOND), 0)
    assert state.allowed(order, Holding(), NOW + 86_400 * SECOND).outcome is Outcome.NO, "a day after riskd died"
    state.lease(lease("firm", 1, on_expiry="hold", valid_until=NOW + 10 * LEASE_NS), 0)
    assert codes(state, "firm") == [], "where riskd only watches, a wrong clock stops nobody"


def left(*, is_told: bool = True) -> ActionState:
    """Partition 0 restricted a configured root until partition 1 saw its positions; its last word of it is `hold`."""
    state = ActionState([0, 1])
    history = (action("firm", 1, REDUCE, limit="model_available"), action("firm", 2)) if is_told else ()
    for offset, value in enumerate(history):
        state.apply(None, value, 0, offset)
    for number in (0, 1):
        state.reached_end(number)
        state.reached_lease_end(number)
    state.lease(lease("firm", len(history), on_expiry="hold"), 0)
    return state


@pytest.mark.parametrize("is_told", [True, False])
def test_the_home_of_a_root_must_hold_a_lease_and_the_partition_that_it_left_need_not(is_told: bool) -> None:
    state, late = left(is_told=is_told), NOW + 3_600 * SECOND
    state.lease(lease("firm", 0), 1)
    assert codes(state, "firm/eq") == []
    state.lease(lease("firm", 0, valid_until=late + LEASE_NS), 1)
    assert codes(state, "firm/eq", late) == [], "the shard that the root left may be dead for an hour"
    state.lease(lease("firm", 2 * is_told, on_expiry="hold", valid_until=late + 2 * LEASE_NS), 0)
    assert codes(state, "firm/eq", late + LEASE_NS) == [LEASE_EXPIRED], "and it cannot vouch for the home"


def test_a_record_of_the_home_needs_a_lease_of_the_home() -> None:
    state = left()
    state.apply(None, action("firm", 1), 1, 0)
    assert codes(state, "firm") == [LEASE_EXPIRED]
    state.lease(lease("firm", 1), 1)
    assert codes(state, "firm") == []


def test_the_lease_that_a_root_left_behind_says_restrict_until_it_says_hold() -> None:
    state, late = left(), NOW + LEASE_NS
    state.apply(None, action("firm", 3, REDUCE, limit="model_available"), 0, 2)
    state.lease(lease("firm", 0, valid_until=late + LEASE_NS), 1)
    assert codes(state, "firm", late) == ["VAR_LIMIT_BREACHED", LEASE_EXPIRED], "its record is later than its lease"
    state.apply(None, action("firm", 4), 0, 3)
    assert codes(state, "firm", late) == [LEASE_EXPIRED]
    state.lease(lease("firm", 4, on_expiry="hold"), 0)
    assert codes(state, "firm", late) == []


def test_a_scope_that_only_builtin_limits_restricted_is_not_stopped_by_the_death_of_riskd() -> None:
    """They act in every mode, and what they said is over; the later lease says that nothing acts there."""
    state = following(action("firm", 1, REDUCE), action("firm", 2), is_leased=True)
    state.lease(lease("firm", 2, on_expiry="hold"), 0)
    assert codes(state, "firm", NOW + LEASE_NS) == []


def test_the_lease_of_a_child_covers_no_record_of_its_parent() -> None:
    state = following(action("firm", 1), is_leased=True)
    state.lease(lease("firm/eq", 1), 0)
    assert codes(state, "firm/eq") == [LEASE_EXPIRED]


LEASES = st.lists(
    st.tuples(st.sampled_from(SCOPES[:3]), st.integers(0, 1), st.booleans(), st.integers(0, 90),
              st.sampled_from(["restrict", "hold", None])),
    max_size=8,
)  # fmt: skip


@given(drawn=LEASES, data=st.data(), after_s=st.integers(0, 100))
def test_leases_that_were_replaced_and_those_of_replaced_writers_change_nothing(
    drawn: list[tuple[str, int, bool, int, str | None]], data: st.DataObject, after_s: int
) -> None:
    """What compaction keeps says the same as the whole topic."""
    seq, epoch, values, kept = 0, 1, [], dict[str, bytes]()
    for scope, step, is_restart, seconds, on_expiry in drawn:
        seq, epoch = seq + step, epoch + is_restart
        value = lease(scope, seq, epoch=epoch, valid_until=NOW + seconds * SECOND, on_expiry=on_expiry)
        values.append(value)
        kept.pop(scope, None)
        kept[scope] = value
        if data.draw(st.booleans()):
            values.append(lease(scope, 99, epoch=epoch - 1, valid_until=NOW + 30 * SECOND))
    base = [action("firm", 1, THROTTLE, epoch=1)]
    whole, compacted = following(*base, is_leased=True), following(*base, is_leased=True)
    for value in values:
        whole.lease(value, 0)
    for value in kept.values():
        compacted.lease(value, 0)
    at = NOW + after_s * SECOND
    assert picture(whole, at) == picture(compacted, at)
    assert whole.check(at) == compacted.check(at)
