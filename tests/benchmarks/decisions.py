"""From the bytes of one record to its decision, as the live loop does it with one record a batch."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.market import Market, make_market

HOT_RECORDS = 50_000
WARM_RECORDS = 2_000
PACED_RECORDS = 3_000
BAR_RECORDS = 1_000
ORDERED_RECORDS = 10_000
ORDERED_NAMES = 25
GROWTH_RECORDS = 3_000
GROWTH_ROWS = 260  # 99.9 % has its number from 250 rows on


def hot(market: Market) -> Figure:
    """One record right after the other."""
    took, cpu = _time(market, HOT_RECORDS)
    return Figure(
        "record to decision, hot",
        "µs",
        took,
        _load(market),
        goals=(Bound("p99", 20.0), Bound("p999", 60.0)),
        first_steps=(Bound("p99", 60.0),),
        cpu=cpu,
    )


def hot_with_orders(market: Market) -> Figure:
    """The same with working orders on both sides of some names of every book; they are gone afterwards."""
    market.order(ORDERED_NAMES, open_quantity=50.0)
    took, cpu = _time(market, ORDERED_RECORDS)
    market.order(ORDERED_NAMES, open_quantity=0.0)
    load = f"{_load(market)}; {2 * ORDERED_NAMES} orders in each book"
    return Figure("record to decision with working orders, hot", "µs", took, load, cpu=cpu)


def paced(market: Market) -> Figure:
    """With 2 to 20 ms of sleep before each record, so that caches and the processor cool down."""
    pauses = np.random.default_rng(2).uniform(0.002, 0.020, PACED_RECORDS)
    took, cpu = _time(market, PACED_RECORDS, pauses.tolist())
    goals = (Bound("p99", 60.0), Bound("p999", 100.0))
    return Figure("record to decision, 2-20 ms apart", "µs", took, _load(market), goals=goals, cpu=cpu)


def bars() -> list[Figure]:
    """The trading day with a bar that ends every second: every record, and those alone that end one."""
    market = make_market(500, 10, 757, bar="1s")
    market.hold(each_book_holds_all=True)
    step = market.step_ns
    took, cpu = _time(market, HOT_RECORDS)
    load = f"{_load(market)}; a bar every second of event time, {10**9 // step:,} records"
    market.step_ns = 10**9  # from here on every record ends a bar
    ends, ends_cpu = _time(market, BAR_RECORDS)
    return [
        Figure("record to decision, intraday", "µs", took, load, goals=(Bound("p99", 50.0),), cpu=cpu),
        Figure("a record that ends a bar", "µs", ends, _load(market), cpu=ends_cpu),
    ]


def growth() -> Figure:
    """5,000 names in 100 books, each name in one book and in their root; building it takes minutes."""
    market = make_market(5_000, 100, GROWTH_ROWS)
    market.hold(each_book_holds_all=False)
    took, cpu = _time(market, GROWTH_RECORDS)
    load = f"N=5,000; P=100 and their root, a name in 1 + root; T={GROWTH_ROWS}"
    return Figure("growth: record to decision, hot", "µs", took, load, goals=(Bound("p99", 200.0),), cpu=cpu)


def _load(market: Market) -> str:
    assert market.core.state.rows == 756
    return f"N={len(market.names)}; P={market.books} and their root, all hold every name; T=756; 6 stresses; 10 limits"


def _time(market: Market, count: int, pauses: list[float] | None = None) -> tuple[NDArray[np.float64], float]:
    """Return (n,) µs of wall time of each record, and the mean CPU time of one."""
    took = np.empty(count)
    step, decode = market.core.step, market.decode
    for record in market.quotes(WARM_RECORDS):
        step(decode([record]))
    market.core.state_records()  # loads what measures
    records = list(market.quotes(count))
    with quiet_collector():
        cpu_before = time.process_time_ns()
        for index, record in enumerate(records):
            if pauses is not None:
                time.sleep(pauses[index])
            begun = time.perf_counter_ns()
            step(decode([record]))
            took[index] = time.perf_counter_ns() - begun
        cpu = time.process_time_ns() - cpu_before
    return took / 1000.0, cpu / 1000.0 / count


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Treat the garbage collector as the live loop does: what is there is frozen, and it runs when idle only."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
