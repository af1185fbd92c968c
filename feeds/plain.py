"""The fast path of the decoder: quotes, trades and closes with nothing odd about them, told at once."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.events import Close, Quote, Trade
from feeds.json_text import is_flat_and_unique
from feeds.validate import NAME_CHARACTERS_MAX, NUMBER_MAX, TS_END_NS, is_iso_date

_is_date = functools.lru_cache(maxsize=4096)(is_iso_date)


@dataclass(frozen=True, slots=True, eq=False)
class PriceColumns:
    """Quotes and trades as columns, (n,) each.

    low, mid : bid and mid of a quote, twice the price of a trade
    """

    low: NDArray[np.float64]
    mid: NDArray[np.float64]
    ts: NDArray[np.int64]
    is_trade: NDArray[np.bool_]


def plain_columns(events: Sequence[Quote | Trade], text: bytes) -> PriceColumns | None:
    """Return the columns of quotes and trades of which each is right in all that the decoder checks; None: look closer.

    text : their payloads joined, in any order
    """
    quotes = [event for event in events if type(event) is Quote]
    if len(quotes) == len(events):
        low, high = np.array([quote.bid for quote in quotes]), np.array([quote.ask for quote in quotes])
        sizes = _set([quote.bid_size for quote in quotes]) + _set([quote.ask_size for quote in quotes])
        is_trade = np.zeros(len(events), dtype=np.bool_)
    else:
        low = np.array([event.bid if isinstance(event, Quote) else event.price for event in events])
        high = np.array([event.ask if isinstance(event, Quote) else event.price for event in events])
        sizes = _set([event.bid_size if isinstance(event, Quote) else event.size for event in events])
        sizes += _set([quote.ask_size for quote in quotes])
        is_trade = np.array([isinstance(event, Trade) for event in events], dtype=np.bool_)
    times = [event.ts for event in events]
    names = [event.instrument for event in events]
    # A field that is set has its key, and a key its colon: no record has fewer, so that the sum tells of each one.
    is_plain = (
        _are_plain_names(set(names))
        and (not sizes or 0.0 <= min(sizes) <= max(sizes) <= NUMBER_MAX)
        and min(times, default=0) >= 0
        and max(times, default=0) < TS_END_NS
        and bool(((low >= -NUMBER_MAX) & (low <= high) & (high <= NUMBER_MAX)).all())
        and _colons(text) == 4 * len(events) + len(quotes) + len(sizes) + _colons_of(names, text)
    )
    return PriceColumns(low, (low + high) / 2.0, np.array(times, dtype=np.int64), is_trade) if is_plain else None


def _set(sizes: Sequence[float | None]) -> list[float]:
    return [] if sizes.count(None) == len(sizes) else [size for size in sizes if size is not None]


def _are_plain_names(names: set[str]) -> bool:
    return "" not in names and max(map(len, names), default=0) <= NAME_CHARACTERS_MAX and "".join(names).isprintable()


def _colons(text: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord(":")))


def _colons_of(names: Sequence[str], text: bytes) -> int:
    """Return the colons inside names; -1 where an escape may hide some, which no sum of colons is equal to."""
    colons = sum([name.count(":") for name in names]) if ":" in "".join(names) else 0
    return -NAME_CHARACTERS_MAX * len(names) - 1 if colons and b"\\" in text else colons


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
