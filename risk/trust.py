"""How far a mark may be trusted: fresh, stale, suspect or missing, kept by timers in open time."""

import math

import numpy as np

from risk.arrays import Scalar, Source
from risk.calendars import advance_open, sessions_after
from risk.currency import pairs_of
from risk.state import RiskState

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
    """Say whether the instrument has ever had a quote or trade; one that has not is judged by its closes."""
    return bool(state.arrays.quote_ts[i] or state.arrays.trade_ts[i])


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
    alive_until = advance_open(calendars, int(state.arrays.source_ts[source]), data.fresh_age)
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


def check_age(state: RiskState, i: int) -> None:
    """Bring freshness up to date and arm the next look.

    A mark never moves because time passes: the mid of a quote that is no longer fresh stays, marked stale, until a
    newer trade or close comes; going back to an older price would make P&L out of nothing.
    """
    arrays, now = state.arrays, state.now_ns
    if state.terms[i].kind == "cash":  # never too old, but its window may rest on stand-ins
        refresh_flags(state, i)
        return
    due = FAR_FUTURE
    if arrays.mark_source[i] == Source.QUOTE:
        quote_due = price_due(state, i, int(arrays.quote_ts[i]))
        arrays.quote_fresh[i] = int(now < quote_due)
        if now < quote_due:
            due = quote_due
        else:
            _wait_for_source(state, i)
    age_due = price_due(state, i, int(arrays.mark_ts[i])) if is_quoted(state, i) else close_due(state, i)
    # past the last session of the base calendar no row can complete: nothing is known any more
    is_stale = now >= age_due or state.window.session >= len(state.base_calendar.dates)
    if not is_stale:
        due = min(due, age_due)
    elif is_quoted(state, i):
        _wait_for_source(state, i)
    if is_stale:
        state.stale.add(i)
    else:
        state.stale.discard(i)
    if due < FAR_FUTURE:
        state.timers.arm(timer_name(state.terms[i].name), due)
    refresh_flags(state, i)


def wake_source(state: RiskState, source: int) -> None:
    """A partition that was silent has delivered: prices that only its silence made stale are fresh again."""
    if state.arrays.source_waiting[source]:
        state.arrays.source_waiting[source] = 0
        for i in sorted(state.waiting.pop(source)):
            check_age(state, i)


def _wait_for_source(state: RiskState, i: int) -> None:
    """Look again when the partition speaks, where the price is young enough for that to make it fresh."""
    source = int(state.arrays.last_source[i])
    if source < 0 or state.terms[i].max_age_ns is not None:
        return
    calendars = (state.calendars[state.terms[i].calendar],)
    newest = int(state.arrays.mark_ts[i])
    if state.now_ns < advance_open(calendars, newest, state.config.data.fresh_age_quiet):
        state.waiting.setdefault(source, set()).add(i)
        state.arrays.source_waiting[source] = 1


def refresh_flags(state: RiskState, i: int) -> None:
    """Write the instrument's trust into the arrays, and its dependents' where it is a currency pair."""
    _write_flags(state, i)
    if state.terms[i].carries_currency:
        for j, terms in enumerate(state.terms):
            if j != i and i in pairs_of(state, terms.currency):
                _write_flags(state, j)


def _write_flags(state: RiskState, i: int) -> None:
    arrays, terms = state.arrays, state.terms[i]
    pairs = pairs_of(state, terms.currency)
    stale = i in state.stale or any(pair in state.stale for pair in pairs)
    suspect = is_suspect(state, i) or any(is_suspect(state, pair) for pair in pairs)
    untrusted = float(stale or state.window.unmodelled[i] > 0)
    proxied = float(state.window.stand_ins[i] > 0)
    flags, before = (untrusted, float(suspect), proxied), (arrays.untrusted[i], arrays.suspect[i], arrays.proxied[i])
    if flags != before:
        arrays.untrusted[i], arrays.suspect[i], arrays.proxied[i] = flags
        arrays.scalars[Scalar.FLAGGED] += any(flags) - any(before)
        state.touch(i)
    linear = terms.kind not in ("cash", "fx") and not terms.inverse  # a pair may carry a currency's rate
    fresh = i not in state.stale and not is_suspect(state, i)
    arrays.fast[i] = int(linear and fresh and has_value(state, i))


def is_suspect(state: RiskState, i: int) -> bool:
    """Say whether a price is in quarantine, or a bad record named the instrument since its last good price."""
    return i in state.quarantine or i in state.distrusted


def scope_trust(state: RiskState, p: int) -> str:
    """Return the worst trust among the instruments a scope holds or has orders in."""
    arrays = state.arrays
    if arrays.missing.item(p) > 0 or (
        arrays.worked_row.item(p) >= 0 and any(arrays.missing[book] > 0 for book in state.books_of(p))
    ):
        return "missing"
    if not (arrays.scalars[Scalar.FLAGGED] or state.quarantine or state.distrusted):
        return "fresh"
    held = state.named(p)
    if bool(np.any(held & (arrays.untrusted[: len(state.terms)] > 0.0))):
        return "stale"
    return "suspect" if any(held[i] for i in state.quarantine.keys() | state.distrusted) else "fresh"


def count_missing(state: RiskState, i: int) -> None:
    """Recount the held instruments without a value in every scope that holds instrument i."""
    for p in state.concerned(i):
        recount_scope(state, p)
        for book in state.books_of(p)[1:]:
            count_missing_in_book(state, book)


def recount_scope(state: RiskState, p: int) -> None:
    """Recount the held instruments without a value in scope p."""
    held = state.arrays.quantity[p]
    state.arrays.missing[p] = sum(1 for i in range(len(state.terms)) if held[i] != 0.0 and not has_value(state, i))


def count_missing_in_book(state: RiskState, book: int) -> None:
    """Recount the instruments without a value in what orders could make of a scope: their unit has no exposure."""
    arrays, count = state.arrays, len(state.terms)
    candidates = np.flatnonzero((arrays.quantity[book, :count] != 0.0) & (arrays.unit[:count] == 0.0)).tolist()
    arrays.missing[book] = sum(1 for i in candidates if not has_value(state, i))
