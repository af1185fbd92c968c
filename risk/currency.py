"""Currencies: which pairs carry a rate to the base currency, and the rate at this moment."""

import math

from risk.state import RiskState


def _pair(state: RiskState, base: str, quote: str) -> tuple[int, bool] | None:
    """Return (instrument, inverted) of the first pair with a mark that converts base into quote, or None.

    A spot pair comes first, direct before inverted; then an inverse contract, whose price is that of its coin.
    """
    inverted: tuple[int, bool] | None = None
    contract: tuple[int, bool] | None = None
    for i, terms in enumerate(state.terms):
        if not terms.carries_currency or math.isnan(state.arrays.mark[i]):
            continue
        if terms.inverse:
            if contract is None and (terms.settle_currency or terms.base, terms.currency) == (base, quote):
                contract = (i, False)
        elif (terms.base, terms.quote) == (base, quote):
            return i, False
        elif inverted is None and (terms.base, terms.quote) == (quote, base):
            inverted = (i, True)
    return inverted or contract


def find_path(state: RiskState, currency: str) -> tuple[tuple[int, bool], ...] | None:
    """Return the pairs from `currency` to the base: direct, inverted, or one cross by the first of `fx_via`."""
    home = state.config.base_currency
    if currency == home:
        return ()
    if (pair := _pair(state, currency, home)) is not None:
        return (pair,)
    for via in state.config.fx_via:
        if via in (currency, home):
            continue
        first, second = _pair(state, currency, via), _pair(state, via, home)
        if first is not None and second is not None:
            return (first, second)
    return None


def rate_along(path: tuple[tuple[int, bool], ...], prices: list[float]) -> float:
    """Return the product of the pairs' prices, inverted where the path says so; prices by instrument."""
    rate = 1.0
    for i, inverted in path:
        rate = rate / prices[i] if inverted else rate * prices[i]
    return rate


def refresh_paths(state: RiskState) -> None:
    """Look for paths again: after new reference data, or a pair's first price."""
    currencies = {terms.currency for terms in state.terms} | {
        terms.settle_currency for terms in state.terms if terms.settle_currency is not None
    }
    for currency in sorted(currencies):
        path = find_path(state, currency)
        if path is not None:
            state.paths[currency] = path
            state.rates[currency] = current_rate(state, currency)


def current_rate(state: RiskState, currency: str) -> float:
    """Return base currency per unit of `currency` by the marks of now; NaN where no path is known."""
    path = state.paths.get(currency)
    if path is None:
        return math.nan
    rate = 1.0
    for i, inverted in path:
        mark = float(state.arrays.mark[i])
        rate = rate / mark if inverted else rate * mark
    return rate


def pairs_of(state: RiskState, currency: str) -> tuple[int, ...]:
    """Return the pairs that the currency's rate depends on."""
    return tuple(i for i, _ in state.paths.get(currency, ()))


def dependents(state: RiskState, pair: int) -> list[str]:
    """Return the currencies whose rate depends on this pair, sorted."""
    return sorted(c for c, path in state.paths.items() if any(i == pair for i, _ in path))
