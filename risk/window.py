"""The daily return window: when a row is complete, and what its completion does to everything."""

import math

import numpy as np

from risk.arrays import Scalar, Source
from risk.bars import restart_bars
from risk.calendars import session_at_or_after, session_index_of_date
from risk.covariance import append_row
from risk.exceptions import RowException
from risk.kernels.liquidity import age_spreads
from risk.kernels.window import extremes
from risk.marks import accept_level, set_mark
from risk.positions import forget_fills
from risk.proxies import CellFlag, count_flags
from risk.row_cells import Row, fill_cells, gather_row, row_rates
from risk.state import RiskState
from risk.stress_work import request_night
from risk.tail_fits import refresh_references, request_all
from risk.trust import check_age
from risk.turnover import note_navs

ROW_CLOSE, ROW_CUTOFF, DAY_OPEN = "row|close", "row|cutoff", "row|open"


def start_window(state: RiskState, ts: int) -> None:
    """Open the row of the base session that `ts` lies in or before."""
    _open_row(state, session_at_or_after(state.base_calendar, ts))


def record_close(state: RiskState, i: int, date: int, price: float, ts: int) -> None:
    """Take an official close; it waits for its row, whose completion it may bring about.

    date : ordinal of its session. A close of a later base session first completes the row that is open.
    """
    window, calendar = state.window, state.base_calendar
    if window.session < 0:
        start_window(state, ts)
    due = session_index_of_date(calendar, date)
    while due is not None and window.session < due:
        complete_row(state)
    first = math.isnan(state.arrays.mark[i])
    if first:
        set_mark(state, i, price, ts, Source.CLOSE)
    accept_level(state, i)
    if date > window.level_date[i]:
        window.closes[i][date] = (price, ts)
    row_is_done = window.session > 0 and date <= calendar.dates[window.session - 1]
    news = date >= window.level_date[i] and not first and state.arrays.quote_fresh[i] == 0
    if news and (state.terms[i].closes_mark or row_is_done):  # no row is waited for; also a correction
        set_mark(state, i, price, ts, Source.CLOSE)
    if first or i in state.stale:
        check_age(state, i)
    if window.session < len(calendar.dates) and date >= calendar.dates[window.session]:
        window.awaiting.discard(i)
    if not window.awaiting and (window.closed_at or not _has_mark_closers(state)):
        complete_row(state)


def base_close(state: RiskState) -> None:
    """The base session has closed: marks that stand for closes are taken, and a row that waits for none is done.

    A mark counts that has moved since the last base close: one of an hour ago is the day's price, though it is stale.
    """
    window = state.window
    window.closed_at = True
    last = int(state.base_calendar.closes[window.session - 1]) if window.session > 0 else 0
    for i, terms in enumerate(state.terms):
        if terms.closes_mark and state.arrays.mark_ts[i] >= last and not math.isnan(state.arrays.mark[i]):
            window.row_marks[i] = float(state.arrays.mark[i])
    if not window.awaiting:
        complete_row(state)


def open_day(state: RiskState) -> None:
    """A base session opens: the day's loss starts at zero."""
    count = len(state.scopes)
    state.arrays.day_pnl[:count] = 0.0
    state.dirty.update(range(count))
    _arm_day(state)


def await_instrument(state: RiskState, i: int) -> None:
    """Bring the open row's waiting list up to date after reference data of instrument i."""
    if state.window.session < 0:
        return
    if _closes_today(state, i) and not state.window.closes[i].get(_row_date(state)):
        state.window.awaiting.add(i)
    else:
        state.window.awaiting.discard(i)


def complete_row(state: RiskState) -> None:
    """Complete the open row: cells, levels, marks, covariance and every book, all together; open the next."""
    window, calendar = state.window, state.base_calendar
    if window.session >= len(calendar.dates):  # the calendar has ended, and with it the rows
        return
    date = int(calendar.dates[window.session])
    if not window.has_levels and not _has_price(state):
        _open_row(state, window.session + 1)  # before the first price there is nothing to complete
        return
    row = gather_row(state, date)
    if window.has_levels:
        fill_cells(state, row)
    rates = row_rates(state, row.price)
    for i, price in enumerate(row.price):
        if not math.isnan(price):
            window.level[i], window.level_date[i], window.in_row[i] = price, row.date[i], True
            if row.seen[i]:
                window.cash[i] = 0.0
    window.rate_level = rates
    if window.has_levels:
        _append(state, row, date)
        restart_bars(state, row)
    else:  # the first session gives levels only
        window.has_levels = any(row.seen)
    _move_marks(state, row)
    forget_fills(state)
    age_spreads(state.arrays)
    note_navs(state)
    state.rebuild_all()
    refresh_references(state)
    if window.rows_total % state.config.refit == 0:
        request_all(state)
    request_night(state)
    _open_row(state, window.session + 1)


