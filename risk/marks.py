"""Marks: which price is believed, and what a new one does to every book."""

import math

from risk.arrays import Source
from risk.currency import current_rate, dependents, refresh_paths
from risk.instruments import unit_exposure
from risk.kernels.book import add_pnl, move_unit
from risk.kernels.prices import QUOTE
from risk.proxies import fill_history
from risk.shocks import bind_all
from risk.state import RiskState
from risk.trust import check_age, has_value, is_suspect, refresh_flags

_CONFIRMATIONS = 3


def refuse_price(state: RiskState, i: int, *, low: float, ts: int, source: int) -> str | None:
    """Return the name of the reason to refuse a quote or trade, or None; nothing is changed.

    low : the bid of a quote, the price of a trade
    """
    if not low > state.arrays.floor[i]:
        return "PRICE_OUT_OF_BOUNDS"
    return "LATE" if ts < _last_ts(state, i, source) else None


def apply_price(state: RiskState, i: int, *, kind: int, mid: float, ts: int, source: int) -> None:
    """Apply a quote or trade in full generality; one that moves too far is quarantined (state.quarantine).

    kind : QUOTE or TRADE; mid : the price
    """
    arrays = state.arrays
    mark = float(arrays.mark[i])
    if not math.isnan(mark) and abs(mid - mark) > arrays.band[i] * abs(mark) and not _confirmed(state, i, mid):
        refresh_flags(state, i)
        refresh_suspect_stress(state, i)
        state.touch(i)
        return
    released = is_suspect(state, i)
    state.quarantine.pop(i, None)
    state.distrusted.discard(i)
    _remember(state, i, kind, mid, ts, source)
    if kind == QUOTE or arrays.quote_fresh[i] == 0:
        set_mark(state, i, mid, ts, Source.QUOTE if kind == QUOTE else Source.TRADE)
    if released:
        refresh_suspect_stress(state, i)
    check_age(state, i)
    state.touch(i)


def set_mark(state: RiskState, i: int, price: float, ts: int, source: int) -> None:
    """Move the mark; a first one is the level too and makes no P&L."""
    arrays = state.arrays
    first = math.isnan(arrays.mark[i])
    arrays.mark_ts[i], arrays.mark_source[i] = ts, source
    if first:
        state.window.level[i] = price
        state.window.level_ts[i] = ts
        arrays.mark[i] = price
        if state.terms[i].kind == "fx":
            refresh_paths(state)
        revalue(state, i, price)
        fill_history(state, i)
        arrays.band[i] = state.config.data.band_min
        if state.terms[i].kind == "fx":
            for j in range(len(state.terms)):
                if j != i:
                    revalue(state, j, float(arrays.mark[j]))
            bind_all(state)
        return
    currencies = dependents(state, i)
    if not currencies:
        revalue(state, i, price)
        return
    old = float(arrays.mark[i])
    arrays.mark[i] = price
    for currency in currencies:
        state.rates[currency] = current_rate(state, currency)
    arrays.mark[i] = old
    revalue(state, i, price)
    for j, terms in enumerate(state.terms):
        if j != i and terms.currency in currencies:
            revalue(state, j, float(arrays.mark[j]))


def revalue(state: RiskState, i: int, mark: float) -> None:
    """Bring unit exposures and V up to date after the mark or the currency's rate has moved."""
    arrays, terms = state.arrays, state.terms[i]
    rate = state.rates.get(terms.currency, math.nan)
    had_value = arrays.pnl_unit[i] != 0.0
    unit, per_step = unit_exposure(terms, mark, rate)
    old_mark, old_unit, old_step = float(arrays.mark[i]), float(arrays.unit[i]), float(arrays.pnl_unit[i])
    arrays.mark[i], arrays.pnl_unit[i] = mark, per_step
    if terms.inverse:
        if had_value:
            _move_coins(state, i, (old_mark, old_step), (mark, per_step))
        move_unit(arrays, i, unit, 0.0)
    elif not had_value:
        move_unit(arrays, i, unit, 0.0)
    else:
        move_unit(arrays, i, unit, unit - old_unit if terms.is_funded else per_step * (mark - old_mark))
    if not had_value and per_step != 0.0:
        _book_unpriced(state, i)
    if had_value != (per_step != 0.0):
        count_missing(state, i)
        refresh_flags(state, i)
    state.touch(i)


