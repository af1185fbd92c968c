"""Stress losses of one book: keyed shocks, first hit wins, and what share of gross they cover."""

from config.scenarios import Scenario
from feeds.events import Instrument
from tests.oracle.facts import InstrumentFacts
from tests.oracle.market import Market

_MULTIPLIER_MIN = 1e-4  # models.md 12.1: no shock takes a price under this share of itself


def own_shock(shocks: dict[str, float], ref: Instrument) -> float | None:
    """Return the relative shock of the instrument's own price, None where no key names it.

    A bond's shock is in basis points of yield: −duration · bp.
    """
    pair = f"fx.{ref.instrument}" if ref.kind == "fx" else None
    keys = [ref.instrument, pair, ref.underlying, ref.sector, f"{ref.kind}.{ref.currency}", ref.kind]
    for key in keys:
        if key is not None and key in shocks:
            value = shocks[key]
            if ref.kind == "bond":
                value = -(ref.duration or 0.0) * value / 1e4
            return max(value, _MULTIPLIER_MIN - 1.0)
    return None


def currency_shock(market: Market, shocks: dict[str, float], currency: str) -> float:
    """Return the relative move of a currency against the base, along the pairs that convert it today."""

    def shocked(name: str) -> float | None:
        price, ref = market.mark_of(name), market.instruments[name].ref
        shock = own_shock(shocks, ref) or 0.0  # one shock for a pair, whether it is held or converts
        return None if price is None else price * max(1.0 + shock, _MULTIPLIER_MIN)

    before, after = market.rate(currency, market.mark_of), market.rate(currency, shocked)
    return 0.0 if before is None or after is None else after / before - 1.0


def is_covered(market: Market, shocks: dict[str, float], ref: Instrument) -> bool:
    """Whether a scenario says something of the instrument's own price; cash has only its currency."""
    if ref.kind == "cash":
        return ref.currency == market.config.base_currency or currency_shock(market, shocks, ref.currency) != 0.0
    return own_shock(shocks, ref) is not None


def total_shock(market: Market, shocks: dict[str, float], facts: InstrumentFacts) -> float:
    """Return the shock of the exposure in base currency: (1+s)(1+f)−1 where funded, s(1+f) where margined."""
    own, currency = own_shock(shocks, facts.ref) or 0.0, currency_shock(market, shocks, facts.ref.currency)
    if facts.is_margined:
        return own * (1.0 + currency)
    return (1.0 + own) * (1.0 + currency) - 1.0


def loss_and_coverage(market: Market, scenario: Scenario, exposures: dict[str, float]) -> tuple[float, float | None]:
    """Return the loss in base currency and the covered share of gross, None for an empty book."""
    shocks = dict(scenario.shocks)
    loss, covered, gross = 0.0, 0.0, 0.0
    for name, exposure in exposures.items():
        facts = market.instruments[name]
        loss -= exposure * total_shock(market, shocks, facts)
        gross += abs(exposure)
        if is_covered(market, shocks, facts.ref):
            covered += abs(exposure)
    return loss, covered / gross if gross > 0.0 else None
