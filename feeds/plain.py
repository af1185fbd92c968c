"""The fast path of the decoder: quotes, trades and closes with nothing odd about them, told at once."""

import functools

from feeds.events import Close, Quote, Trade
from feeds.json_text import is_flat_and_unique
from feeds.validate import NAME_CHARACTERS_MAX, NUMBER_MAX, TS_END_NS, is_iso_date

_is_date = functools.lru_cache(maxsize=4096)(is_iso_date)


def is_plain_quote(event: Quote, payload: bytes) -> bool:
    """Say whether the quote is right in all that the decoder checks; False means: look closer."""
    colons = 5
    if event.bid_size is not None:
        colons = 6
        if not 0.0 <= event.bid_size <= NUMBER_MAX:
            return False
    if event.ask_size is not None:
        colons += 1
        if not 0.0 <= event.ask_size <= NUMBER_MAX:
            return False
    return -NUMBER_MAX <= event.bid <= event.ask <= NUMBER_MAX and _is_plain(event, payload, colons)


def is_plain_trade(event: Trade, payload: bytes) -> bool:
    """Say the same of a trade."""
    colons = 4
    if event.size is not None:
        colons = 5
        if not 0.0 <= event.size <= NUMBER_MAX:
            return False
    return -NUMBER_MAX <= event.price <= NUMBER_MAX and _is_plain(event, payload, colons)


def is_plain_close(event: Close, payload: bytes) -> bool:
    """Say the same of an official close."""
    return -NUMBER_MAX <= event.price <= NUMBER_MAX and _is_date(event.date) and _is_plain(event, payload, 5)


def _is_plain(event: Quote | Trade | Close, payload: bytes, colons: int) -> bool:
    name = event.instrument
    return (
        0 <= event.ts < TS_END_NS
        and 0 < len(name) <= NAME_CHARACTERS_MAX
        and name.isprintable()
        # As many colons as fields that are set: then no key came twice and none is unknown.
        and (payload.count(b":") == colons or is_flat_and_unique(payload))
    )