def count_missing(state: RiskState, i: int) -> None:
    """Recount the held instruments without a value in every scope that holds instrument i."""
    for p in state.holders(i):
        recount_scope(state, p)


def recount_scope(state: RiskState, p: int) -> None:
    """Recount the held instruments without a value in scope p."""
    held = state.arrays.quantity[p]
    state.arrays.missing[p] = sum(1 for i in range(len(state.terms)) if held[i] != 0.0 and not has_value(state, i))


def choose_mark(state: RiskState, i: int) -> None:
    """After a quote has gone stale: the newer of last trade and last close, else the old mid stays."""
    arrays = state.arrays
    trade_ts, close_ts = int(arrays.trade_ts[i]), state.window.level_ts[i]
    if trade_ts > 0 and (trade_ts >= close_ts or state.window.level_date[i] == 0):
        set_mark(state, i, float(arrays.trade_price[i]), trade_ts, Source.TRADE)
    elif state.window.level_date[i] > 0:
        set_mark(state, i, state.window.level[i], close_ts, Source.CLOSE)
    state.touch(i)


def distrust(state: RiskState, i: int) -> None:
    """A record that named the instrument was bad: its trust falls until the next good price."""
    if i not in state.distrusted and not math.isnan(state.arrays.mark[i]):
        state.distrusted.add(i)
        refresh_flags(state, i)


def accept_level(state: RiskState, i: int) -> None:
    """An official close ends a quarantine."""
    if is_suspect(state, i):
        state.quarantine.pop(i, None)
        state.distrusted.discard(i)
        refresh_suspect_stress(state, i)
        refresh_flags(state, i)


def refresh_suspect_stress(state: RiskState, i: int) -> None:
    """Compute what quarantined prices would add to each stress loss: the jump itself, then the shock from there."""
    arrays = state.arrays
    for p in state.holders(i):
        arrays.stress_suspect[p, :] = 0.0
        for j in sorted(state.quarantine):
            quantity = float(arrays.quantity[p, j])
            if quantity == 0.0 or arrays.pnl_unit[j] == 0.0:
                continue
            jump = (state.quarantine[j][-1] - float(arrays.mark[j])) * float(arrays.pnl_unit[j])
            moved = 0.0 if state.terms[j].inverse else jump
            for k in range(len(state.scenarios)):
                arrays.stress_suspect[p, k] -= quantity * jump + quantity * moved * float(arrays.shocks[j, k])


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


def _confirmed(state: RiskState, i: int, price: float) -> bool:
    """Add a price to the quarantine; True once three in a row lie within one per cent of each other."""
    held = [*state.quarantine.get(i, []), price][-_CONFIRMATIONS:]
    band = state.config.data.confirm_band
    while max(held) - min(held) > band * min(abs(value) for value in held):
        held.pop(0)
    state.quarantine[i] = held
    return len(held) == _CONFIRMATIONS


def _move_coins(state: RiskState, i: int, old: tuple[float, float], new: tuple[float, float]) -> None:
    """P&L of an inverse contract: coins by the telescoped 1/p0 - 1/p, valued at the new coin price."""
    for p in state.holders(i):
        if state.arrays.leaf[p] == 0:
            continue
        banked, inverse_mark = state.coins.setdefault((p, i), (0.0, 1.0 / old[0]))
        face = float(state.arrays.quantity[p, i]) * state.terms[i].multiplier
        rate_old, rate_new = old[1] / state.terms[i].multiplier, new[1] / state.terms[i].multiplier
        before = (banked + face * (inverse_mark - 1.0 / old[0])) * old[0] * rate_old
        after = (banked + face * (inverse_mark - 1.0 / new[0])) * new[0] * rate_new
        add_pnl(state.arrays, p, after - before)


def _book_unpriced(state: RiskState, i: int) -> None:
    """Book the P&L of fills that came before the instrument had a value."""
    mark, per_step = float(state.arrays.mark[i]), float(state.arrays.pnl_unit[i])
    for (p, j), holding in state.holdings.items():
        if j == i and holding.unpriced:
            add_pnl(state.arrays, p, per_step * math.fsum(q * (mark - price) for q, price in holding.unpriced))
            holding.unpriced.clear()
