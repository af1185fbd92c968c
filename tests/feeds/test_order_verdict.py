"""What REDUCING, a throttle and a halt let through: exactly, and whatever fills afterwards."""

from decimal import Decimal
from math import inf, nan
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.action_records import Target, Throttle, TradingState
from feeds.order_verdict import (
    TRACKED_ORDERS_MAX,
    Cause,
    Holding,
    Order,
    OrdersSent,
    Outcome,
    Standing,
    excess,
    judge,
    reducible,
    to_cancel,
)

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
Side = Literal["buy", "sell"]

# Quantities as exchanges have them: decimals; and floats of any kind.
AMOUNTS = st.one_of(
    st.decimals(0, 1_000_000, places=8).map(float), st.integers(0, 10_000).map(float), st.floats(0, 1e12)
)
SIDES: st.SearchStrategy[Side] = st.sampled_from(["buy", "sell"])
RESTRICTED = st.sampled_from([TradingState.REDUCING, TradingState.HALTED])


def standing(state: TradingState, *throttles: Throttle) -> Standing:
    cause = Cause(state, "firm", "var99", "VAR_LIMIT_BREACHED", "VaR is over")
    return Standing(state, (cause,), tuple(("firm", throttle) for throttle in throttles))


def allowed(at: Standing, side: Side, quantity: float, holding: Holding, notional: float | None = None) -> float:
    verdict = judge(at, Order("firm", "ABC", side, quantity, notional), holding, OrdersSent(), NOW)
    assert (verdict.outcome is Outcome.NO) == (verdict.quantity == 0)
    assert (verdict.outcome is Outcome.GO) == (verdict.quantity == quantity)
    return verdict.quantity


@given(state=RESTRICTED, position=AMOUNTS, is_short=st.booleans(), side=SIDES, quantity=AMOUNTS, pending=AMOUNTS,
       filled=st.floats(0, 1))  # fmt: skip
def test_no_order_that_reducing_lets_through_can_flip_or_grow_a_position_whatever_fills(
    state: TradingState, position: float, is_short: bool, side: Side, quantity: float, pending: float, filled: float
) -> None:
    if quantity == 0:
        return
    held = -position if is_short else position
    holding = Holding(held, pending_buy=pending, pending_sell=pending)
    let_through = allowed(standing(state), side, quantity, holding)
    if let_through == 0:
        return
    sign = -1 if side == "sell" else 1
    before = Decimal(repr(held))
    # Of the working orders on the same side, any part may fill as well.
    for share in (Decimal(0), Decimal(repr(filled)), Decimal(1)):
        after = before + sign * (Decimal(repr(let_through)) + share * Decimal(repr(pending)))
        assert abs(after) <= abs(before)
        assert after == 0 or (after > 0) == (before > 0)


@given(state=st.sampled_from(TradingState), position=st.integers(-1_000, 1_000), share=st.floats(0.001, 1))
def test_no_state_stops_an_order_that_reduces(state: TradingState, position: int, share: float) -> None:
    quantity = abs(position) * share
    if quantity == 0:
        return
    at = standing(state, Throttle(0, 1_000, 0.0))
    assert allowed(at, "sell" if position > 0 else "buy", quantity, Holding(float(position))) == quantity


@pytest.mark.parametrize(
    ("side", "quantity", "holding", "expected"),
    [
        ("sell", 10, Holding(10.0), 10),
        ("sell", 11, Holding(10.0), 10),  # the one more would flip the book
        ("buy", 1, Holding(10.0), 0),
        ("buy", 25, Holding(-10.0), 10),
        ("sell", 1, Holding(-10.0), 0),
        ("sell", 1, Holding(0.0), 0),
        ("buy", 1, Holding(0.0), 0),
        ("sell", 10, Holding(10.0, pending_sell=4.0), 6),
        ("sell", 10, Holding(10.0, pending_sell=15.0), 0),
        ("sell", 10, Holding(10.0, pending_buy=90.0), 10),  # a buy that may never fill gives no room
        ("sell", 0.2, Holding(0.3, pending_sell=0.1), 0.2),  # in floats 0.3 - 0.1 is a hair less
    ],
)
def test_reducing_is_exact(side: Side, quantity: float, holding: Holding, expected: float) -> None:
    assert allowed(standing(TradingState.REDUCING), side, quantity, holding) == expected
    assert allowed(standing(TradingState.HALTED), side, quantity, holding) == expected


def test_the_verdict_names_what_stood_in_the_way() -> None:
    order = Order("firm", "ABC", "buy", 5.0)
    verdict = judge(standing(TradingState.HALTED), order, Holding(), OrdersSent(), NOW)
    assert verdict.cause is not None
    assert (verdict.cause.limit, verdict.cause.scope) == ("var99", "firm")
    assert judge(Standing(), order, Holding(), OrdersSent(), NOW).cause is None


@pytest.mark.parametrize(
    ("throttle", "notional", "expected"),
    [
        (Throttle(10, 1_000, 1_000.0), 1_000.0, 8.0),
        (Throttle(10, 1_000, 1_000.0), 4_000.0, 2.0),
        (Throttle(10, 1_000, 1_000.0), None, 0.0),  # nobody knows whether it is under the ceiling
        (Throttle(10, 1_000, None), 1.0, 0.0),  # riskd does not know its ceiling
        (Throttle(10, 1_000, "Infinity"), None, 8.0),
        (Throttle(10, 1_000, 0.0), 1.0, 0.0),
        (Throttle(0, 1_000, "Infinity"), 1.0, 0.0),
        (Throttle(TRACKED_ORDERS_MAX + 1, 1_000, "Infinity"), 1.0, 0.0),  # cannot be counted
    ],
)
def test_a_throttle_limits_the_size_of_what_opens(throttle: Throttle, notional: float | None, expected: float) -> None:
    assert allowed(standing(TradingState.THROTTLED, throttle), "buy", 8.0, Holding(), notional) == expected


