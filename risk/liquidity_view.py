"""What a scope costs to sell in each state of the market, and what is unknown of it: for records and evidence."""

import math
from dataclasses import dataclass

import numpy as np

from config.liquidity import LiquidityState
from risk.arrays import Liquid
from risk.liquidity import DISLOCATION, PositionCost, days_to_liquidate, liquidity_adjusted, position_cost
from risk.measures import METRIC_INDEX, Vector
from risk.state import RiskState
from risk.working import book_row, own_row


@dataclass(frozen=True, slots=True)
class SellingCost:
    """What selling a whole book costs in one state of the market, in base currency, and its LVaR 99 %.

    spread, impact : before the cap, of the positions that are known
    total          : every position at most at its value, unknown ones at it
    """

    spread: float
    impact: float
    total: float
    lvar_99: float


@dataclass(frozen=True, slots=True)
class LiquidityView:
    """One scope's liquidity: costs by state, days by instrument, and the instruments that lack a volume or a spread."""

    state: LiquidityState
    costs: dict[LiquidityState, SellingCost]
    days: dict[str, float]
    unknown: tuple[str, ...]


def position_costs(
    state: RiskState, held: list[int], quantity: Vector, liquidity: LiquidityState
) -> list[PositionCost]:  # fmt: skip
    """Return the cost of each of these positions; held: instrument indices, quantity: (m,) signed units."""
    arrays = state.arrays
    return [
        position_cost(
            abs(float(q) * float(arrays.unit[i])), held=abs(float(q)), spread=float(arrays.spread[i]),
            sigma=math.sqrt(max(float(arrays.sigma[i, i]), 0.0)), adv=volume(state, i),
            rules=state.config.liquidity, state=liquidity,
        )
        for i, q in zip(held, quantity, strict=True)
    ]  # fmt: skip


def volume(state: RiskState, i: int) -> float | None:
    """Return how many units of an instrument trade in a day: unlimited for plain cash, None where nobody knows."""
    terms = state.terms[i]
    return math.inf if terms.kind == "cash" and not terms.adv else terms.adv


def slow_shares(state: RiskState, held: list[int], quantity: Vector) -> Vector:
    """Return (m,) what each position adds to the share of gross that takes more than `days_max` to sell."""
    arrays = state.arrays
    sizes: Vector = np.abs(quantity * arrays.unit[held])
    gross = math.fsum(sizes.tolist())
    slow: Vector = np.where(np.abs(quantity) > arrays.slow_above[held], sizes, 0.0)
    return slow / gross if gross > 0.0 else slow


def liquidity_view(state: RiskState, p: int) -> LiquidityView:
    """Return how scope p sells at this moment: of the book, where orders work, in which the cost is at its worst."""
    arrays, rules = state.arrays, state.config.liquidity
    row = _worst_row(state, p)
    held = np.flatnonzero(arrays.exposure[row, : len(state.terms)]).tolist()
    quantity = arrays.quantity[row, held]
    value_at_risk = float(arrays.metrics[own_row(state, p) if row == p else row, METRIC_INDEX["var_99"]])
    costs: dict[LiquidityState, SellingCost] = {}
    for name in DISLOCATION:
        parts = position_costs(state, held, quantity, name)
        total = math.fsum(part.total for part in parts)
        spread, impact = (
            math.fsum(value for value in values if not math.isnan(value))
            for values in ([part.spread for part in parts], [part.impact for part in parts])
        )
        costs[name] = SellingCost(spread, impact, total, liquidity_adjusted(value_at_risk, total))
    days = {
        state.terms[i].name: days_to_liquidate(abs(float(q)), volume(state, i), rules.participation)
        for i, q in zip(held, quantity, strict=True)
    }
    unknown = tuple(state.terms[i].name for i in held if math.isnan(arrays.spread[i]) or math.isnan(arrays.per_adv[i]))
    return LiquidityView(rules.state, costs, days, unknown)


def liquidity_details(state: RiskState, p: int) -> tuple[tuple[str, float], ...]:
    """Return LVaR 99 %, the cost in each state of the market, and exposures that are slow or unknown, by name."""
    view, sums = liquidity_view(state, p), state.arrays.liquid[_worst_row(state, p)]
    costs = tuple((f"cost_{name}", cost.total) for name, cost in view.costs.items())
    exposures = (("slow", Liquid.SLOW), ("unpriced", Liquid.UNPRICED), ("unsized", Liquid.UNSIZED))
    return (
        ("lvar_99", view.costs[view.state].lvar_99),
        *costs,
        *((f"{name}_gross", float(sums[column])) for name, column in exposures),
    )


def _worst_row(state: RiskState, p: int) -> int:
    return book_row(state, p, int(state.arrays.worst[p, METRIC_INDEX["liquidity_cost"]]))
