"""Splits and distributions restate what is older than their ex time and nothing else, also when they come late."""

import pytest

from tests.helpers import (
    MINUTE_NS,
    EventDict,
    Source,
    check,
    close,
    close_of,
    fill,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(12) + 120 * MINUTE_NS
AA, NAV = "exposures.by_instrument.AA", "nav"


def opening() -> list[Source]:
    """A hundred of AA, closes on three sessions, a quote at 40."""
    events: list[Source] = [
        stock("AA"),
        stock("BB"),
        snapshot({("firm", "AA"): 100.0}, open_of(9)),
        nav("firm", 1e4, open_of(9) + 1),
    ]
    for day, price in ((9, 38.0), (10, 39.0), (11, 40.0)):
        events += [close("AA", day, price), close("BB", day, 50.0, close_of(day) + 10**7)]
    return [*events, quote("AA", 40.0, NOON)]


def split(ex_ts: int, ts: int, factor: float = 0.5, **fields: object) -> EventDict:
    return {"type": "adjustment", "ts": ts, "instrument": "AA", "ex_ts": ex_ts, "price_factor": factor} | fields


def test_a_split_leaves_value_exposure_and_past_returns_where_they_were() -> None:
    before = play(opening(), small_setup())
    after = play([*opening(), split(NOON + 5, NOON + 5)], small_setup())
    one, other = before.state("firm"), after.state("firm")
    for key in ("nav", "index", "exposures", "var", "stress"):
        assert one[key] == other[key]
    assert after.core.state.arrays.mark[0] == 20.0
    assert after.core.state.arrays.quantity[0, 0] == 200.0
    cells = [each.core.state.arrays.returns[0, :2].tolist() for each in (before, after)]
    assert cells[0] == cells[1]


def test_an_announced_split_acts_at_its_ex_time() -> None:
    told = [*opening(), split(NOON + 50, NOON + 5)]
    assert play([*told, quote("BB", 50.0, NOON + 49)], small_setup()).core.state.arrays.quantity[0, 0] == 100.0
    assert play([*told, quote("BB", 50.0, NOON + 50)], small_setup()).core.state.arrays.quantity[0, 0] == 200.0


def test_the_first_price_after_a_split_is_an_ordinary_move() -> None:
    check(
        [*opening(), split(NOON + 5, NOON + 5), quote("AA", 20.1, NOON + 6)],
        {"firm": {AA: 4_020.0, NAV: 10_220.0, "trust": "fresh"}},
    )


def test_a_split_told_late_gives_back_the_loss_that_was_none() -> None:
    """The price has halved already: three prices made it the level, and V fell by half."""
    fallen: list[Source] = [quote("AA", 20.0, NOON + n) for n in (11, 12, 13)]
    check([*opening(), *fallen], {"firm": {AA: 2_000.0, NAV: 8_200.0}})
    check([*opening(), *fallen, split(NOON + 10, NOON + 20)], {"firm": {AA: 4_000.0, NAV: 10_200.0}})


def test_a_fill_after_the_ex_time_is_of_the_new_kind() -> None:
    events = [*opening(), fill("firm", "AA", 10.0, 40.0, "old", NOON + 1), split(NOON + 5, NOON + 5)]
    events += [fill("firm", "AA", 10.0, 20.0, "new", NOON + 6)]
    check(events, {"firm": {AA: 20.0 * (220.0 + 10.0)}})
    taken: EventDict = {"type": "fill_cancel", "ts": NOON + 7, "portfolio": "firm", "fill_id": "old"}
    check([*events, taken], {"firm": {AA: 20.0 * 210.0, NAV: 10_200.0}})


def test_cash_is_paid_per_old_unit_into_value_and_into_the_return_of_its_row() -> None:
    events = [*opening(), split(NOON + 5, NOON + 5, factor=1.0, cash=2.0)]
    check(events, {"firm": {NAV: 10_400.0, AA: 4_000.0}})
    closes = [close("AA", 12, 38.0), close("BB", 12, 50.0, close_of(12) + 10**7)]
    state = play([*events, *closes], small_setup()).core.state
    assert state.arrays.returns[0, 2] == pytest.approx((38.0 + 2.0) / 40.0 - 1.0)


def test_a_split_that_is_told_after_its_row_restates_the_cell_and_the_covariance() -> None:
    day = [close("AA", 12, 20.0), close("BB", 12, 50.0, close_of(12) + 10**7), heartbeat(open_of(13))]
    late = play([*opening()[:-1], *day, split(open_of(12), open_of(13) + 1)], small_setup()).core.state
    early = play([*opening()[:-1], split(open_of(12), open_of(12)), *day], small_setup()).core.state
    assert late.arrays.returns[0, :3].tolist() == pytest.approx(early.arrays.returns[0, :3].tolist(), abs=1e-15)
    assert late.arrays.sigma[0, :2].tolist() == pytest.approx(early.arrays.sigma[0, :2].tolist(), rel=1e-9)
    assert late.arrays.value[0] == pytest.approx(early.arrays.value[0], rel=1e-12)
    assert late.arrays.quantity[0, 0] == early.arrays.quantity[0, 0] == 200.0


def test_orders_older_than_the_ex_time_are_divided_too() -> None:
    booked: EventDict = {"portfolio": "firm", "instrument": "AA", "order_id": "o", "side": "buy", "open_quantity": 30.0}
    order: EventDict = {"type": "order", "ts": NOON + 1} | booked
    events = [*opening(), order, order | {"ts": NOON + 6, "order_id": "p"}, split(NOON + 5, NOON + 7)]
    orders = play(events, small_setup()).core.state.orders
    assert (orders[("firm", "o")].quantity, orders[("firm", "p")].quantity) == (60.0, 30.0)
