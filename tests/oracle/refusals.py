"""What the oracle refuses, and why: only facts of the state; malformed records are the decoder's work."""

import math

from config.calendars import UnknownCalendarError
from feeds.events import (
    Adjustment,
    Close,
    Event,
    Fill,
    FillCancel,
    Instrument,
    Nav,
    Order,
    Position,
    PositionsSnapshot,
    Quote,
    Trade,
)
from tests.oracle.books import Books, is_under
from tests.oracle.facts import price_is_allowed
from tests.oracle.market import Market
from tests.oracle.sessions import ordinal_at, ordinal_of


def refusal(event: Event, market: Market, books: Books, now: int) -> str | None:
    """Return the reason code for which an event is refused, None where it is taken."""
    if isinstance(event, Quote | Trade | Close):
        return _price_refusal(event, market, max(now, event.ts))
    if isinstance(event, Instrument):
        try:
            market.calendar(event.calendar)
        except UnknownCalendarError:
            return "UNKNOWN_CALENDAR"
        return None
    if isinstance(event, Adjustment):
        if not (math.isfinite(event.price_factor) and event.price_factor > 0.0):
            return "OUT_OF_BOUNDS"
        return None if event.instrument in market.instruments else "UNKNOWN_INSTRUMENT"
    if isinstance(event, Nav):
        return None if market.rate(event.currency, market.mark_of) is not None else "UNKNOWN_CURRENCY"
    return _book_refusal(event, market, books, max(now, event.ts))


def _price_refusal(event: Quote | Trade | Close, market: Market, now: int) -> str | None:
    facts = market.instruments.get(event.instrument)
    if facts is None:
        return "UNKNOWN_INSTRUMENT"
    prices = (event.bid, event.ask) if isinstance(event, Quote) else (event.price,)
    if not all(map(math.isfinite, prices)):
        return "NOT_FINITE"
    if not all(price_is_allowed(facts.ref, price) for price in prices):
        return "PRICE_OUT_OF_BOUNDS"
    if isinstance(event, Quote) and event.bid > event.ask:
        return "CROSSED_QUOTE"
    if isinstance(event, Close):
        try:
            date = ordinal_of(event.date)
        except ValueError:
            return "BAD_DATE"
        return "OUT_OF_BOUNDS" if date > ordinal_at(now) + 1 else None  # a close of a day that has not begun anywhere
    return "LATE" if facts.tick_ts is not None and event.ts < facts.tick_ts else None


def _book_refusal(event: Event, market: Market, books: Books, now: int) -> str | None:
    if isinstance(event, Position | Fill | Order) and event.instrument not in market.instruments:
        return "UNKNOWN_INSTRUMENT"
    if isinstance(event, PositionsSnapshot):
        if any(item.instrument not in market.instruments for item in event.items):
            return "UNKNOWN_INSTRUMENT"
        return None if all(is_under(item.portfolio, event.portfolio) for item in event.items) else "BAD_PATH"
    if isinstance(event, Fill):
        return _fill_refusal(event, market, books, now)
    if isinstance(event, FillCancel) and books.remembered(event.portfolio, event.fill_id, now) is None:
        return "UNKNOWN_FILL"
    return None


def _fill_refusal(event: Fill, market: Market, books: Books, now: int) -> str | None:
    if event.ts < now - market.config.data.fill_memory:
        return "LATE_FILL"
    known = books.remembered(event.portfolio, event.fill_id, now)
    if known is None:
        return None
    first = known.event
    same = (first.portfolio, first.instrument, first.side, first.quantity, first.price) == (
        event.portfolio,
        event.instrument,
        event.side,
        event.quantity,
        event.price,
    )
    return None if same else "DUPLICATE_FILL_ID"
