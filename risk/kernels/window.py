"""The return window and the covariance recursion, a row at a time."""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Floats, Scalar
from risk.measures import Matrix, Vector

_INSTRUMENTS, _ROWS = Scalar.INSTRUMENTS, Scalar.ROWS


@njit(cache=True, error_model="numpy")
def decay_covariance(total: Matrix, returns: Vector, count: int, decay: float) -> None:
    """RiskMetrics (1996): total <- decay total + (1 - decay) r r', in place; returns: (count,) of one row."""
    for i in range(count):
        for j in range(count):
            total[i, j] = decay * total[i, j] + (1.0 - decay) * (returns[i] * returns[j])


@njit(cache=True, error_model="numpy")
def debias_covariance(sigma: Matrix, total: Matrix, count: int, weight: float) -> None:
    """sigma = total / weight with weight = 1 - decay**n, so that early values are not too small."""
    for i in range(count):
        for j in range(count):
            sigma[i, j] = total[i, j] / weight


@njit(cache=True, error_model="numpy")
def align_twins(s: Arrays) -> None:
    """Set the deviations, and what scales the slow twin to them: K compares correlations alone (models.md 11.1)."""
    for i in range(s.scalars[_INSTRUMENTS]):
        fast, slow = max(0.0, s.sigma[i, i]), s.slow_sigma[i, i]
        s.deviation[i] = np.sqrt(fast)
        s.align[i] = np.sqrt(fast / slow) if slow > 0.0 else 0.0


@njit(cache=True, error_model="numpy")
def join_covariance(total: Matrix, i: int, weights: Floats, count: int) -> None:
    """Give instrument i the row `total b` and the variance `b' total b`; weights: (count,) b, zero at i."""
    variance = 0.0
    for j in range(count):
        if j == i:
            continue
        value = 0.0
        for k in range(count):
            if weights[k] != 0.0:
                value += total[j, k] * weights[k]
        total[i, j] = value
        total[j, i] = value
        variance += weights[j] * value
    total[i, i] = variance


@njit(cache=True, error_model="numpy")
def adjust_covariance(s: Arrays, total: Matrix, i: int, slot: int, old: float, weight: float) -> None:
    """Replace instrument i's return `old` in row `slot`, which entered with `weight`, by what stands there now."""
    new = s.returns[i, slot]
    for j in range(s.scalars[_INSTRUMENTS]):
        if j == i:
            total[i, i] += weight * (new * new - old * old)
        else:
            total[i, j] += weight * (new - old) * s.returns[j, slot]
            total[j, i] = total[i, j]


@njit(cache=True, error_model="numpy")
def extremes(s: Arrays) -> None:
    """Set the smallest and largest return of every instrument's window; they bound what a move can do to a loss."""
    rows = min(s.scalars[_ROWS], s.returns.shape[1])
    for i in range(s.scalars[_INSTRUMENTS]):
        low = high = 0.0
        for row in range(rows):
            low = min(low, s.returns[i, row])
            high = max(high, s.returns[i, row])
        s.returns_min[i], s.returns_max[i] = low, high
