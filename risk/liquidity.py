"""Liquidity-adjusted VaR (Bangia et al. 1999): what it costs to sell a position, and how long it takes."""

import math
from dataclasses import dataclass

from config.liquidity import LiquidityConfig, LiquidityState
from risk.arrays import Arrays, Setting
from risk.kernels.liquidity import (
    IMPACT_KYLE,
    IMPACT_SQRT,
    SPREAD_OBSERVED,
    SPREAD_QUOTED,
    SPREAD_REFERENCE,
    cost_rate,
    refresh_spread,
)

# How much wider spreads and how much larger impacts are (models.md 14): (spread, impact).
DISLOCATION: dict[LiquidityState, tuple[float, float]] = {
    "normal": (1.0, 1.0),
    "stressed": (3.0, 5.0),
    "crisis": (10.0, 20.0),
}
_SPREAD_RULES = {"observed": SPREAD_OBSERVED, "quoted": SPREAD_QUOTED, "reference": SPREAD_REFERENCE}
_IMPACT_RULES = {"sqrt": IMPACT_SQRT, "kyle": IMPACT_KYLE}


@dataclass(frozen=True, slots=True)
class PositionCost:
    """What selling one position costs, in base currency; spread + impact may be over total, which is capped.

    total : at most the position's value, which is also taken where spread, volume or volatility is unknown (NaN parts)
    """

    spread: float
    impact: float
    total: float


def position_cost(
    value: float, *, held: float, spread: float, sigma: float, adv: float | None, rules: LiquidityConfig,
    state: LiquidityState,
) -> PositionCost:  # fmt: skip
    """Return ½ x s k_s + k_i · impact, at most x (Bangia et al. 1999; Almgren and Chriss 2000; Kyle 1985).

    value  : |exposure| in base currency; held: |quantity| in units
    spread : relative, NaN unknown; sigma: daily volatility of the instrument in base currency
    adv    : units a day; None or 0: unknown
    impact : sqrt: Y sigma x √(q / ADV). kyle: ½ λ q², with λ = Y sigma p / ADV in price per unit: a day's whole volume
             moves the price by Y daily volatilities
    """
    assert value >= 0.0, f"value must be at least 0, got {value}"
    k_spread, k_impact = DISLOCATION[state]
    rule, scale = _IMPACT_RULES[rules.impact], k_impact * rules.impact_scale
    per_adv = 1.0 / adv if adv else math.nan
    impact = value * cost_rate(held, 0.0, sigma * sigma, per_adv, rule, scale)
    spread_cost = value * (0.5 * k_spread * spread)
    both = spread_cost + impact
    return PositionCost(spread_cost, impact, both if both < value else value)


def days_to_liquidate(held: float, adv: float | None, participation: float) -> float:
    """Return how many days it takes to sell |quantity| `held` at a share of the daily volume; +inf without a volume."""
    assert 0.0 < participation <= 1.0, f"participation must be in (0, 1], got {participation}"
    if held == 0.0:
        return 0.0
    return held / (participation * adv) if adv else math.inf


def liquidity_adjusted(value_at_risk: float, cost: float) -> float:
    """Return LVaR = VaR + cost: market loss and cost of selling at their worst together, which is conservative.

    >>> liquidity_adjusted(16_450.0, 0.5 * 1_000_000.0 * 0.0025)
    17700.0
    """
    return value_at_risk + cost


def write_settings(arrays: Arrays, rules: LiquidityConfig) -> None:
    """Copy what kernels need of the configuration into the arrays."""
    settings = arrays.settings
    k_spread, k_impact = DISLOCATION[rules.state]
    settings[Setting.SPREAD_RULE] = _SPREAD_RULES[rules.spread]
    settings[Setting.SPREAD_SIGMAS] = rules.spread_sigmas if rules.spread == "observed" else 0.0
    settings[Setting.SPREAD_QUOTES_MIN] = rules.quotes_min
    settings[Setting.SPREAD_FACTOR] = k_spread
    settings[Setting.IMPACT_RULE] = _IMPACT_RULES[rules.impact]
    settings[Setting.IMPACT_FACTOR] = k_impact * rules.impact_scale
    settings[Setting.UNKNOWN_GROSS_MAX] = rules.unknown_gross_max


def write_liquidity(
    arrays: Arrays, i: int, *, adv: float | None, spread: float | None, is_cash: bool, rules: LiquidityConfig
) -> None:
    """Copy an instrument's volume and spread into the arrays; a volume of 0 is none.

    Cash without a volume is sold at once and costs nothing; a coin that has one is sold as anything else.
    """
    if is_cash and not adv:
        arrays.spread_reference[i], arrays.per_adv[i], arrays.slow_above[i] = 0.0, 0.0, math.inf
    else:
        arrays.spread_reference[i] = math.nan if spread is None else spread
        arrays.per_adv[i] = 1.0 / adv if adv else math.nan
        arrays.slow_above[i] = rules.days_max * rules.participation * adv if adv else -1.0
    refresh_spread(arrays, i)
