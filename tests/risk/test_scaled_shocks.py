"""Scaled scenarios: every factor scaled by itself, floors, and the bound shocks at a multiplier of one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.scenarios import Scenario
from config.setup import Setup
from risk.reverse_stress import reverse_stress
from risk.scaled_shocks import ScaledShocks, scaled_shocks
from risk.state import RiskState
from tests.helpers import MINUTE_NS, close, open_of, play, quote, small_setup, snapshot, stock

NOON = open_of(10) + 120 * MINUTE_NS
SHOCKS = (
    ("equity", -0.4), ("Energy", -0.6), ("future", -0.3), ("fx.EURUSD", -0.1), ("fx.USDJPY", 0.25), ("bond", 250.0),
)  # fmt: skip
BOOK = {"AA": 10.0, "EE": -40.0, "FF": 25.0, "BB": 100.0, "EURUSD": 300.0, "JPYUSD": -2e5}


def setup_with(shocks: tuple[tuple[str, float], ...] = SHOCKS) -> Setup:
    base = small_setup()
    scenario = Scenario("all", "All", shocks, 1, "made for tests", "2019-01-01", 0.02, "crisis")
    return Setup(base.config, base.calendars, (scenario,))


def state_of(shocks: tuple[tuple[str, float], ...] = SHOCKS) -> RiskState:
    """Foreign and domestic stocks, a future in euro, a bond, and pairs quoted either way round."""
    events = [
        stock("EURUSD", kind="fx", base="EUR", quote="USD"), stock("JPYUSD", kind="fx", base="JPY", quote="USD"),
        stock("AA", currency="EUR"), stock("EE", sector="Energy"), stock("FF", kind="future", currency="EUR"),
        stock("BB", kind="bond", duration=7.0), stock("DD"),
        quote("EURUSD", 1.25, NOON), quote("JPYUSD", 0.01, NOON + 1),
        *(quote(name, 100.0, NOON + 2 + at) for at, name in enumerate(("AA", "EE", "FF", "BB", "DD"))),
        snapshot({("firm", name): held for name, held in BOOK.items()}, NOON + 9),
    ]  # fmt: skip
    return play(events, setup_with(shocks)).core.state


def of_all(state: RiskState) -> tuple[ScaledShocks, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    return scaled_shocks(state), state.arrays.exposure[0, : len(state.terms)].copy()


def test_a_multiplier_of_one_is_the_scenario_itself(state: RiskState) -> None:
    shocks, exposure = of_all(state)
    (loss,) = shocks.losses(0, exposure)(np.array([1.0]))
    assert loss == pytest.approx(float(state.arrays.stress[0, 0]), rel=1e-12)
    assert shocks.covered[0].tolist() == state.arrays.covered[: len(state.terms), 0].tolist()


@pytest.fixture(scope="module")
def state() -> RiskState:
    return state_of()


@pytest.fixture(scope="module")
def domestic() -> RiskState:
    return state_of((("equity", -0.15), ("Energy", -0.6)))


@given(m=st.floats(0.01, 5.0))
def test_each_factor_is_scaled_and_floored_by_itself(state: RiskState, m: float) -> None:
    """Prices, pairs and yields apart: a foreign stock falls by m times its shock, its currency by m times its."""
    shocks, exposure = of_all(state)
    x = {terms.name: exposure[i] for i, terms in enumerate(state.terms)}

    def price(move: float) -> float:
        return max(1.0 + m * move, 1e-4)

    euro, yen = price(-0.1), 1.0 / price(0.25)
    gain = (
        x["AA"] * (price(-0.4) * euro - 1.0)
        + x["EE"] * (price(-0.6) - 1.0)
        + x["FF"] * (price(-0.3) - 1.0) * euro
        + x["BB"] * (price(-7.0 * 0.025) - 1.0)
        + x["EURUSD"] * (euro - 1.0)
        + x["JPYUSD"] * (yen - 1.0)
    )
    (loss,) = shocks.losses(0, exposure)(np.array([m]))
    assert loss == pytest.approx(-gain, rel=1e-12, abs=1e-9)


@given(share=st.floats(0.02, 0.70))
def test_a_domestic_book_without_floors_equals_the_closed_form(domestic: RiskState, share: float) -> None:
    shocks, _ = of_all(domestic)
    names = [terms.name for terms in domestic.terms]
    exposure = np.zeros(len(names))
    exposure[names.index("DD")] = 1_000.0
    found = reverse_stress(shocks.losses(0, exposure), share=share, nav=1_000.0, has_exposure=True)
    assert found.multiplier == pytest.approx(share / 0.15, rel=1e-9)


def test_a_short_whose_price_cannot_fall_further_stops_helping_and_the_first_crossing_is_found(
    domestic: RiskState,
) -> None:
    """Long 6,000 at -15 %, short 700 at -60 %, whose gain ends where its price is gone, at m = 1.67."""
    shocks, _ = of_all(domestic)
    names = [terms.name for terms in domestic.terms]
    exposure = np.zeros(len(names))
    exposure[names.index("EE")], exposure[names.index("DD")] = -700.0, 6_000.0
    losses = shocks.losses(0, exposure)
    at = np.array([0.5, 0.9999 / 0.6, 3.0])
    slow = 6_000.0 * np.minimum(0.15 * at, 0.9999) - 700.0 * np.minimum(0.6 * at, 0.9999)
    np.testing.assert_allclose(losses(at), slow, rtol=1e-12)
    found = reverse_stress(losses, share=0.5, nav=4_000.0, has_exposure=True)
    assert found.multiplier == pytest.approx((2_000.0 + 700.0 * 0.9999) / 900.0, rel=1e-9)


def test_no_scenario_and_no_instrument_are_no_error() -> None:
    state = play([close("AA", 1, 1.0)], Setup(small_setup().config, small_setup().calendars, ())).core.state
    shocks = scaled_shocks(state)
    assert shocks.moves.shape == (0, 0)
