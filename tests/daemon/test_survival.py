"""Inputs that are odd and allowed, or odd and refused, and none of which may stop the core."""

import pytest

from daemon.core import Core
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    EventDict,
    at_place,
    calendar,
    close,
    close_of,
    date_of,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

BEFORE = open_of(0) - HOUR_NS // 2


def test_a_price_of_zero_makes_the_next_cell_missing() -> None:
    """From zero no return leads anywhere; BB stands for the cell, as for any that is missing."""
    events = [stock("AA", min_price=None), stock("BB"), snapshot({("firm", "AA"): 10.0}, BEFORE)]
    for day, price in enumerate((10.0, 0.0, 5.0, -2.0, -3.0)):
        events += [close("AA", day, price), close("BB", day, 100.0 + day, close_of(day) + 2 * 10**6)]
    played = play([*events], small_setup())
    assert played.reasons() == []
    assert played.core.state.arrays.returns[0, :4].tolist() == pytest.approx([-1.0, 102.0 / 101.0 - 1.0, -1.4, 0.5])
    assert at_place(played.state("firm"), "exposures.by_instrument.AA") == -30.0


@pytest.mark.parametrize("contract", ["linear", "inverse"])
def test_a_price_that_is_divided_by_is_above_zero_whatever_its_terms_say(contract: str) -> None:
    kind = "fx" if contract == "linear" else "perpetual"
    pair = stock("USDJPY", kind=kind, contract=contract, base="USD", quote="JPY", currency="JPY", min_price=None)
    events = [pair, stock("NN", currency="JPY"), quote("USDJPY", 100.0, open_of(0)), quote("NN", 50.0, open_of(0) + 1)]
    bad = [quote("USDJPY", 0.0, open_of(0) + 2), fill("firm", "USDJPY", 1.0, 0.0, "f", open_of(0) + 3)]
    assert play([*events, *bad], small_setup()).reasons() == ["PRICE_OUT_OF_BOUNDS"] * 2


def test_an_inverse_contract_without_a_coin_is_refused() -> None:
    events = [stock("PP", kind="perpetual", contract="inverse"), quote("PP", 5.0, open_of(0))]
    assert play(events, small_setup()).reasons() == ["MISSING_FIELD", "UNKNOWN_INSTRUMENT"]


def test_a_close_after_the_last_session_of_the_base_calendar_makes_no_row() -> None:
    last = len(calendar().dates) - 1
    events = [stock("AA", ts=open_of(last - 1)), snapshot({("firm", "AA"): 10.0}, open_of(last - 1) + 1)]
    events += [close("AA", last - 1, 100.0), close("AA", last, 101.0)]
    for number, date in enumerate(("2021-01-04", "2021-01-05"), 4):
        at = close_of(last) + number * DAY_NS
        events.append({"type": "close", "ts": at, "instrument": "AA", "date": date, "price": 100.0 + number})
    played = play(events, small_setup())
    assert (played.reasons(), played.core.state.rows) == ([], 1)
    assert date_of(last) == "2020-12-31"


def test_a_leaf_becomes_a_parent_where_the_arrays_must_grow() -> None:
    """The ninth scope is the first that does not fit: here it is the implicit leaf of the eighth."""
    events: list[EventDict] = [stock("AA"), quote("AA", 10.0, open_of(0))]
    paths = [*(f"firm/p{number}" for number in range(7)), "firm/p0/below"]
    for number, path in enumerate(paths):
        at = open_of(0) + 1 + number
        events.append({"type": "position", "ts": at, "portfolio": path, "instrument": "AA", "quantity": 1.0 + number})
    played = play([*events, nav("firm", 1_000.0, open_of(0) + 20)], small_setup())
    assert len(played.core.state.scopes) > len(Core(small_setup()).state.arrays.parent)
    held = {path: at_place(played.state(path), "exposures.by_instrument.AA") for path in ("firm", *paths[-1:])}
    assert held == {"firm": 360.0, "firm/p0/below": 80.0}
    assert at_place(played.state("firm/p0/_self"), "exposures.by_instrument.AA") == 10.0
