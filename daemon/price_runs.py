"""Runs of consecutive quotes and trades as arrays, so that one kernel call takes them all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feeds.events import Quote, Trade
from feeds.record import Input
from risk.arrays import Floats, Ints
from risk.kernels.prices import QUOTE, TRADE
from risk.state import RiskState


@dataclass(frozen=True, slots=True)
class PriceRun:
    """Inputs start..stop-1, all prices of known instruments; arrays as `run_prices` takes them."""

    start: int
    stop: int
    instrument: Ints
    kind: Ints
    price: Floats
    low: Floats
    ts: Ints
    source: Ints

    @property
    def count(self) -> int:
        """Prices in the run."""
        return self.stop - self.start


def collect_run(state: RiskState, inputs: Sequence[Input], start: int) -> PriceRun | None:
    """Return the run of prices that begins at `start`, or None where that input is none."""
    index = state.instrument_index
    instruments: list[int] = []
    kinds: list[int] = []
    prices: list[float] = []
    lows: list[float] = []
    times: list[int] = []
    sources: list[int] = []
    topic, partition, source = "", -1, -1
    stop = start
    for stop in range(start, len(inputs)):
        event = inputs[stop].event
        if type(event) is Quote:
            i = index.get(event.instrument)
            low, mid = event.bid, (event.bid + event.ask) / 2.0
            code = QUOTE
        elif type(event) is Trade:
            i = index.get(event.instrument)
            low = mid = event.price
            code = TRADE
        else:
            break
        if i is None:
            break
        record = inputs[stop].record
        if record.topic != topic or record.partition != partition:
            topic, partition = record.topic, record.partition
            source = state.source(topic, partition)
        instruments.append(i)
        kinds.append(code)
        prices.append(mid)
        lows.append(low)
        times.append(event.ts)
        sources.append(source)
    else:
        stop += 1
    if stop == start:
        return None
    return PriceRun(
        start, stop, np.array(instruments, dtype=np.int64), np.array(kinds, dtype=np.int64), np.array(prices),
        np.array(lows), np.array(times, dtype=np.int64), np.array(sources, dtype=np.int64),
    )  # fmt: skip
