"""The fast path of the decoder: quotes, trades and closes with nothing odd about them, told at once."""

import functools
import operator
from collections.abc import Sequence

import numpy as np

from config.names import NAME_CHARACTERS_MAX
from feeds.events import Close, Quote, Trade
from feeds.json_text import is_flat_and_unique
from feeds.validate import NUMBER_MAX, TS_END_NS, is_iso_date

_is_date = functools.lru_cache(maxsize=4096)(is_iso_date)


def are_plain_prices(quotes: Sequence[Quote], trades: Sequence[Trade], text: bytes) -> bool:
    """Say the same of many quotes and trades at once: True only where each of them is plain.

    text : their payloads joined, in any order
    """
    bids, asks = [quote.bid for quote in quotes], [quote.ask for quote in quotes]
    prices = [trade.price for trade in trades] if trades else []
    sizes = [*_set([quote.bid_size for quote in quotes]), *_set([quote.ask_size for quote in quotes])]
    sizes += _set([trade.size for trade in trades])
    times = [quote.ts for quote in quotes] + [trade.ts for trade in trades]
    names = {quote.instrument for quote in quotes} | {trade.instrument for trade in trades}
    return (
        all(map(operator.le, bids, asks))
        and _are_within(bids, -NUMBER_MAX)
        and _are_within(asks, -NUMBER_MAX)
        and _are_within(prices, -NUMBER_MAX)
        and _are_within(sizes, 0.0)
        and min(times, default=0) >= 0
        and max(times, default=0) < TS_END_NS
        and "" not in names
        and max(map(len, names), default=0) <= NAME_CHARACTERS_MAX
        and "".join(names).isprintable()
        # A field that is set has its key, and every key its colon: no record has fewer, so the sum tells of each one.
        and _colons(text) == 5 * len(quotes) + 4 * len(trades) + len(sizes)
    )


def _set(sizes: Sequence[float | None]) -> list[float]:
    return [] if sizes.count(None) == len(sizes) else [size for size in sizes if size is not None]


def _are_within(values: Sequence[float], low: float) -> bool:
    return low <= min(values, default=low) and max(values, default=low) <= NUMBER_MAX


def _colons(text: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord(":")))


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