def test_the_strictest_throttle_on_the_path_counts() -> None:
    at = standing(TradingState.THROTTLED, Throttle(10, 1_000, 500.0), Throttle(10, 1_000, 250.0))
    assert allowed(at, "buy", 8.0, Holding(), 1_000.0) == 2.0


def test_a_throttle_counts_the_orders_of_its_interval_and_never_stops_a_reduction() -> None:
    at, sent = standing(TradingState.THROTTLED, Throttle(2, 1_000, "Infinity")), OrdersSent()
    opening, closing = Order("firm/eq", "ABC", "buy", 1.0), Order("firm/eq", "ABC", "sell", 1.0)

    def outcome(order: Order, now_ns: int) -> Outcome:
        return judge(at, order, Holding(5.0), sent, now_ns).outcome

    for now_ns in (NOW, NOW + SECOND // 2):
        assert outcome(opening, now_ns) is Outcome.GO
        sent.note("firm/eq", now_ns)
    assert outcome(opening, NOW + SECOND - 1) is Outcome.NO
    assert outcome(closing, NOW + SECOND - 1) is Outcome.GO
    assert outcome(opening, NOW + SECOND) is Outcome.GO, "the first order is out of the interval"


@given(times=st.lists(st.integers(0, 5_000), max_size=60), max_orders=st.integers(1, 5))
def test_no_interval_ever_holds_more_orders_than_the_throttle_allows(times: list[int], max_orders: int) -> None:
    throttle, sent = Throttle(max_orders, 1_000, "Infinity"), OrdersSent()
    went = []
    for time_ms in sorted(times):
        if not sent.is_used_up("firm", throttle, NOW + time_ms * 1_000_000):
            sent.note("firm", NOW + time_ms * 1_000_000)
            went.append(time_ms)
    assert all(sum(start <= each < start + 1_000 for each in went) <= max_orders for start in went)


@pytest.mark.parametrize(
    ("position", "pending_sell", "ceiling", "expected"),
    [(100.0, 0.0, 40.0, 60.0), (100.0, 30.0, 40.0, 30.0), (40.0, 0.0, 40.0, 0.0), (-100.0, 9.0, 40.0, 60.0)],
)
def test_excess_is_what_is_over_the_target_and_not_on_its_way_out(
    position: float, pending_sell: float, ceiling: float, expected: float
) -> None:
    targets = [Target("ABC", ceiling, "sell"), Target("ABC", 90.0, "sell"), Target("OTHER", 0.0, "sell")]
    assert excess(Holding(position, pending_sell=pending_sell), targets, "ABC") == expected
    assert excess(Holding(position), targets, "UNNAMED") == 0.0


@given(position=st.integers(-50, 50), drawn=st.lists(st.tuples(SIDES, st.integers(1, 40)), max_size=6), data=st.data())
def test_what_a_halt_leaves_working_can_neither_grow_nor_flip_the_position(
    position: int, drawn: list[tuple[Side, int]], data: st.DataObject
) -> None:
    working = [Order("firm", "ABC", side, float(quantity)) for side, quantity in drawn]
    cancelled = to_cancel(working, float(position), "increasing")
    left = [order for place, order in enumerate(working) if place not in cancelled]
    filled = [data.draw(st.integers(0, int(order.quantity))) for order in left]
    signed = [-done if order.side == "sell" else done for order, done in zip(left, filled, strict=True)]
    after = position + sum(signed)
    assert abs(after) <= abs(position)
    assert after == 0 or (after > 0) == (position > 0)
    for place in cancelled:  # none went that could have stayed
        more = sum(order.quantity for order in left) + working[place].quantity
        assert working[place].side != ("sell" if position > 0 else "buy") or more > abs(position)


def test_a_halt_cancels_all_or_none_where_it_says_so() -> None:
    working = [Order("firm", "ABC", "sell", 1.0), Order("firm", "ABC", "buy", 1.0)]
    assert to_cancel(working, 5.0, "all") == (0, 1)
    assert to_cancel(working, 5.0, "increasing") == (1,)
    assert to_cancel(working, 5.0, "none") == ()


@given(position=AMOUNTS, pending=AMOUNTS)
def test_what_is_reducible_is_within_the_position(position: float, pending: float) -> None:
    left = reducible(Holding(position, pending_sell=pending), "sell")
    assert left >= 0
    assert left == 0 or Decimal(repr(left)) + Decimal(repr(pending)) <= Decimal(repr(position))


@pytest.mark.parametrize("quantity", [0.0, -1.0, nan, inf])
def test_an_order_without_a_sensible_size_is_an_error(quantity: float) -> None:
    with pytest.raises(ValueError, match="quantity must be finite and above 0"):
        Order("firm", "ABC", "buy", quantity)
    with pytest.raises(ValueError, match="notional must be finite and above 0"):
        Order("firm", "ABC", "buy", 1.0, quantity)
    if quantity != 0.0:
        with pytest.raises(ValueError, match="pending_buy must be finite and at least 0"):
            Holding(0.0, pending_buy=quantity)


def test_a_position_that_is_no_number_is_an_error_and_no_permission() -> None:
    with pytest.raises(ValueError, match="position must be finite"):
        Holding(nan)
