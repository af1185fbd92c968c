"""Marks: which price is believed, and what a new one does to every book."""

import math

from risk.arrays import Scalar, Source
from risk.bars import begin_bars
from risk.coins import move_coins
from risk.currency import current_rate, dependents, refresh_paths
from risk.instruments import unit_exposure
from risk.kernels.book import add_pnl, move_unit
from risk.kernels.liquidity import observe_spread
from risk.kernels.prices import QUOTE
from risk.proxies import fill_history
from risk.quarantine import is_confirmed, refresh_suspect_stress
from risk.shocks import bind_all
from risk.state import RiskState
from risk.trust import check_age, count_missing, is_suspect, refresh_flags


def refuse_price(state: RiskState, i: int, *, low: float, ts: int, source: int) -> str | None:
    """Return the name of the reason to refuse a quote or trade, or None; nothing is changed.

    low : the bid of a quote, the price of a trade
    """
    if not low > state.arrays.floor[i]:
        return "PRICE_OUT_OF_BOUNDS"
    return "LATE" if ts < _last_ts(state, i, source) else None


def apply_price(state: RiskState, i: int, *, kind: int, mid: float, low: float, ts: int, source: int) -> None:
    """Apply a quote or trade in full generality; one that moves too far is quarantined (state.quarantine).

    kind : QUOTE or TRADE; mid : the price; low : the bid of a quote
    """
    arrays = state.arrays
    mark = float(arrays.mark[i])
    if not math.isnan(mark) and abs(mid - mark) > arrays.band[i] * abs(mark) and not is_confirmed(state, i, mid):
        refresh_flags(state, i)
        refresh_suspect_stress(state, i)
        state.touch(i)
        return
    released = is_suspect(state, i)
    state.quarantine.pop(i, None)
    state.distrusted.discard(i)
    _remember(state, i, kind, mid, ts, source)
    if arrays.scalars[Scalar.BARS_WAIT] == 1:
        begin_bars(state)
    if kind == QUOTE:
        observe_spread(arrays, i, mid, low)
    if kind == QUOTE or arrays.quote_fresh[i] == 0:
        set_mark(state, i, mid, ts, Source.QUOTE if kind == QUOTE else Source.TRADE)
    if released:
        refresh_suspect_stress(state, i)
    check_age(state, i)
    state.touch(i)


def set_mark(state: RiskState, i: int, price: float, ts: int, source: int) -> None:
    """Move the mark; a first one is the level too and makes no P&L."""
    arrays, terms = state.arrays, state.terms[i]
    arrays.mark_ts[i], arrays.mark_source[i] = ts, source
    if math.isnan(arrays.mark[i]):
        _set_first_mark(state, i, price, ts)
        return
    old = float(arrays.mark[i])
    currencies = dependents(state, i)
    if currencies:
        arrays.mark[i] = price
        for currency in currencies:
            state.rates[currency] = current_rate(state, currency)
        arrays.mark[i] = old
    revalue(state, i, price)
    for j, other in enumerate(state.terms):
        if j != i and other.currency in currencies:
            revalue(state, j, float(arrays.mark[j]))
    if terms.inverse and price != old:
        move_coins(state, i, old, price)


def _set_first_mark(state: RiskState, i: int, price: float, ts: int) -> None:
    state.window.level[i], state.window.level_ts[i] = price, ts
    state.arrays.mark[i] = price
    carries = state.terms[i].carries_currency
    if carries:
        refresh_paths(state)
    revalue(state, i, price)
    state.bars.level[i], state.bars.rate[i] = price, state.rates.get(state.terms[i].currency, math.nan)
    fill_history(state, i)
    state.arrays.band[i] = state.config.data.band_min
    if carries:
        for j in range(len(state.terms)):
            if j != i:
                revalue(state, j, float(state.arrays.mark[j]))
        bind_all(state)


def revalue(state: RiskState, i: int, mark: float) -> None:
    """Bring unit exposures and V up to date after the mark or the currency's rate has moved."""
    arrays, terms = state.arrays, state.terms[i]
    rate = state.rates.get(terms.currency, math.nan)
    had_value = arrays.pnl_unit[i] != 0.0
    unit, per_step = unit_exposure(terms, mark, rate)
    old_mark, old_unit, old_step = float(arrays.mark[i]), float(arrays.unit[i]), float(arrays.pnl_unit[i])
    arrays.mark[i], arrays.pnl_unit[i] = mark, per_step
    if terms.inverse or not had_value:
        move_unit(arrays, i, unit, 0.0)
    else:
        # While the rate stands still this is what `move_price` computes, to the last bit: which of the two takes a
        # price must not be seen in any number.
        holds_currency = terms.is_funded and per_step != old_step
        move_unit(arrays, i, unit, unit - old_unit if holds_currency else (mark - old_mark) * per_step)
    if not had_value and per_step != 0.0:
        _book_unpriced(state, i)
    if had_value != (per_step != 0.0):
        count_missing(state, i)
        refresh_flags(state, i)
    state.touch(i)


def distrust(state: RiskState, i: int) -> None:
    """A record that named the instrument was bad: its trust falls until the next good price."""
    if i not in state.distrusted and not math.isnan(state.arrays.mark[i]):
        state.distrusted.add(i)
        refresh_flags(state, i)


def accept_level(state: RiskState, i: int) -> None:
    """An official close ends a quarantine, and with it the standing of the quote that the suspects doubted."""
    if is_suspect(state, i):
        if i in state.quarantine and state.arrays.mark_source[i] == Source.QUOTE:
            state.arrays.mark_source[i], state.arrays.quote_fresh[i] = Source.DOUBTED, 0
        state.quarantine.pop(i, None)
        state.distrusted.discard(i)
        refresh_suspect_stress(state, i)
        refresh_flags(state, i)


def _last_ts(state: RiskState, i: int, source: int) -> int:
    arrays = state.arrays
    if source == arrays.last_source[i]:
        return int(arrays.last_ts[i])
    return state.last_by_source.get((source, i), -1)


def _remember(state: RiskState, i: int, kind: int, mid: float, ts: int, source: int) -> None:
    arrays = state.arrays
    before = int(arrays.last_source[i])
    if before != source and before >= 0:
        state.last_by_source[(before, i)] = int(arrays.last_ts[i])
    arrays.last_source[i], arrays.last_ts[i] = source, ts
    if kind == QUOTE:
        arrays.quote_mid[i], arrays.quote_ts[i], arrays.quote_fresh[i] = mid, ts, 1
    else:
        arrays.trade_price[i], arrays.trade_ts[i] = mid, ts


def _book_unpriced(state: RiskState, i: int) -> None:
    """Book the P&L of fills that came before the instrument had a value."""
    mark, per_step = float(state.arrays.mark[i]), float(state.arrays.pnl_unit[i])
    for (p, j), holding in state.holdings.items():
        if j == i and holding.unpriced:
            add_pnl(state.arrays, p, per_step * math.fsum(q * (mark - price) for q, price in holding.unpriced))
            holding.unpriced.clear()
