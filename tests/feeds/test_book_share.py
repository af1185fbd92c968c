"""What one book has to meet of what is asked of it and of the portfolios above it."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.records import BookTarget as CoreBookTarget
from enforcement.records import ReduceParams
from enforcement.records import Target as CoreTarget
from feeds.action_records import BookTarget, Target, TradingState
from feeds.book_share import room, smallest, targets_of_book
from feeds.order_verdict import Holding, Order, OrdersSent, Outcome, Standing, judge
from tests.feeds.actions_sample import NOW, action, following

PARENT = ReduceParams(
    (CoreTarget("ABC", 100.0, "sell"), CoreTarget("XYZ", 30.0, "buy")),
    books=(
        CoreBookTarget("firm/eq/arb", "ABC", 60.0, "sell"),
        CoreBookTarget("firm/fx", "ABC", 40.0, "sell"),
        CoreBookTarget("firm/eq/_self", "ABC", 10.0, "sell"),
    ),
    clears_if="ABC <= 100 and XYZ <= 30 clears var99.hard, gross.hard",
)
OWN = ReduceParams((CoreTarget("ABC", 70.0, "sell"),))


def test_a_book_reads_its_share_of_what_a_parent_has_to_meet_and_nobody_elses() -> None:
    state = following(action("firm", 1, PARENT), action("firm/eq/arb", 2, OWN))
    at = state.standing("firm/eq/arb", NOW)
    asked = targets_of_book("firm/eq/arb", at.targets, at.shares)
    assert asked == (Target("ABC", 70.0, "sell"), Target("ABC", 60.0, "sell"))
    assert smallest(asked, "ABC") == 60.0
    assert smallest(asked, "XYZ") == inf
    there = state.standing("firm/eq", NOW)
    assert targets_of_book("firm/eq", there.targets, there.shares) == (Target("ABC", 10.0, "sell"),)
    top = state.standing("firm", NOW)
    assert targets_of_book("firm", top.targets, top.shares) == (), "the net target is no book's"


def test_a_record_without_shares_is_read_as_before() -> None:
    state = following(action("firm/eq/arb", 1, OWN))
    at = state.standing("firm/eq/arb", NOW)
    assert (at.shares, targets_of_book("firm/eq/arb", at.targets, at.shares)) == ((), (Target("ABC", 70.0, "sell"),))


def verdict(state: TradingState, side: str, quantity: float, position: float) -> tuple[Outcome, float, str]:
    """Ask for an order of a book whose share is 60; a record that contradicts itself may stand beside any state."""
    standing = Standing(state, shares=(("firm", BookTarget("firm/eq/arb", "ABC", 60.0, "sell")),))
    order = Order("firm/eq/arb", "ABC", "buy" if side == "buy" else "sell", quantity, quantity)
    found = judge(standing, order, Holding(position), OrdersSent(), NOW)
    return found.outcome, found.quantity, found.reason


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.THROTTLED])
@pytest.mark.parametrize(
    ("side", "quantity", "position", "allowed"),
    [("buy", 10.0, 50.0, 10.0), ("buy", 11.0, 50.0, 10.0), ("buy", 5.0, 60.0, 0.0), ("buy", 5.0, 80.0, 0.0),
     ("sell", 80.0, 80.0, 80.0), ("sell", 30.0, 80.0, 30.0), ("sell", 70.0, 0.0, 60.0)],
)  # fmt: skip
def test_no_order_takes_a_book_over_its_share_and_one_that_reduces_always_goes(
    state: TradingState, side: str, quantity: float, position: float, allowed: float
) -> None:
    outcome, size, reason = verdict(state, side, quantity, position)
    assert size == allowed
    assert (outcome is Outcome.GO) == (allowed == quantity)
    if allowed < quantity:
        assert reason == f"firm/eq/arb may hold at most 60 of ABC: {allowed:g} of {quantity:g}"


@given(st.sampled_from(list(TradingState)), st.floats(1.0, 1e6), st.floats(0.001, 1.0))
def test_in_every_state_a_book_over_its_share_may_come_down(state: TradingState, held: float, part: float) -> None:
    assert verdict(state, "sell", held * part, held)[0] is Outcome.GO


def test_room_counts_what_is_on_its_way() -> None:
    assert room(60.0, position=40.0, pending_buy=15.0, pending_sell=90.0, side="buy") == 5.0
    assert room(60.0, position=-40.0, pending_buy=90.0, pending_sell=30.0, side="sell") == 0.0
    assert room(0.3, position=0.1, pending_buy=0.0, pending_sell=0.0, side="buy") == 0.2
    assert room(inf, position=1.0, pending_buy=0.0, pending_sell=0.0, side="buy") == inf
