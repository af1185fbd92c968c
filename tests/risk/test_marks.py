"""Which price is believed, what a new one wins, and prices that move too far."""

import pytest

from tests.helpers import (
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    at_place,
    check,
    close,
    close_of,
    nav,
    open_of,
    quote,
    snapshot,
    stock,
    trade,
)

NOON = open_of(10) + 120 * MINUTE_NS
HELD: tuple[EventDict, ...] = (
    stock("AA"),
    snapshot({("firm", "AA"): 100.0}, NOON - 10),
    nav("firm", 10_000.0, NOON - 9),
)
GROSS, NAV, TRUST = "exposures.gross", "nav", "trust"


def test_the_mark_is_the_mid_of_a_quote_and_a_first_price_wins_nothing() -> None:
    check([*HELD, quote("AA", 20.0, NOON, 0.5)], {"firm": {GROSS: 2_000.0, NAV: 10_000.0, TRUST: "fresh"}})


def test_a_locked_quote_is_fine() -> None:
    check([*HELD, quote("AA", 20.0, NOON)], {"firm": {GROSS: 2_000.0}})


def test_a_price_wins_quantity_times_its_move() -> None:
    check([*HELD, quote("AA", 20.0, NOON), quote("AA", 20.5, NOON + 1)], {"firm": {GROSS: 2_050.0, NAV: 10_050.0}})


def test_a_trade_counts_only_where_no_fresh_quote_stands() -> None:
    first = [*HELD, quote("AA", 20.0, NOON), trade("AA", 21.0, NOON + 1)]
    check(first, {"firm": {GROSS: 2_000.0}})
    check([*first, trade("AA", 21.5, NOON + 20 * MINUTE_NS)], {"firm": {GROSS: 2_150.0, NAV: 10_150.0}})
    check([*HELD, trade("AA", 21.0, NOON)], {"firm": {GROSS: 2_100.0}})


def test_a_close_moves_the_mark_when_its_row_completes_and_only_where_no_quote_is_fresh() -> None:
    quoted = [*HELD, quote("AA", 20.0, NOON), quote("AA", 20.0, close_of(10) - SECOND_NS)]
    check([*quoted, close("AA", 10, 19.0)], {"firm": {GROSS: 2_000.0}})
    stale = [*HELD, quote("AA", 20.0, NOON)]
    check([*stale, close("AA", 10, 19.0)], {"firm": {GROSS: 1_900.0, NAV: 9_900.0}})


def test_closes_move_all_marks_together() -> None:
    """One by one, a neutral book would see profits that never were."""
    names = ("AA", "BB")
    events: list[EventDict] = [stock(name) for name in names]
    events += [snapshot({("firm", "AA"): 100.0, ("firm", "BB"): -100.0}, NOON), nav("firm", 1e4, NOON)]
    events += [close(name, 10, 50.0) for name in names] + [close("AA", 11, 55.0)]
    check(events, {"firm": {NAV: 1e4, "exposures.net": 0.0}})
    check([*events, close("BB", 11, 54.0)], {"firm": {NAV: 10_100.0, "exposures.net": 100.0, "high_water": 1.01}})


OUTLIER = (*HELD, quote("AA", 20.0, NOON), quote("AA", 12.0, NOON + 1))


def test_a_price_beyond_the_band_is_held_back_and_stress_is_computed_there_too() -> None:
    """The band is 20 % at least; the worst loss is the worse of the shocks at the mark and at the suspect price."""
    expected = {GROSS: 2_000.0, NAV: 10_000.0, TRUST: "suspect", "metrics.gross.status": "DEGRADED"}
    check(OUTLIER, {"firm": expected | {"metrics.worst_loss.value": 0.4 * 2_000.0}})
    higher = [*OUTLIER[:-1], quote("AA", 30.0, NOON + 1)]
    check(higher, {"firm": expected | {"metrics.worst_loss.value": 0.4 * 3_000.0}})
    check([*HELD, quote("AA", 20.0, NOON), quote("AA", 16.0, NOON + 1)], {"firm": {GROSS: 1_600.0, TRUST: "fresh"}})


def test_three_prices_within_one_per_cent_are_the_new_level() -> None:
    second = quote("AA", 12.1, NOON + 2)
    check([*OUTLIER, second, quote("AA", 12.05, NOON + 3)], {"firm": {GROSS: 1_205.0, NAV: 9_205.0, TRUST: "fresh"}})
    check([*OUTLIER, second, quote("AA", 12.4, NOON + 3)], {"firm": {GROSS: 2_000.0, TRUST: "suspect"}})


def test_an_ordinary_price_ends_a_quarantine_that_proved_false() -> None:
    expected = {GROSS: 2_010.0, TRUST: "fresh", "metrics.worst_loss.value": 0.4 * 2_010.0}
    check([*OUTLIER, quote("AA", 20.1, NOON + 2)], {"firm": expected})


@pytest.mark.parametrize("price", [12.0, 30.0])
def test_a_close_settles_a_quarantine_whichever_way(price: float) -> None:
    check([*OUTLIER, close("AA", 10, price)], {"firm": {GROSS: 100.0 * price, TRUST: "fresh"}})


def test_a_position_without_any_price_is_missing_and_makes_numbers_invalid() -> None:
    played = check(HELD, {"firm": {TRUST: "missing", "metrics.gross.status": "INVALID"}})
    assert at_place(played.state("firm"), "exposures.by_instrument") == {}
