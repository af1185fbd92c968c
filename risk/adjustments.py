"""Splits and distributions: what is older than `ex_ts` is restated, also when the news comes late."""

import math
from dataclasses import replace

from risk.bars import adjust_bars
from risk.covariance import restate
from risk.instruments import Terms, write_terms
from risk.kernels.book import add_pnl
from risk.kernels.liquidity import move_spread
from risk.marks import revalue
from risk.positions import quantity_at, split_holding, split_since
from risk.proxies import CellFlag
from risk.quantities import refresh_quantity
from risk.state import RiskState
from risk.working import refresh_instrument


def apply_adjustment(state: RiskState, i: int, ex_ts: int, factor: float, cash: float) -> None:
    """Restate instrument i: prices older than `ex_ts` times the factor, quantities divided by it, cash into V.

    factor : > 0, new price over old price (0.5 for two for one); cash : own currency per old unit
    """
    arrays, window = state.arrays, state.window
    _pay_cash(state, i, cash, ex_ts)
    level_is_old = window.level_ts[i] < ex_ts
    if arrays.quote_ts[i] < ex_ts:
        arrays.quote_mid[i] *= factor
    if arrays.trade_ts[i] < ex_ts:
        arrays.trade_price[i] *= factor
    window.closes[i] = {
        date: ((price * factor if ts < ex_ts else price), ts) for date, (price, ts) in window.closes[i].items()
    }
    if i in window.row_marks and arrays.mark_ts[i] < ex_ts:
        window.row_marks[i] *= factor
    if level_is_old:
        window.level[i] *= factor
        window.cash[i] += cash * factor
    else:
        _correct_cell(state, i, ex_ts, factor, cash)
    adjust_bars(state, i, ex_ts, factor, cash)
    moved = split_holding(state, i, ex_ts, factor)
    if arrays.mark_ts[i] < ex_ts and not math.isnan(arrays.mark[i]):
        _restate_mark(state, i, float(arrays.mark[i]) * factor)
    unit = float(arrays.unit[i])
    for leaf, before, after in moved:
        untold = state.nav_ts.get(leaf, -1) < ex_ts
        if arrays.mark_ts[i] >= ex_ts and before != after and untold:
            # the mark is of the new kind already: V took the fall of the price for a loss, and gets it back,
            # unless a nav has told the truth since
            add_pnl(arrays, leaf, (after - before) * unit)
        refresh_quantity(state, leaf, i)
    refresh_instrument(state, i)
    _restate_volume(state, i, ex_ts, factor)
    state.touch(i)


def in_todays_units(state: RiskState, i: int, terms: Terms) -> Terms:
    """Return terms as they were told with their volume in the units of today: splits may have acted since."""
    if terms.adv is None:
        return terms
    return replace(terms, adv=terms.adv / split_since(state, i, terms.told_ns))


def _restate_volume(state: RiskState, i: int, ex_ts: int, factor: float) -> None:
    """A volume that was told before `ex_ts` is of old units, as a quantity is; every book that holds i costs anew."""
    terms = state.terms[i]
    if terms.adv is None or terms.told_ns >= ex_ts:
        return
    state.terms[i] = replace(terms, adv=terms.adv / factor)
    write_terms(state.arrays, i, state.terms[i], state.config.liquidity)
    move_spread(state.arrays, i)


def _restate_mark(state: RiskState, i: int, mark: float) -> None:
    """Move the mark without P&L: the quantities move against it."""
    arrays = state.arrays
    values = arrays.value.copy()
    days = arrays.day_pnl.copy()
    revalue(state, i, mark)
    arrays.value[:], arrays.day_pnl[:] = values, days


def _pay_cash(state: RiskState, i: int, cash: float, ex_ts: int) -> None:
    rate = state.rates.get(state.terms[i].currency, math.nan)
    if cash == 0.0 or math.isnan(rate):
        return
    for p in sorted(leaf for leaf, j in state.holdings if j == i):
        if state.nav_ts.get(p, -1) < ex_ts:
            held = quantity_at(state, p, i, ex_ts)
            add_pnl(state.arrays, p, held * state.terms[i].multiplier * cash * rate)


def _correct_cell(state: RiskState, i: int, ex_ts: int, factor: float, cash: float) -> None:
    """The row that spans `ex_ts` is complete already: restate its cell, and the covariance that it entered."""
    arrays, window = state.arrays, state.window
    size = arrays.returns.shape[1]
    for age in range(state.rows):
        number = window.rows_total - 1 - age
        starts_before = number == 0 or window.row_closes[number - 1] < ex_ts
        if window.row_closes[number] >= ex_ts and starts_before:
            break
    else:
        return
    slot = number % size
    if window.flags[i, slot] != CellFlag.OBSERVED:
        return
    old = float(arrays.returns[i, slot])
    level_before = window.level[i]
    for later in range(number, window.rows_total):
        level_before /= 1.0 + float(arrays.returns[i, later % size])
    new = (1.0 + old) / factor - 1.0 + cash / level_before
    arrays.returns[i, slot] = new
    restate(state, i, slot, old, age)
    state.crisis_rows.restate(window.row_dates[number], i, new)
    arrays.returns_min[i] = min(float(arrays.returns_min[i]), new)
    arrays.returns_max[i] = max(float(arrays.returns_max[i]), new)
    state.rebuild_all()
