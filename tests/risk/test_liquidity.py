"""Cost of selling and days to sell: the anchor of the specification, its edges, and the three states."""

from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.liquidity import LiquidityConfig, LiquidityState
from risk.liquidity import DISLOCATION, days_to_liquidate, liquidity_adjusted, position_cost, write_liquidity
from risk.parametric import normal_multipliers
from tests.risk.random_arrays import random_arrays

RULES = LiquidityConfig()
STATES: tuple[LiquidityState, ...] = ("normal", "stressed", "crisis")


def cost(
    value: float = 1e6, *, held: float = 1e4, spread: float = 0.002, sigma: float = 0.02, adv: float | None = 1e5,
    rules: LiquidityConfig = RULES, state: LiquidityState = "normal",
) -> tuple[float, float, float]:  # fmt: skip
    found = position_cost(value, held=held, spread=spread, sigma=sigma, adv=adv, rules=rules, state=state)
    return found.spread, found.impact, found.total


def test_the_anchor_of_the_specification() -> None:
    """1m, sigma 1 %, spread 0.25 %: 16,450 and 1,250 are 17,700 (models.md 14)."""
    value_at_risk = round(normal_multipliers().value_at_risk[0], 3) * 0.01 * 1e6
    spread, impact, total = cost(spread=0.0025, sigma=0.01, rules=LiquidityConfig(impact_scale=0.0))
    assert (spread, impact, total) == (1_250.0, 0.0, 1_250.0)
    assert liquidity_adjusted(value_at_risk, total) == pytest.approx(17_700.0, abs=1e-6)


def test_square_root_and_linear_impact_by_hand() -> None:
    """A tenth of a day's volume at 2 % a day: 0.7 x 2 % x sqrt(0.1) and half of 0.7 x 2 % x 0.1."""
    assert cost()[1] == pytest.approx(1e6 * 0.7 * 0.02 * sqrt(0.1), rel=1e-14)
    price, kyle = 1e6 / 1e4, LiquidityConfig(impact="kyle")
    lambda_k = 0.7 * 0.02 * price / 1e5  # price per unit
    assert cost(rules=kyle)[1] == pytest.approx(0.5 * lambda_k * 1e4**2, rel=1e-14)


@pytest.mark.parametrize("state", STATES)
def test_each_state_multiplies_spread_and_impact(state: LiquidityState) -> None:
    calm, wild = cost(), cost(state=state)
    k_spread, k_impact = DISLOCATION[state]
    assert wild[0] == pytest.approx(k_spread * calm[0], rel=1e-14)
    assert wild[1] == pytest.approx(k_impact * calm[1], rel=1e-14)
    assert wild[2] == pytest.approx(min(1e6, k_spread * calm[0] + k_impact * calm[1]), rel=1e-14)
    assert {name: DISLOCATION[name] for name in STATES} == {"normal": (1, 1), "stressed": (3, 5), "crisis": (10, 20)}


@given(
    st.floats(0, 1e9), st.floats(0, 1e8), st.floats(0, 0.5), st.floats(0, 1), st.floats(1e-3, 1e9),
    st.sampled_from(STATES),
)  # fmt: skip
def test_no_position_costs_more_than_it_is_worth(
    value: float, held: float, spread: float, sigma: float, adv: float, state: LiquidityState
) -> None:
    assert 0.0 <= cost(value, held=held, spread=spread, sigma=sigma, adv=adv, state=state)[2] <= value


@pytest.mark.parametrize(("adv", "spread"), [(None, 0.001), (0.0, 0.001), (1e5, nan)])
def test_without_a_volume_or_a_spread_a_position_costs_all_it_is_worth(adv: float | None, spread: float) -> None:
    assert cost(adv=adv, spread=spread)[2] == 1e6
    assert isnan(sum(cost(adv=adv, spread=spread)[:2]))


def test_days_to_liquidate() -> None:
    assert days_to_liquidate(2e4, 1e5, 0.2) == 1.0
    assert days_to_liquidate(2e4, 0.0, 0.2) == days_to_liquidate(2e4, None, 0.2) == inf
    assert days_to_liquidate(0.0, None, 0.2) == 0.0
    with pytest.raises(AssertionError, match=r"participation must be in \(0, 1\], got 1.5"):
        days_to_liquidate(1.0, 1.0, 1.5)


def test_a_volume_of_zero_is_none_and_cash_without_one_is_sold_at_once() -> None:
    arrays = random_arrays(1)
    write_liquidity(arrays, 0, adv=0.0, spread=None, is_cash=False, rules=RULES)
    write_liquidity(arrays, 1, adv=None, spread=None, is_cash=True, rules=RULES)
    assert np.isnan([arrays.per_adv[0], arrays.spread[0]]).all()
    assert arrays.slow_above[0] == -1.0
    assert (arrays.per_adv[1], arrays.spread[1], arrays.slow_above[1]) == (0.0, 0.0, inf)
    write_liquidity(arrays, 2, adv=1e4, spread=1e-6, is_cash=True, rules=RULES)
    assert (arrays.per_adv[2], arrays.spread[2], arrays.slow_above[2]) == (1e-4, 1e-6, 2e4), "a coin is no plain cash"
