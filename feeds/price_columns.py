"""Quotes and trades as columns, read from the bytes of their records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.kernels.scan import HIGH, LOW, ODD, TRADE, scan_prices
from feeds.symbols import Symbols
from feeds.validate import NUMBER_MAX

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PriceColumns:
    """Quotes and trades as columns, (n,) each.

    text     : the records' bytes, joined; ends : where each ends
    symbol   : number of the instrument's name
    low, mid : bid and mid of a quote, twice the price of a trade
    """

    text: bytes
    ends: Ints
    symbol: Ints
    low: Floats
    mid: Floats
    ts: Ints
    is_trade: NDArray[np.bool_]

    def payload(self, at: int) -> bytes:
        """Return the bytes of one record."""
        return self.text[int(self.ends[at - 1]) if at else 0 : int(self.ends[at])]

    def payloads(self) -> list[bytes]:
        """Return the bytes of every record."""
        stops: list[int] = self.ends.tolist()
        return [self.text[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]

    def part(self, start: int, stop: int) -> "PriceColumns":
        """Return start..stop-1 of them, at least one."""
        first = int(self.ends[start - 1]) if start else 0
        return PriceColumns(
            self.text[first : int(self.ends[stop - 1])], self.ends[start:stop] - first, self.symbol[start:stop],
            self.low[start:stop], self.mid[start:stop], self.ts[start:stop], self.is_trade[start:stop],
        )  # fmt: skip


def plain_columns(payloads: Sequence[bytes], symbols: Symbols) -> tuple[PriceColumns, Ints]:
    """Return the columns of these records, and the rows of those that are no plain price: there they mean nothing.

    symbols : numbers the names, changed in place
    """
    count, text = len(payloads), b"".join(payloads)
    ends = np.cumsum(np.fromiter(map(len, payloads), dtype=np.int64, count=count))
    letters = np.frombuffer(text, dtype=np.uint8)
    kind, ts, price = np.empty(count, dtype=np.int64), np.zeros(count, dtype=np.int64), np.zeros((count, 2))
    places, name = np.zeros((count, 4), dtype=np.int64), np.zeros((count, 2), dtype=np.int64)
    scan_prices(letters, ends, kind, ts, price, places, name)
    _take_long_numbers(text, kind, price, places)
    is_trade = kind == TRADE
    low, high = price[:, LOW], price[:, HIGH]
    high[is_trade] = low[is_trade]
    symbol = symbols.number(letters, name, kind)
    is_plain = (kind != ODD) & (symbol >= 0) & (low >= -NUMBER_MAX) & (low <= high) & (high <= NUMBER_MAX)
    columns = PriceColumns(text, ends, symbol, low.copy(), (low + high) / 2.0, ts, is_trade)
    return columns, np.flatnonzero(~is_plain)


def _take_long_numbers(text: bytes, kind: Ints, price: Floats, places: Ints) -> None:
    """Fill in the numbers that have too many digits for the kernel."""
    if not places.any():
        return
    for column in (LOW, HIGH):
        starts, stops = places[:, 2 * column], places[:, 2 * column + 1]
        rows = np.flatnonzero((stops > 0) & (kind != ODD))
        digits = zip(starts[rows].tolist(), stops[rows].tolist(), strict=True)
        price[rows, column] = [float(text[start:stop]) for start, stop in digits]
