"""What a scope holds, in base currency: exposures, the books that working orders could make, and trust."""

from dataclasses import dataclass

import numpy as np

from tests.oracle.books import Books
from tests.oracle.facts import Status
from tests.oracle.market import Market, coin_of
from tests.oracle.money import Money
from tests.oracle.window import Window

BOOKS = ("none", "buys", "sells", "larger")


@dataclass(frozen=True, slots=True)
class Holding:
    """One book of a scope: what it holds, or would hold once working orders are filled.

    quantities : by instrument, none of them 0
    exposures  : base currency by instrument, of what has a value
    suspect    : the same at the prices in quarantine; empty without any
    unvalued   : without any value: no price, no rate, no model
    trust      : by instrument, the worst of its own and of the pairs that convert it
    """

    quantities: dict[str, float]
    exposures: dict[str, float]
    suspect: dict[str, float]
    unvalued: list[str]
    trust: dict[str, str]


def holdings(market: Market, books: Books, money: Money, scope: str, now: int) -> dict[str, Holding]:
    """Return the books of a scope by name of BOOKS: only `none` where no order works."""
    quantities, working = books.quantities(scope), books.working(scope)
    for contract, count in money.coins(scope).items():
        coin = f"cash:{coin_of(market.instruments[contract].ref)}"
        quantities[coin] = quantities.get(coin, 0.0) + count
    found = {}
    for book in BOOKS if working else BOOKS[:1]:
        held = {name: quantities.get(name, 0.0) for name in dict.fromkeys([*quantities, *working])}
        for name, (buys, sells) in working.items():
            held[name] = _quantities(held[name], buys, sells)[book]
        found[book] = _holding(market, {name: quantity for name, quantity in held.items() if quantity != 0.0}, now)
    return found


def _holding(market: Market, quantities: dict[str, float], now: int) -> Holding:
    holding = Holding(quantities, {}, {}, [], {})
    for name, quantity in quantities.items():
        holding.trust[name] = worst_trust(market, name, now)
        value = unit_value(market, name, market.mark_of(name))
        if value is None:
            holding.unvalued.append(name)
            continue
        suspects = market.instruments[name].suspects
        doubted = unit_value(market, name, suspects[-1].price) if suspects else None
        holding.exposures[name] = quantity * value
        holding.suspect[name] = quantity * (value if doubted is None else doubted)
    if not any(market.instruments[name].suspects for name in quantities):
        holding.suspect.clear()
    return holding


def _quantities(quantity: float, buys: float, sells: float) -> dict[str, float]:
    up, down = quantity + buys, quantity - sells
    return {"none": quantity, "buys": up, "sells": down, "larger": up if abs(up) >= abs(down) else down}


def unit_value(market: Market, name: str, price: float | None) -> float | None:
    """Return the exposure of one unit: m · p · fx, of an inverse contract m · fx; None without price, rate or model."""
    facts, fx = market.instruments[name], market.fx(name)
    if price is None or fx is None or not facts.has_model:
        return None
    return facts.ref.multiplier * fx * (1.0 if facts.is_inverse else price)


def worst_trust(market: Market, name: str, now: int) -> str:
    order = ("fresh", "suspect", "stale", "missing")
    used = [name, *market.pairs_used(market.instruments[name].ref.currency)]
    return max((market.trust(each, now) for each in used), key=order.index)


def data_status(holding: Holding, holes: set[str], stale_gross_max: float) -> Status:
    """Judge a scope's data: no value is INVALID; stale or unmodelled over the share too, under it DEGRADED."""
    book = holding.exposures
    if holding.unvalued:
        return Status.INVALID
    gross = sum(map(abs, book.values()))
    bad = [name for name in book if holding.trust[name] in ("stale", "missing") or name in holes]
    bad_gross = sum(abs(book[name]) for name in bad)
    if bad_gross > stale_gross_max * gross:
        return Status.INVALID
    return Status.DEGRADED if bad_gross > 0.0 or "suspect" in holding.trust.values() else Status.OK


def unmodelled(window: Window, names: list[str]) -> set[str]:
    """Return the names with a hole in the window that no proxy fills."""
    position = {name: column for column, name in enumerate(window.names)}
    return {name for name in names if name in position and bool(np.isnan(window.returns[:, position[name]]).any())}


def leans_on_proxies(window: Window, names: list[str]) -> bool:
    """Whether any held name has a cell in the window that is not its own."""
    position = {name: column for column, name in enumerate(window.names)}
    return any(bool(window.proxied[:, position[name]].any()) for name in names if name in position)
