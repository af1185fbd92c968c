"""What it costs to sell a book and how long it takes (models.md 14; docs/decisions/0029)."""

import math
from dataclasses import dataclass

from tests.oracle.facts import Status
from tests.oracle.state import State
from tests.oracle.view import Number, View, number

_MULTIPLIERS = {"normal": (1.0, 1.0), "stressed": (3.0, 5.0), "crisis": (10.0, 20.0)}  # of spread and impact


@dataclass(frozen=True, slots=True)
class Sale:
    """The sale of one position: what it costs in each state (base currency), and how many days it takes."""

    value: float
    costs: dict[str, float]
    days: float
    is_unknown: bool


def liquidity_metrics(view: View, var_99: Number) -> dict[str, Number]:
    """Return liquidity_cost, (LVaR_99 − VaR_99)/VaR_99, and days_to_liquidate_share of one book."""
    sales = sales_of(view)
    config = view.state.setup.config.liquidity
    gross = math.fsum(sale.value for sale in sales.values())
    unpriced = _status(sales, [name for name, sale in sales.items() if sale.is_unknown], config.unknown_gross_max)
    undated = _status(sales, [name for name, sale in sales.items() if sale.days == math.inf], config.unknown_gross_max)
    slow = math.fsum(sale.value for sale in sales.values() if sale.days > config.days_max)
    cost = math.fsum(sale.costs[config.state] for sale in sales.values())
    var_status = Status[str(var_99["status"])]
    return {
        "liquidity_cost": number(_over(cost, var_99["value"]), unpriced, var_status),
        "days_to_liquidate_share": number(slow / gross if gross > 0.0 else 0.0, undated, view.data),
    }


def _status(sales: dict[str, Sale], unknown: list[str], share_max: float) -> Status:
    """Judge what is not known by its share of gross; the spread does not matter to days."""
    gross = math.fsum(sale.value for sale in sales.values())
    missing = math.fsum(sales[name].value for name in unknown)
    if missing == 0.0:
        return Status.OK
    return Status.INSUFFICIENT if missing > share_max * gross else Status.DEGRADED


def _over(cost: float, value_at_risk: object) -> float | None:
    if not isinstance(value_at_risk, float):
        return None
    if cost == 0.0:
        return 0.0
    return cost / value_at_risk if value_at_risk > 0.0 else math.inf


def costs_by_state(view: View) -> dict[str, float]:
    """Return Σ C in base currency for each of the three states of the market."""
    sales = sales_of(view)
    return {state: math.fsum(sale.costs[state] for sale in sales.values()) for state in _MULTIPLIERS}


def sales_of(view: View) -> dict[str, Sale]:
    """Return the sale of each position of the scope, its own net quantity; cash without a volume costs nothing."""
    quantities = view.holding.quantities
    sales = {}
    for name, exposure in view.book.items():
        facts = view.state.market.instruments[name]
        if facts.ref.kind == "cash" and not facts.ref.adv:
            sales[name] = Sale(abs(exposure), dict.fromkeys(_MULTIPLIERS, 0.0), 0.0, is_unknown=False)
        elif exposure != 0.0:
            sales[name] = _sale(view, name, abs(quantities[name]), abs(exposure))
    return sales


def _sale(view: View, name: str, quantity: float, value: float) -> Sale:
    config, facts = view.state.setup.config.liquidity, view.state.market.instruments[name]
    # a volume is of the units of the time that it was told
    volume = None if facts.ref.adv is None else facts.ref.adv / facts.factor(facts.ref.ts)
    has_volume = volume is not None and volume > 0.0
    days = quantity / (config.participation * volume) if has_volume and volume is not None else math.inf
    spread = relative_spread(view.state, name)
    if spread is None or not has_volume or volume is None:
        return Sale(value, dict.fromkeys(_MULTIPLIERS, value), days, is_unknown=True)
    place = view.covariances.names.index(name)
    sigma = math.sqrt(max(0.0, float(view.covariances.fast[place, place])))
    if config.impact == "sqrt":
        impact = config.impact_scale * sigma * value * math.sqrt(quantity / volume)
    else:
        impact = 0.5 * config.impact_scale * sigma * value * quantity / volume
    costs = {
        state: min(value, 0.5 * value * of_spread * spread + of_impact * impact)
        for state, (of_spread, of_impact) in _MULTIPLIERS.items()
    }
    return Sale(value, costs, days, is_unknown=False)


# --- spreads


def relative_spread(state: State, name: str) -> float | None:
    """Return s̃ of an instrument by the configured rule; None where nothing tells of one."""
    config, ref = state.setup.config.liquidity, state.market.instruments[name].ref
    seen = state.spreads.seen.get(name, [])
    if config.spread == "reference":
        return ref.spread
    if config.spread == "quoted":
        return seen[-1][1] if seen else ref.spread
    weights = [0.5 ** (state.rows.completed - rows) for rows, _spread in seen]
    total = math.fsum(weights)
    if not seen or (total < config.quotes_min and ref.spread is not None):
        return ref.spread
    mean = math.fsum(weight * one for weight, (_rows, one) in zip(weights, seen, strict=True)) / total
    squares = math.fsum(weight * (one - mean) ** 2 for weight, (_rows, one) in zip(weights, seen, strict=True))
    return mean + config.spread_sigmas * math.sqrt(squares / total)
