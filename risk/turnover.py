"""Turnover: what was bought and sold within one rolling session of the base calendar, whatever the side."""

import math

from config.setup import Calendar
from risk.calendars import FAR_FUTURE_NS, session_at_or_after
from risk.portfolios import root_of
from risk.state import RiskState
from risk.traded import UNITS, TradedFill

TRADED_OUT = "turnover|out"


def session_later(calendar: Calendar, ts: int) -> int:
    """Return the moment one session after `ts`, ns: as far through the next session as `ts` is through its own.

    What lies between two sessions counts as the close before it; what lies before the first, as that one's open.
    Returns FAR_FUTURE_NS beyond the last session.
    """
    opens, closes = calendar.opens_sorted, calendar.closes_sorted
    at = session_at_or_after(calendar, ts)
    if at < len(opens) and ts < opens[at]:
        at, ts = (at - 1, closes[at - 1]) if at > 0 else (0, opens[0])
    if at + 1 >= len(opens):
        return FAR_FUTURE_NS
    passed, length = ts - opens[at], closes[at] - opens[at]
    return opens[at + 1] + passed * (closes[at + 1] - opens[at + 1]) // length


def add_traded(state: RiskState, fill_id: str, leaf: int, i: int, quantity: float, price: float, ts: int) -> None:
    """Count a new fill in its leaf and above until a session has passed; also one that came late.

    quantity : units, > 0; price : own currency. An inverse contract trades its face. Cash that moves is no trade.
    """
    terms, traded = state.terms[i], state.turnover
    due_ns = session_later(state.base_calendar, ts)
    if terms.kind == "cash" or due_ns <= state.now_ns:
        return
    notional = quantity * terms.multiplier * (1.0 if terms.inverse else abs(price))
    fill = TradedFill(leaf, due_ns, notional, terms.currency)
    traded.add((root_of(state.scopes[leaf]), fill_id), fill)
    _value(state, fill)
    traded.count(fill, state.path_of(leaf), 1)
    _publish(state, leaf)
    _arm(state)


def take_back(state: RiskState, root: str, fill_id: str) -> None:
    """A cancelled fill was no trade."""
    fill = state.turnover.fills.pop((root, fill_id), None)
    if fill is not None:
        state.turnover.count(fill, state.path_of(fill.leaf), -1)
        _publish(state, fill.leaf)
        _arm(state)


def forget_traded(state: RiskState) -> None:
    """Let go of every fill that is a session old."""
    while (fill := state.turnover.pop_due(state.now_ns)) is not None:
        state.turnover.count(fill, state.path_of(fill.leaf), -1)
        _publish(state, fill.leaf)
    _arm(state)


def note_navs(state: RiskState) -> None:
    """A row was completed: keep every V for the mean that turnover is held against, and value what had no rate."""
    arrays, count = state.arrays, len(state.scopes)
    for p in range(count):
        arrays.nav_row[p] = arrays.value[p] if arrays.has_nav[p] == 1 else math.nan
    if any(state.turnover.unvalued.values()):
        value_late(state)


def value_late(state: RiskState) -> None:
    """Count fills whose currency had no rate, where it has one now; at the rate of now."""
    for fill in state.turnover.fills.values():
        if fill.units is None and not math.isnan(state.rates.get(fill.currency, math.nan)):
            path = state.path_of(fill.leaf)
            state.turnover.count(fill, path, -1)
            _value(state, fill)
            state.turnover.count(fill, path, 1)
            _publish(state, fill.leaf)


def _value(state: RiskState, fill: TradedFill) -> None:
    rate = state.rates.get(fill.currency, math.nan)
    if not math.isnan(rate):
        fill.units = round(fill.notional * rate * UNITS)


def _publish(state: RiskState, leaf: int) -> None:
    for p in state.path_of(leaf):
        state.arrays.traded[p] = state.turnover.notional(p)
        state.dirty.add(p)


def _arm(state: RiskState) -> None:
    due = state.turnover.next_due()
    if due is None:
        state.timers.cancel(TRADED_OUT)
    else:
        state.timers.arm(TRADED_OUT, due)
