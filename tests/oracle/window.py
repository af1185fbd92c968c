"""The window as a full matrix: rows as they completed, holes filled from proxies."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tests.oracle.market import Market

if TYPE_CHECKING:
    from tests.oracle.rows import Rows

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
Book = dict[str, float]  # exposure in base currency by instrument


@dataclass(frozen=True, slots=True)
class Window:
    """Returns in base currency.

    dates   : (n,) ordinals, oldest first
    names   : (m,) instruments
    returns : (n, m); NaN where neither the instrument nor any proxy has a return
    proxied : (n, m) cells that are not the instrument's own
    """

    dates: list[int]
    names: list[str]
    returns: Matrix
    proxied: Flags


def peers(market: Market, name: str) -> list[list[tuple[str, float]]]:
    """Return the sources of a missing cell, best first: the proxy, the sector, the kind and currency."""
    ref = market.instruments[name].ref
    others = [facts.ref for facts in market.instruments.values() if facts.ref.instrument != name]
    sources = []
    if ref.proxy is not None:
        sources.append([(ref.proxy.instrument, ref.proxy.beta)])
    if ref.sector is not None:
        sources.append([(one.instrument, 1.0) for one in others if one.sector == ref.sector])
    sources.append([(one.instrument, 1.0) for one in others if (one.kind, one.currency) == (ref.kind, ref.currency)])
    return sources


def fill_row(market: Market, returns: dict[str, float], name: str) -> float | None:
    """Return the proxied return of `name` in one row: the mean over the first group with a return of its own."""
    for group in peers(market, name):
        values = [beta * returns[source] for source, beta in group if source in returns]
        if values:
            return math.fsum(values) / len(values)
    return None


def window(market: Market, rows: "Rows", count: int) -> Window:
    """Return the last `count` rows, filled; a proxied cell is never a source of another."""
    chosen = rows.rows[-count:] if count > 0 else []
    names = [name for name, facts in market.instruments.items() if facts.price is not None and facts.has_model]
    nan = math.nan
    raw = np.array([[row.returns.get(name, nan) for name in names] for row in chosen], dtype=np.float64)
    raw = raw.reshape(len(chosen), len(names))
    for column, name in enumerate(names):
        ref = market.instruments[name].ref
        if ref.kind == "cash" and ref.currency == market.config.base_currency:
            raw[:, column] = 0.0
        elif ref.kind == "cash":
            raw[:, column] = [row.currencies.get(ref.currency, nan) for row in chosen]
    proxied = np.isnan(raw)
    filled = raw.copy()
    position = {name: column for column, name in enumerate(names)}
    for column, name in enumerate(names):
        holes = proxied[:, column].copy()
        for group in peers(market, name) if holes.any() else []:
            known = [(position[source], beta) for source, beta in group if source in position]
            if not known:
                continue
            values = raw[:, [source for source, _beta in known]] * np.array([beta for _source, beta in known])
            has = ~np.isnan(values)
            usable = holes & has.any(axis=1)
            sums = np.where(has, values, 0.0).sum(axis=1)
            filled[usable, column] = sums[usable] / has.sum(axis=1)[usable]
            holes &= ~usable
    return Window([row.date for row in chosen], names, filled, proxied)


def columns(source: Window, book: Book) -> tuple[Matrix, NDArray[np.float64], list[str]]:
    """Return returns and exposures of the modelled names of a book."""
    position = {name: column for column, name in enumerate(source.names)}
    names = [name for name in book if name in position and not np.isnan(source.returns[:, position[name]]).any()]
    returns = source.returns[:, [position[name] for name in names]]
    return returns, np.array([book[name] for name in names], dtype=np.float64), names


def covariance(returns: Matrix, decay: float, total_rows: int) -> Matrix:
    """Return Σ_d = S/(1−λⁿ) of the recursion S ← λS + (1−λ) r rᵀ from S = 0.

    returns    : (k, m) newest last; rows so old that λᵏ vanishes may be left out
    total_rows : n, all rows that there were
    """
    count = len(returns)
    weights = (1.0 - decay) * decay ** np.arange(count - 1, -1, -1, dtype=np.float64)
    total: Matrix = (returns * weights[:, None]).T @ returns / (1.0 - decay**total_rows)
    return total


def rows_that_count(decay: float) -> int:
    """Return after how many rows λᵏ is under 1e-18."""
    return math.ceil(math.log(1e-18) / math.log(decay))
