"""One row of the return window: what each instrument's cell is, seen or stood in for, and its new level."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from risk.arrays import Source
from risk.calendars import session_index_of_date
from risk.currency import rate_along
from risk.instruments import Terms, cell_return, price_return_of
from risk.proxies import CellFlag, proxied_return, proxy_weights
from risk.state import RiskState

Flags = NDArray[np.int8]


@dataclass(slots=True)
class Row:
    """The row that is being completed, over all instruments.

    price  : in the instrument's currency, NaN where there is none; becomes the level
    flag   : CellFlag
    date   : ordinal of the close that the price is
    seen   : a new official close, or the mark at the base close
    cells  : base-currency returns
    """

    price: list[float]
    flag: Flags
    date: list[int]
    seen: list[bool]
    cells: NDArray[np.float64]


def gather_row(state: RiskState, date: int) -> Row:
    """Collect the prices of the base session `date` (ordinal): the newest close not after it, or the mark."""
    size = len(state.arrays.mark)
    row = Row([], np.zeros(size, dtype=np.int8), [], [], np.zeros(size, dtype=np.float64))
    window = state.window
    for i, terms in enumerate(state.terms):
        pending = window.closes[i]
        newest = max((d for d in pending if d <= date), default=None)
        by_mark = terms.closes_mark and i in window.row_marks
        if by_mark and not (date in pending and state.arrays.mark_source[i] == Source.CLOSE):
            price, flag, dated, seen = window.row_marks[i], CellFlag.OBSERVED, date, True
            window.level_ts[i] = int(state.arrays.mark_ts[i])
        elif newest is not None:
            price, flag, dated, seen = pending[newest][0], CellFlag.OBSERVED, newest, True
            window.level_ts[i] = pending[newest][1]
        elif _is_still(state, terms, date):
            price, flag, dated, seen = window.level[i], CellFlag.CLOSED, window.level_date[i], False
        else:
            price, flag, dated, seen = math.nan, CellFlag.UNMODELLED, window.level_date[i], False
        for d in [d for d in pending if d <= date]:
            del pending[d]
        row.price.append(price)
        row.flag[i] = flag
        row.date.append(dated)
        row.seen.append(seen)
    return row


def row_rates(state: RiskState, prices: list[float]) -> dict[str, float]:
    """Return base currency per unit of each currency by the row's prices, by the old level where one is missing."""
    levels = state.window.level
    merged = [level if math.isnan(price) else price for price, level in zip(prices, levels, strict=True)]
    return {
        currency: rate_along(path, merged)
        for currency, path in sorted(state.paths.items())
        if not any(math.isnan(merged[i]) for i, _ in path)
    }


def fill_cells(state: RiskState, row: Row) -> None:
    """Write every cell: seen and closed ones from prices and rates, the others from their proxies, levels too."""
    before, after = state.window.rate_level, row_rates(state, row.price)
    for currency, path in state.paths.items():
        if any(math.isnan(row.price[pair]) for pair, _ in path):  # the old level would be a move of zero
            after.pop(currency, None)
    for i, terms in enumerate(state.terms):
        move = _currency_return(terms, before, after)
        level = state.window.level[i]
        # no return leads away from a price of zero: the cell is missing
        if row.flag[i] == CellFlag.UNMODELLED or not state.window.in_row[i] or math.isnan(move) or level == 0.0:
            row.flag[i] = CellFlag.UNMODELLED
            continue
        price_return = (row.price[i] + state.window.cash[i]) / level - 1.0
        row.cells[i] = cell_return(terms, price_return, move)
    observed = row.flag.copy()
    for i, terms in enumerate(state.terms):
        if observed[i] != CellFlag.UNMODELLED:
            continue
        weights = proxy_weights(state, i, observed)
        if not weights:
            continue
        row.cells[i] = proxied_return(weights, row.cells)
        row.flag[i] = CellFlag.PROXIED
        level = state.window.level[i]
        if math.isnan(row.price[i]) and not math.isnan(level):
            move = _currency_return(terms, before, after)
            move = 0.0 if math.isnan(move) else move
            row.price[i] = level * (1.0 + price_return_of(terms, float(row.cells[i]), move))
    _price_by_proxied_rate(state, row)


def _price_by_proxied_rate(state: RiskState, row: Row) -> None:
    """What has a price, no proxy, and no rate of its own takes the rate that the pair's proxy gives."""
    before, after = state.window.rate_level, row_rates(state, row.price)
    for i, terms in enumerate(state.terms):
        level = state.window.level[i]
        if row.flag[i] != CellFlag.UNMODELLED or not state.window.in_row[i] or math.isnan(row.price[i]) or level == 0.0:
            continue
        pairs = [pair for pair, _ in state.paths.get(terms.currency, ())]
        if pairs and all(row.flag[pair] != CellFlag.UNMODELLED for pair in pairs):
            move = _currency_return(terms, before, after)
            row.cells[i] = cell_return(terms, (row.price[i] + state.window.cash[i]) / level - 1.0, move)
            row.flag[i] = CellFlag.PROXIED


def _currency_return(terms: Terms, before: dict[str, float], after: dict[str, float]) -> float:
    return after.get(terms.currency, math.nan) / before.get(terms.currency, math.nan) - 1.0


def _is_still(state: RiskState, terms: Terms, date: int) -> bool:
    """Say whether no price was due: cash, an expired instrument, or an exchange that was closed on the day."""
    if terms.kind == "cash" or not terms.active:
        return True
    return session_index_of_date(state.calendars[terms.calendar], date) is None
