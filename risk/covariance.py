"""The covariance of the rows and its slow twin: rows enter, instruments join, cells are restated (semantics.md)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from risk.arrays import Scalar
from risk.kernels.book import join_book, rebuild
from risk.kernels.window import (
    adjust_covariance,
    align_twins,
    debias_covariance,
    decay_covariance,
    join_covariance,
)
from risk.measures import Matrix, Vector
from risk.state import RiskState


@dataclass(frozen=True, slots=True)
class Twin:
    """One of the two covariances: of rows and bars with one decay.

    total : (N, N) undebiased sum over the completed rows
    sigma : (N, N) as of now, which kernels read
    decay : a day
    """

    total: Matrix
    sigma: Matrix
    decay: float


def twins(state: RiskState) -> Iterator[Twin]:
    """Yield the fast twin, then the slow one."""
    window, covariance = state.window, state.config.covariance
    yield Twin(window.total, state.arrays.sigma, covariance.decay)
    yield Twin(window.slow_total, state.arrays.slow_sigma, covariance.slow_decay)


def append_row(state: RiskState, cells: Vector) -> None:
    """Let a completed row enter both twins; cells: (N,) base-currency returns. Books are stale until rebuilt."""
    count = int(state.arrays.scalars[Scalar.INSTRUMENTS])
    for twin in twins(state):
        decay_covariance(twin.total, cells, count, twin.decay)
    debias(state)


def debias(state: RiskState) -> None:
    """Set both covariances to those of the completed rows. Books are stale until rebuilt."""
    count = int(state.arrays.scalars[Scalar.INSTRUMENTS])
    for twin in twins(state):
        debias_covariance(twin.sigma, twin.total, count, 1.0 - twin.decay**state.window.rows_total)
    align_twins(state.arrays)


def join(state: RiskState, i: int, weights: Mapping[int, float]) -> None:
    """Give instrument i the place of a portfolio in both twins, and every book its part of it; weights by index."""
    count = int(state.arrays.scalars[Scalar.INSTRUMENTS])
    b = np.zeros(count, dtype=np.float64)
    for j, weight in weights.items():
        b[j] = weight
    bars, sources = state.bars, sorted(weights)
    bars.takes_part[i] = bool(sources) and all(bars.takes_part[j] for j in sources)
    for at, twin in enumerate(twins(state)):
        join_covariance(twin.total, i, b, count)
        join_covariance(twin.sigma, i, b, count)
        bars.faded[at][i] = bars.faded[at][sources[0]] if bars.takes_part[i] else 1.0
    align_twins(state.arrays)
    for p in range(len(state.scopes)):
        for book in state.books_of(p):
            if state.arrays.quantity[book, i] != 0.0:
                rebuild(state.arrays, book)
                state.dirty.add(p)
            else:
                join_book(state.arrays, book, i)


def restate(state: RiskState, i: int, slot: int, old: float, age: int) -> None:
    """Replace the return `old` of instrument i in row `slot`, `age` rows before the last. Books are stale."""
    count = int(state.arrays.scalars[Scalar.INSTRUMENTS])
    for at, twin in enumerate(twins(state)):
        before = twin.total[i, :count].copy()
        adjust_covariance(state.arrays, twin.total, i, slot, old, (1.0 - twin.decay) * twin.decay**age)
        faded = state.bars.faded[at][:count]
        change = (twin.total[i, :count] - before) / (1.0 - twin.decay**state.window.rows_total)
        twin.sigma[i, :count] += change * (faded * faded[i])  # bars of today stay
        twin.sigma[:count, i] = twin.sigma[i, :count]
    align_twins(state.arrays)