def complete_backtest(state: RiskState) -> list[RowException]:
    """Compare the last completed row with what VaR said before it; call it once, after all scopes are measured."""
    window = state.window
    slot = (window.rows_total - 1) % window.flags.shape[1]
    unseen = (window.flags[:, slot] == CellFlag.UNMODELLED).astype(np.int64)
    return state.backtest.complete(state.arrays, window.rows_total, unseen)


def _append(state: RiskState, row: Row, date: int) -> None:
    """Write the row into the ring, decay the covariance by it, and bring bands and bounds up to date."""
    window, arrays, count = state.window, state.arrays, len(state.terms)
    slot = window.rows_total % arrays.returns.shape[1]
    arrays.returns[:count, slot] = row.cells[:count]
    changed = np.flatnonzero(
        (window.flags[:count, slot] == CellFlag.PROXIED)
        | (window.flags[:count, slot] == CellFlag.UNMODELLED)
        | (row.flag[:count] == CellFlag.PROXIED)
        | (row.flag[:count] == CellFlag.UNMODELLED)
    )
    window.flags[:count, slot] = row.flag[:count]
    window.rows_total += 1
    window.row_dates.append(date)
    state.crisis_rows.keep(date, row.cells[:count], row.flag[:count])
    window.row_closes.append(int(state.base_calendar.closes[window.session]))
    arrays.scalars[Scalar.ROWS] = min(window.rows_total, arrays.returns.shape[1])
    for i in changed.tolist():
        count_flags(state, i)
    append_row(state, row.cells)
    extremes(arrays)
    data = state.config.data
    for i in range(count):
        if not math.isnan(arrays.mark[i]):
            arrays.band[i] = max(data.band_min, data.band_sigmas * float(arrays.deviation[i]))


def _move_marks(state: RiskState, row: Row) -> None:
    """Closes become marks together, wherever no fresh quote or newer trade stands."""
    arrays, window = state.arrays, state.window
    for i, terms in enumerate(state.terms):
        is_newest = arrays.quote_fresh[i] == 0 and int(arrays.trade_ts[i]) <= window.level_ts[i]
        if row.seen[i] and not terms.closes_mark and is_newest:
            set_mark(state, i, row.price[i], window.level_ts[i], Source.CLOSE)
        if not math.isnan(arrays.mark[i]):
            check_age(state, i)


def _row_date(state: RiskState) -> int:
    window, calendar = state.window, state.base_calendar
    return int(calendar.dates[window.session]) if window.session < len(calendar.dates) else 2**62


def _open_row(state: RiskState, session: int) -> None:
    window, calendar = state.window, state.base_calendar
    window.session, window.closed_at = session, False
    window.row_marks.clear()
    if session >= len(calendar.dates):
        state.timers.cancel(ROW_CLOSE)
        state.timers.cancel(ROW_CUTOFF)
        for i in range(len(state.terms)):
            check_age(state, i)
        return
    close = int(calendar.closes[session])
    state.timers.arm(ROW_CLOSE, close)
    state.timers.arm(ROW_CUTOFF, close + state.config.window.close_cutoff)
    if not state.timers.armed(DAY_OPEN):
        _arm_day(state)
    date = int(calendar.dates[session])
    window.awaiting = {i for i in range(len(state.terms)) if _closes_today(state, i) and date not in window.closes[i]}


def _arm_day(state: RiskState) -> None:
    opens = state.base_calendar.opens
    after = int(np.searchsorted(opens, state.now_ns, side="right"))
    if after < len(opens):
        state.timers.arm(DAY_OPEN, int(opens[after]))


def _closes_today(state: RiskState, i: int) -> bool:
    """Say whether the open row waits for an official close of instrument i."""
    terms, calendar, window = state.terms[i], state.base_calendar, state.window
    if not terms.active or terms.closes_mark or terms.kind == "cash" or window.session >= len(calendar.dates):
        return False
    own = state.calendars[terms.calendar]
    session = session_index_of_date(own, int(calendar.dates[window.session]))
    return session is not None and own.closes[session] <= calendar.closes[window.session]


def _has_price(state: RiskState) -> bool:
    """Say whether anything but cash has ever had a price; cash is worth 1 from its reference data on."""
    levels = zip(state.terms, state.window.level, strict=True)
    return any(terms.kind != "cash" and not math.isnan(level) for terms, level in levels)


def _has_mark_closers(state: RiskState) -> bool:
    return any(t.active and t.closes_mark and t.kind != "cash" for t in state.terms)
