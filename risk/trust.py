"""How far a mark may be trusted: fresh, stale, suspect or missing, kept by timers in open time."""

import math

import numpy as np

from risk.arrays import Source
from risk.calendars import advance_open, sessions_after
from risk.currency import pairs_of
from risk.state import RiskState

_PARTITION_ALIVE_NS = 60 * 10**9
FAR_FUTURE = 2**62


def timer_name(name: str) -> str:
    """Return the name of an instrument's staleness timer."""
    return f"trust|{name}"


def has_value(state: RiskState, i: int) -> bool:
    """Say whether the instrument has a model, a mark and a rate."""
    terms = state.terms[i]
    rate = state.rates.get(terms.currency, math.nan)
    return terms.is_valued and not math.isnan(state.arrays.mark[i]) and not math.isnan(rate)


def is_quoted(state: RiskState, i: int) -> bool:
    """Say whether the instrument had a quote or trade within three sessions of its calendar."""
    last = max(int(state.arrays.quote_ts[i]), int(state.arrays.trade_ts[i]))
    if last == 0:
        return False
    calendar = state.calendars[state.terms[i].calendar]
    return state.now_ns < sessions_after(calendar, last, state.config.data.close_sessions)


def price_due(state: RiskState, i: int, price_ts: int) -> int:
    """Return when a quote or trade of `price_ts` stops being fresh, as things stand now (ns)."""
    terms, data = state.terms[i], state.config.data
    calendars = (state.calendars[terms.calendar],)
    if terms.max_age_ns is not None:
        return advance_open(calendars, price_ts, terms.max_age_ns)
    due = advance_open(calendars, price_ts, data.fresh_age)
    source = int(state.arrays.last_source[i])
    if source < 0:
        return due
    alive_until = int(state.arrays.source_ts[source]) + _PARTITION_ALIVE_NS
    return max(due, min(advance_open(calendars, price_ts, data.fresh_age_quiet), alive_until))


def close_due(state: RiskState, i: int) -> int:
    """Return when the last official close stops being fresh: three sessions on, or `max_age` of open time."""
    calendar = state.calendars[state.terms[i].calendar]
    since = state.window.level_ts[i]
    pending = state.window.closes[i]
    if pending:
        since = max(since, *(ts for _, ts in pending.values()))
    if since == 0:
        return FAR_FUTURE
    max_age = state.terms[i].max_age_ns
    if max_age is not None:
        return advance_open((calendar,), since, max_age)
    return sessions_after(calendar, since, state.config.data.close_sessions)


def check_age(state: RiskState, i: int) -> bool:
    """Bring freshness up to date and arm the next look; return True where the mark must be chosen anew."""
    arrays, now = state.arrays, state.now_ns
    if state.terms[i].kind == "cash":
        return False
    rechoose = False
    due = FAR_FUTURE
    if arrays.quote_fresh[i] == 1:
        quote_due = price_due(state, i, int(arrays.quote_ts[i]))
        if now >= quote_due:
            arrays.quote_fresh[i] = 0
            rechoose = True
        else:
            due = quote_due
    if is_quoted(state, i):
        newest = max(int(arrays.quote_ts[i]), int(arrays.trade_ts[i]))
        age_due = price_due(state, i, newest)
        turns_close_only = sessions_after(
            state.calendars[state.terms[i].calendar], newest, state.config.data.close_sessions
        )
        is_stale = now >= age_due
        due = min(due, turns_close_only if is_stale else age_due)
    else:
        age_due = close_due(state, i)
        is_stale = now >= age_due
        if not is_stale:
            due = min(due, age_due)
    if is_stale:
        state.stale.add(i)
    else:
        state.stale.discard(i)
    if due < FAR_FUTURE:
        state.timers.arm(timer_name(state.terms[i].name), due)
    refresh_flags(state, i)
    return rechoose


def refresh_flags(state: RiskState, i: int) -> None:
    """Write the instrument's trust into the arrays, and its dependents' where it is a currency pair."""
    _write_flags(state, i)
    if state.terms[i].kind == "fx":
        for j, terms in enumerate(state.terms):
            if j != i and i in pairs_of(state, terms.currency):
                _write_flags(state, j)


def _write_flags(state: RiskState, i: int) -> None:
    arrays, terms = state.arrays, state.terms[i]
    pairs = pairs_of(state, terms.currency)
    stale = i in state.stale or any(pair in state.stale for pair in pairs)
    suspect = is_suspect(state, i) or any(is_suspect(state, pair) for pair in pairs)
    untrusted = float(stale or state.window.unmodelled[i] > 0)
    degraded = float(suspect or state.window.stand_ins[i] > 0)
    if untrusted != arrays.untrusted[i] or degraded != arrays.degraded[i]:
        arrays.untrusted[i], arrays.degraded[i] = untrusted, degraded
        state.touch(i)
    linear = terms.kind not in ("cash", "fx") and not terms.inverse  # a pair may carry a currency's rate
    fresh = i not in state.stale and not is_suspect(state, i)
    arrays.fast[i] = int(linear and fresh and has_value(state, i))


def is_suspect(state: RiskState, i: int) -> bool:
    """Say whether a price is in quarantine, or a bad record named the instrument since its last good price."""
    return i in state.quarantine or i in state.distrusted


def trust_of(state: RiskState, i: int) -> str:
    """Return fresh, stale, suspect or missing."""
    if not has_value(state, i):
        return "missing"
    if is_suspect(state, i):
        return "suspect"
    return "stale" if state.arrays.untrusted[i] > 0.0 else "fresh"


def scope_trust(state: RiskState, p: int) -> str:
    """Return the worst trust among the instruments a scope holds."""
    arrays = state.arrays
    if arrays.missing[p] > 0:
        return "missing"
    held = arrays.quantity[p, : len(state.terms)] != 0.0
    if bool(np.any(held & (arrays.untrusted[: len(state.terms)] > 0.0))):
        return "stale"
    return "suspect" if any(held[i] for i in state.quarantine.keys() | state.distrusted) else "fresh"


def mark_source_name(source: int) -> str:
    """Return the name of a mark's source."""
    return {Source.NONE: "none", Source.QUOTE: "quote", Source.TRADE: "trade", Source.CLOSE: "close"}[source]
