"""What the reader says before it has read everything, after a gap, and while it reads again."""

from enforcement.records import NoParams
from feeds.action_partition import AlarmKind, Seen
from feeds.action_records import TradingState
from feeds.action_state import IN_DOUBT, NOT_READ, ActionState
from feeds.order_verdict import Holding, Order, Outcome
from tests.feeds.actions_sample import HALT, NOW, THROTTLE, action, codes, following, lease, state_of


def test_nothing_opens_before_the_current_state_was_read() -> None:
    state = ActionState([0, 1], is_leased=False)
    order = Order("firm", "ABC", "buy", 1.0)
    assert codes(state, "firm") == [NOT_READ, NOT_READ]
    assert state.allowed(order, Holding(), NOW).outcome is Outcome.NO
    assert state.allowed(Order("firm", "ABC", "sell", 1.0), Holding(1.0), NOW).outcome is Outcome.GO
    state.reached_end(0)
    assert codes(state, "firm") == [NOT_READ], "the root may live in the other partition"
    state.reached_end(1)
    assert state.is_read
    assert state.allowed(order, Holding(), NOW).outcome is Outcome.GO


def test_a_root_waits_for_all_partitions_at_first_and_afterwards_for_those_that_named_it() -> None:
    """The first shard may have named a root that another one halts."""
    state = ActionState([0, 1], is_leased=False)
    state.apply(None, action("firm", 1), 0, 0)
    state.reached_end(0)
    assert codes(state, "firm/eq") == [NOT_READ]
    state.apply(None, action("firm", 1, HALT), 1, 0)
    state.reached_end(1)
    assert state_of(state, "firm/eq") is TradingState.HALTED
    state.apply(None, action("firm", 2), 1, 1)
    state.apply(None, action("other", 2), 0, 1)
    assert codes(state, "firm/eq") == codes(state, "other") == []
    state.apply(None, action("far", 4), 1, 2)
    assert codes(state, "firm") == codes(state, "nobody") == [IN_DOUBT], "where both could have named it"
    assert codes(state, "other") == []
    state.read_again(1)
    assert (codes(state, "firm"), codes(state, "other")) == ([NOT_READ], [])


def test_a_root_waits_for_the_leases_of_all_partitions_too() -> None:
    state = ActionState([0, 1])
    state.reached_end(0)
    state.reached_end(1)
    state.lease(lease("firm", 0), 0)
    state.reached_lease_end(0)
    assert codes(state, "firm") == [NOT_READ]
    state.reached_lease_end(1)
    assert codes(state, "firm") == []


def test_another_record_where_one_was_read_before_is_told_and_the_history_is_read_again() -> None:
    """The brokers lost the end of the topic, and riskd went on in its place."""
    history = [action("firm", seq) for seq in range(1, 6)]
    state = following(*history)
    seen = state.apply(None, action("firm", 6, HALT, epoch=2), 0, 4)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.CONFLICT]
    assert state.apply(None, action("firm", 7, HALT, epoch=2), 0, 4) == Seen(), "told once"
    assert (codes(state, "firm"), state.to_read_again) == ([IN_DOUBT], (0,))
    state.read_again(0)
    for offset, value in enumerate([*history[:4], action("firm", 6, HALT, epoch=2)]):
        assert state.apply(None, value, 0, offset).alarms == ()
    state.reached_end(0)
    assert state_of(state, "firm") is TradingState.HALTED


def test_the_compacted_history_is_a_base_and_its_gaps_are_normal() -> None:
    state = ActionState([0], is_leased=False)
    for offset, value in enumerate((action("firm/eq", 4, HALT), action("firm", 17, NoParams(), epoch=3))):
        seen = state.apply(None, value, 0, offset)
        assert (seen.news, seen.alarms) == (None, ())
    assert [(record.scope, record.seq) for record in state.reached_end(0)] == [("firm/eq", 4), ("firm", 17)]
    seen = state.apply(None, action("firm", 18, THROTTLE, epoch=3), 0, 9)
    assert seen.alarms == ()
    assert seen.news is not None
    assert (seen.news.type, state_of(state, "firm"), state_of(state, "firm/eq")) == ("throttle", "THROTTLED", "HALTED")


def test_a_gap_alarms_and_restricts_until_the_history_was_read_again() -> None:
    state = following(action("firm", 1), action("other", 2))
    seen = state.apply(None, action("other", 4), 0, 2)
    assert [alarm.kind for alarm in seen.alarms] == [AlarmKind.GAP]
    assert state.to_read_again == (0,)
    assert codes(state, "firm") == [IN_DOUBT], "the record that was missed may have been of any scope"
    state.read_again(0)
    assert codes(state, "firm") == [NOT_READ]
    for offset, value in enumerate(
        (action("firm", 1), action("other", 2), action("firm", 3, HALT), action("other", 4))
    ):
        assert state.apply(None, value, 0, offset).alarms == ()
    assert [record.seq for record in state.reached_end(0)] == [3], "what was known is no news"
    assert (state_of(state, "firm"), state_of(state, "other")) == ("HALTED", "ACTIVE")
    assert state.apply(None, action("firm", 5), 0, 4).alarms == ()


def test_reading_again_forgets_nothing_meanwhile() -> None:
    state = following(action("firm", 1, HALT))
    state.apply(None, action("other", 3), 0, 1)
    state.read_again(0)
    assert state_of(state, "firm") is TradingState.HALTED
    state.reached_end(0)
    assert state_of(state, "firm") is TradingState.HALTED, "even where the topic lost its history"
