"""Quantities: what is stated, filled, taken back, and summed up the tree."""

from tests.helpers import (
    MINUTE_NS,
    EventDict,
    at_place,
    check,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(10) + 120 * MINUTE_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA"), stock("BB"), snapshot({("firm/a", "AA"): 100.0, ("firm/b", "AA"): -40.0}, NOON),
    nav("firm/a", 10_000.0, NOON + 1), nav("firm/b", 5_000.0, NOON + 2),
    quote("AA", 20.0, NOON + 3), quote("BB", 10.0, NOON + 4),
)  # fmt: skip
AA, BB = "exposures.by_instrument.AA", "exposures.by_instrument.BB"


def position(quantity: float, ts: int, **fields: object) -> EventDict:
    event: EventDict = {"type": "position", "ts": ts, "portfolio": "firm/a", "instrument": "AA", "quantity": quantity}
    return event | fields


def cancel(fill_id: str, ts: int) -> EventDict:
    return {"type": "fill_cancel", "ts": ts, "portfolio": "firm/a", "fill_id": fill_id}


def test_a_parent_is_the_sum_of_its_children() -> None:
    check(OPENING, {"firm": {AA: 1_200.0, "nav": 15_000.0, "exposures.gross": 1_200.0}, "firm/b": {AA: -800.0}})


def test_a_fill_moves_the_quantity_and_wins_mark_less_price() -> None:
    events = [*OPENING, fill("firm/a", "AA", 10.0, 19.5, "f1", NOON + 9)]
    check(events, {"firm/a": {AA: 2_200.0, "nav": 10_005.0}, "firm": {AA: 1_400.0, "nav": 15_005.0}})


def test_a_fill_before_the_first_price_is_booked_when_the_price_comes() -> None:
    events = [*OPENING[:5], fill("firm/a", "AA", 10.0, 19.5, "f1", NOON + 3), quote("AA", 20.0, NOON + 4)]
    check(events, {"firm/a": {AA: 2_200.0, "nav": 10_005.0}})


def test_a_cancel_takes_back_quantity_and_profit_at_the_mark_of_now() -> None:
    events = [*OPENING, fill("firm/a", "AA", 10.0, 19.5, "f1", NOON + 9), quote("AA", 21.0, NOON + 10)]
    check(events, {"firm/a": {AA: 2_310.0, "nav": 10_115.0}})
    taken = [*events, cancel("f1", NOON + 11)]
    check(taken, {"firm/a": {AA: 2_100.0, "nav": 10_100.0}})
    check([*taken, cancel("f1", NOON + 12)], {"firm/a": {AA: 2_100.0, "nav": 10_100.0}})


def test_a_stated_quantity_holds_as_of_its_moment_and_later_fills_are_added() -> None:
    events = [
        *OPENING,
        fill("firm/a", "AA", 10.0, 20.0, "f1", NOON + 9),
        fill("firm/a", "AA", 5.0, 20.0, "f2", NOON + 20),
    ]
    check([*events, position(300.0, NOON + 30)], {"firm/a": {AA: 6_000.0}})
    check([*events, position(300.0, NOON + 30, as_of=NOON + 15)], {"firm/a": {AA: 6_100.0}})
    check([*events, position(300.0, NOON + 30, as_of=NOON + 5)], {"firm/a": {AA: 6_300.0}})


def test_a_snapshot_states_its_whole_subtree_and_what_it_leaves_out_is_zero() -> None:
    events = [*OPENING, fill("firm/a", "BB", 7.0, 10.0, "f1", NOON + 9)]
    whole = [*events, snapshot({("firm/b", "BB"): 3.0}, NOON + 10)]
    check(whole, {"firm/a": {AA: ..., BB: ..., "exposures.gross": 0.0}, "firm/b": {AA: ..., BB: 30.0}})
    part: EventDict = {
        "type": "positions_snapshot",
        "ts": NOON + 10,
        "portfolio": "firm/a",
        "snapshot_id": "s",
        "items": [],
    }
    check([*events, part], {"firm/a": {"exposures.gross": 0.0}, "firm/b": {AA: -800.0}})


def test_rounding_of_a_sum_leaves_no_crumb_of_a_position() -> None:
    events = [*OPENING, position(0.0, NOON + 5)]
    events += [fill("firm/a", "AA", size, 20.0, f"f{n}", NOON + 10 + n) for n, size in enumerate((0.1, 0.2, -0.3))]
    check(events, {"firm/a": {AA: ..., "exposures.gross": 0.0}})


def test_what_is_booked_on_a_parent_lies_in_its_own_leaf() -> None:
    events = [*OPENING, fill("firm", "BB", 10.0, 10.0, "f1", NOON + 9)]
    check(events, {"firm": {AA: 1_200.0, BB: 100.0}, "firm/_self": {BB: 100.0}})


def test_a_leaf_that_gets_a_child_hands_what_it_holds_and_remembers_to_its_own_leaf() -> None:
    events = [
        *OPENING,
        fill("firm/a", "AA", 10.0, 20.0, "f1", NOON + 9),
        fill("firm/a/x", "BB", 5.0, 10.0, "f2", NOON + 10),
    ]
    expected = {"firm/a/_self": {AA: 2_200.0}, "firm/a/x": {BB: 50.0}, "firm/a": {AA: 2_200.0, BB: 50.0}}
    check(events, expected)
    check([*events, cancel("f1", NOON + 11)], {"firm/a/_self": {AA: 2_000.0}, "firm/a": {AA: 2_000.0, "nav": 10_000.0}})


def test_an_order_is_reduced_by_its_fills_and_removed_at_zero() -> None:
    order: EventDict = {"type": "order", "ts": NOON + 8, "portfolio": "firm/a", "instrument": "AA", "order_id": "o",
                        "side": "sell", "open_quantity": 30.0}  # fmt: skip
    events = [*OPENING, order, fill("firm/a", "AA", -10.0, 20.0, "f1", NOON + 9, order_id="o")]
    assert play(events, small_setup()).core.state.orders[("firm", "o")].quantity == -20.0
    rest = fill("firm/a", "AA", -20.0, 20.0, "f2", NOON + 10, order_id="o")
    assert play([*events, rest], small_setup()).core.state.orders == {}
    assert play([*events, order | {"ts": NOON + 10, "open_quantity": 0.0}], small_setup()).core.state.orders == {}


def test_an_empty_book_has_no_risk() -> None:
    played = check(
        [*OPENING, snapshot({}, NOON + 9)], {"firm": {"known": True, "status": "OK", "exposures.gross": 0.0}}
    )
    assert at_place(played.state("firm"), "metrics.var_99") == {"value": 0.0, "status": "OK"}
    assert at_place(played.state("firm"), "metrics.top_share.value") is None
