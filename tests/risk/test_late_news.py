"""News that comes after what it speaks of: told in the units of its own time, paid to whoever held it then."""

import math

import pytest

from risk.arrays import Liquid
from risk.kernels.liquidity import rebuild_liquidity
from risk.liquidity_view import liquidity_view
from tests.helpers import (
    HOUR_NS,
    EventDict,
    Source,
    check,
    close,
    close_of,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

OPEN = open_of(0)
EXPOSURE = "exposures.by_instrument.AA"


def split(ex_ts: int, ts: int, factor: float = 0.5, **fields: object) -> EventDict:
    return {"type": "adjustment", "ts": ts, "instrument": "AA", "ex_ts": ex_ts, "price_factor": factor} | fields


def opening(quantity: float = 10.0) -> list[Source]:
    """Ten of AA at 100, the rest of a nav of 10,000 elsewhere."""
    return [
        stock("AA"),
        stock("BB"),
        snapshot({("firm", "AA"): quantity}, OPEN - HOUR_NS),
        quote("AA", 100.0, OPEN + 5),
        quote("BB", 50.0, OPEN + 6),
        nav("firm", 10_000.0, OPEN + 7),
    ]


def test_a_position_stated_as_of_before_a_split_that_has_acted_is_in_old_units() -> None:
    told = {"type": "position", "ts": OPEN + 300, "portfolio": "firm", "instrument": "AA", "quantity": 10.0}
    events = [*opening(), split(OPEN + 100, OPEN + 60), quote("AA", 50.0, OPEN + 203), told | {"as_of": OPEN + 90}]
    check(events, {"firm": {EXPOSURE: 1_000.0, "nav": 10_000.0}})


def test_a_fill_from_before_a_split_that_comes_after_it_is_in_old_units() -> None:
    late = fill("firm", "AA", 10.0, 100.0, "f", OPEN + 90)
    events = [*opening(), split(OPEN + 100, OPEN + 60), quote("AA", 50.0, OPEN + 203), late]
    check(events, {"firm": {EXPOSURE: 2_000.0, "nav": 10_000.0}})


def test_a_cancel_keeps_the_units_of_its_fill_when_a_split_is_told_late() -> None:
    cancel = {"type": "fill_cancel", "ts": OPEN + 150, "portfolio": "firm", "fill_id": "f"}
    bought = fill("firm", "AA", 10.0, 100.0, "f", OPEN + 50)
    events = [*opening(), bought, cancel, quote("AA", 50.0, OPEN + 203), split(OPEN + 100, OPEN + 300)]
    check(events, {"firm": {EXPOSURE: 1_000.0, "nav": 10_000.0}})


def test_late_cash_pays_what_was_held_at_its_ex_time() -> None:
    bought = fill("firm", "AA", 90.0, 100.0, "f", OPEN + 200)
    events = [*opening(), bought, split(OPEN + 100, OPEN + 300, factor=1.0, cash=2.0)]
    check(events, {"firm": {EXPOSURE: 10_000.0, "nav": 10_020.0}})


def test_a_nav_ends_the_wait_of_fills_that_had_no_price() -> None:
    events: list[Source] = [
        stock("AA"), stock("BB"), snapshot({("firm", "BB"): 1.0}, OPEN - HOUR_NS), quote("BB", 50.0, OPEN + 1),
        fill("firm", "AA", 10.0, 90.0, "f", OPEN + 2), nav("firm", 1_000.0, OPEN + 3), quote("AA", 100.0, OPEN + 4),
    ]  # fmt: skip
    check(events, {"firm": {"nav": 1_000.0}})


def test_cash_of_the_base_currency_alone_has_no_risk_and_says_so() -> None:
    events: list[Source] = [
        stock("AA"), stock("CASH", kind="cash"), snapshot({("firm", "CASH"): 1_000.0}, OPEN - HOUR_NS),
        nav("firm", 1_000.0, OPEN),
    ]  # fmt: skip
    events += [close("AA", day, 100.0 + math.sin(day)) for day in range(70)]
    numbers = play(events, small_setup()).state("firm")["metrics"]
    assert isinstance(numbers, dict)
    assert {name: numbers[name] for name in ("var_999", "es_999", "hhi")} == {
        key: {"value": 0.0, "status": "OK"} for key in ("var_999", "es_999", "hhi")
    }


def test_a_missing_pair_is_no_move_of_zero() -> None:
    """The pair's close of the fourth session is lost; the share's own close came."""
    rates = [1.10, 1.12, 1.20, None, 1.18]
    events: list[Source] = [
        stock("AA", currency="EUR"), stock("US", sector="Energy"),
        stock("EURUSD", kind="fx", base="EUR", quote="USD", closes="official", proxy={"instrument": "US", "beta": 0.5}),
        snapshot({("firm", "AA"): 10.0}, OPEN - HOUR_NS),
    ]  # fmt: skip
    for day, rate in enumerate(rates):
        events += [close("AA", day, 100.0 + day), close("US", day, 50.0 * 1.02**day, close_of(day) + 10**6)]
        if rate is not None:
            events.append(close("EURUSD", day, rate, close_of(day) + 2 * 10**6))
    state = play(events, small_setup()).core.state
    own, pair = 103.0 / 102.0 - 1.0, 0.5 * 0.02
    assert state.arrays.returns[0, 2] == pytest.approx((1 + own) * (1 + pair) - 1, rel=1e-12)
    assert state.window.stand_ins[0] == 1


def volume_story(*later: Source, told: int = OPEN - 2 * HOUR_NS) -> float:
    """Days to sell 150 of AA, 100 of which trade a day, after what came later; at 20 % a day they are 7.5."""
    events: list[Source] = [
        stock("AA", adv=100.0, spread=0.001) | {"ts": told},
        snapshot({("firm", "AA"): 150.0}, OPEN - HOUR_NS),
        quote("AA", 100.0, OPEN + 5),
        *later,
    ]
    core = play(events, small_setup()).core
    row = core.state.scope_index["firm"]
    view = liquidity_view(core.state, row)
    kept = core.state.arrays.liquid[row].copy()
    rebuild_liquidity(core.state.arrays, row)
    assert kept.tolist() == pytest.approx(core.state.arrays.liquid[row].tolist(), rel=1e-12)
    assert bool(kept[Liquid.SLOW] > 0.0) is (view.days["AA"] > 10.0)
    return view.days["AA"]


@pytest.mark.parametrize("heard", [OPEN + 60, OPEN + 300])
def test_a_volume_told_before_a_split_is_in_old_units(heard: int) -> None:
    """Twice the units are held and twice as many trade: the book takes as long to sell, also where the news is late."""
    acted = [split(OPEN + 100, heard), quote("AA", 50.0, OPEN + 400)]
    assert volume_story() == pytest.approx(7.5, rel=1e-12)
    assert volume_story(*acted) == pytest.approx(7.5, rel=1e-12)
    again = stock("AA", adv=100.0, spread=0.001)
    assert volume_story(*acted, again | {"ts": OPEN + 90}) == pytest.approx(7.5, rel=1e-12), "an old statement"
    assert volume_story(*acted, again | {"ts": OPEN + 500}) == pytest.approx(15.0, rel=1e-12), "told anew since"


def test_a_volume_told_in_new_units_stays_when_the_split_is_heard_late() -> None:
    told_again = stock("AA", adv=200.0, spread=0.001) | {"ts": OPEN + 150}
    assert volume_story(told_again, split(OPEN + 100, OPEN + 300)) == pytest.approx(7.5, rel=1e-12)
