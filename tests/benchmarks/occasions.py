"""What happens now and then: a row of the window is completed, a tail is fitted, riskd starts."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from risk.pot import fit_pot
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.market import Market

ROWS = 12
FITS = 200
STARTS = 5
PIECES = 50_000
PIECE_STEPS = 3_000  # some 50 µs


def row_completion(market: Market) -> Figure:
    """The closes of one session, from bytes on, of names with fresh quotes; the last one completes the row."""
    market.hold(each_book_holds_all=True)
    took = np.empty(ROWS)
    cpu = 0.0
    for index in range(ROWS):
        market.quote_before_close()
        records = list(market.close_session())
        begun, cpu_begun = time.perf_counter_ns(), time.process_time_ns()
        outputs = market.core.step(market.decode(records))
        took[index] = time.perf_counter_ns() - begun
        cpu += time.process_time_ns() - cpu_begun
        assert not outputs.rejections, outputs.rejections[0]
    market.open_session()
    load = f"N={len(market.names)}; P={market.books} and their root, all hold every name; with the tail fits it brings"
    return Figure("row completion", "ms", took / 1e6, load, cpu=cpu / 1e6 / ROWS)


def jitter() -> Figure:
    """The same short work again and again, without riskd: its spread is what the machine adds to any time here."""
    took = np.empty(PIECES)
    cpu = time.process_time_ns()
    for index in range(PIECES):
        begun = time.perf_counter_ns()
        sum(range(PIECE_STEPS))
        took[index] = time.perf_counter_ns() - begun
    cpu_us = (time.process_time_ns() - cpu) / 1e3 / PIECES
    return Figure("the machine alone", "µs", took / 1e3, f"sum(range({PIECE_STEPS:,})), no riskd", cpu=cpu_us)


def tail_fit() -> Figure:
    """One fit of the 99.9 % tail with its intervals, in the core's own thread."""
    random = np.random.default_rng(7)
    took = np.empty(FITS)
    fit_pot(random.standard_t(4, 756))  # loads the kernels
    cpu = time.process_time_ns()
    for index in range(FITS):
        losses = random.standard_t(4, 756)
        begun = time.perf_counter_ns()
        fit_pot(losses)
        took[index] = time.perf_counter_ns() - begun
    return Figure("tail fit (POT)", "ms", took / 1e6, "756 losses", cpu=(time.process_time_ns() - cpu) / 1e6 / FITS)


def start() -> Figure:
    """A new process until its core has decided on its first quotes; a start before these has filled the cache."""
    took = np.empty(STARTS)
    _start()
    for index in range(STARTS):
        took[index] = _start()
    return Figure("start to ready, warm cache", "s", took, "an empty core and 24 inputs", goals=(Bound("median", 3.0),))


def _start() -> float:
    begun = time.perf_counter()
    command = (sys.executable, "-m", "tests.benchmarks.first_quotes")
    subprocess.run(command, check=True, cwd=Path(__file__).resolve().parents[2])
    return time.perf_counter() - begun
