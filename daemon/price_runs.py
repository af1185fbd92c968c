"""Runs of consecutive quotes, trades and ticks as arrays, so that one kernel call takes them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from feeds.events import Quote, Tick, Trade
from feeds.prices import Prices
from feeds.record import Input, Record
from feeds.symbols import Symbols
from risk.arrays import Floats, Ints
from risk.kernels.prices import QUOTE, TICK, TRADE
from risk.state import RiskState

_PRICES = (Quote, Trade, Tick)
_UNKNOWN = -1
_Price = Quote | Trade | Tick
_Columns = tuple[list[int], Ints, Floats, Floats]  # instrument or _UNKNOWN, kind, price, low


@dataclass(frozen=True, slots=True)
class PriceRun:
    """Inputs start..stop-1: prices of known instruments, and ticks; arrays as `run_prices` takes them.

    has_one_source : every price comes from one partition
    """

    start: int
    stop: int
    instrument: Ints
    kind: Ints
    price: Floats
    low: Floats
    ts: Ints
    source: Ints
    has_one_source: bool

    @property
    def count(self) -> int:
        """Prices and ticks in the run."""
        return self.stop - self.start


class SymbolIndex:
    """From the numbers that a source gave to names, to the indices of the instruments that have them.

    index : of the known instruments by name; it may only grow
    """

    def __init__(self, index: Mapping[str, int]) -> None:
        self._index = index
        self._symbols: Symbols | None = None
        self._instrument: Ints = np.empty(0, dtype=np.int64)
        self._known = 0  # instruments when the unknown names were last looked up

    def of(self, prices: Prices) -> Ints:
        """Return the index of each price's instrument, _UNKNOWN where there is none."""
        symbol = prices.columns.symbol
        if self._symbols is not prices.symbols:
            self._symbols, self._instrument = prices.symbols, np.empty(0, dtype=np.int64)
        names = prices.symbols.names
        if int(symbol.max()) >= self._instrument.size or self._known < len(self._index):
            self._instrument = np.array([self._index.get(name, _UNKNOWN) for name in names], dtype=np.int64)
            self._known = len(self._index)
        return self._instrument[symbol]


def collect_run(state: RiskState, index: SymbolIndex, inputs: Sequence[Input], start: int) -> PriceRun | None:
    """Return the run of prices that begins at `start`, or None where that input is none."""
    if isinstance(inputs, Prices):
        return _rest_of(inputs, start, state, index)
    first = inputs[start].event
    if type(first) is Tick:  # most batches begin with one, and quotes alone are faster
        return None
    if len(inputs) - start == 1 and isinstance(first, Quote | Trade):
        return _only(state, start, inputs[start].record, first)
    events: list[_Price] = []
    for at in range(start, len(inputs)):
        event = inputs[at].event
        if not isinstance(event, _PRICES):
            break
        events.append(event)
    quotes = [event for event in events if type(event) is Quote]
    known = state.instrument_index
    columns = _quotes(quotes, known) if len(quotes) == len(events) else _mixed(events, known)
    count = columns[0].index(_UNKNOWN) if _UNKNOWN in columns[0] else len(events)
    if count == 0:
        return None
    instrument, kind, price, low = columns
    stop = start + count
    source, has_one_source = _sources(state, [item.record for item in inputs[start:stop]])
    return PriceRun(
        start, stop, np.array(instrument[:count], dtype=np.int64), kind[:count], price[:count], low[:count],
        np.array([event.ts for event in events[:count]], dtype=np.int64), source, has_one_source,
    )  # fmt: skip


def _only(state: RiskState, start: int, record: Record, event: Quote | Trade) -> PriceRun | None:
    """Return the run of one price, as most are that come live: without what longer runs take to set up."""
    instrument = state.instrument_index.get(event.instrument)
    if instrument is None:
        return None
    if isinstance(event, Quote):
        kind, price, low = QUOTE, (event.bid + event.ask) / 2.0, event.bid
    else:
        kind, price, low = TRADE, event.price, event.price
    source = state.source(record.topic, record.partition)
    return PriceRun(
        start, start + 1, np.array([instrument]), np.array([kind]), np.array([price]), np.array([low]),
        np.array([event.ts]), np.array([source]), True,
    )  # fmt: skip


def _rest_of(prices: Prices, start: int, state: RiskState, index: SymbolIndex) -> PriceRun | None:
    """Return the run of what is left of prices that came together."""
    instrument = index.of(prices)[start:]
    unknown = np.flatnonzero(instrument < 0)
    count = int(unknown[0]) if unknown.size else instrument.size
    if count == 0:
        return None
    stop, columns = start + count, prices.columns
    return PriceRun(
        start, stop, instrument[:count],
        np.where(columns.is_trade[start:stop], TRADE, QUOTE), columns.mid[start:stop], columns.low[start:stop],
        columns.ts[start:stop], np.full(count, state.source(prices.topic, prices.partition), dtype=np.int64), True,
    )  # fmt: skip


def _quotes(quotes: Sequence[Quote], index: Mapping[str, int]) -> _Columns:
    """Return the columns of quotes alone: instruments, kinds, mids and bids."""
    instrument = [index.get(quote.instrument, _UNKNOWN) for quote in quotes]
    low = np.array([quote.bid for quote in quotes])
    price = (low + np.array([quote.ask for quote in quotes])) / 2.0
    return instrument, np.full(len(quotes), QUOTE, dtype=np.int64), price, low


def _mixed(events: Sequence[_Price], index: Mapping[str, int]) -> _Columns:
    """Return the columns of anything: a trade has one price, a tick has none."""
    instrument = [0 if isinstance(event, Tick) else index.get(event.instrument, _UNKNOWN) for event in events]
    rows = [
        (QUOTE, (event.bid + event.ask) / 2.0, event.bid)
        if isinstance(event, Quote)
        else ((TRADE, event.price, event.price) if isinstance(event, Trade) else (TICK, 0.0, 0.0))
        for event in events
    ]
    kind, price, low = zip(*rows, strict=True) if rows else ((), (), ())
    return instrument, np.array(kind, dtype=np.int64), np.array(price), np.array(low)


def _sources(state: RiskState, records: Sequence[Record]) -> tuple[Ints, bool]:
    """Return the index of each record's partition, 0 for ticks, and whether there is one alone."""
    first = records[0]
    if {record.partition for record in records} == {first.partition} and {record.topic for record in records} == {
        first.topic
    }:
        return np.full(len(records), state.source(first.topic, first.partition), dtype=np.int64), True
    places = dict.fromkeys([(record.topic, record.partition) for record in records])
    index = {place: state.source(*place) if place[1] >= 0 else 0 for place in places}
    source = np.array([index[record.topic, record.partition] for record in records], dtype=np.int64)
    return source, sum(partition >= 0 for _, partition in places) == 1
