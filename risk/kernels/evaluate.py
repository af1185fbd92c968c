"""A book evaluated from nothing, in fixed order: for targets and for numbers that are not kept every tick."""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Floats, Ints


@njit(cache=True, error_model="numpy")
def losses_in(table: Floats, held: Ints, exposure: Floats, columns: int) -> Floats:
    """Return (columns,) minus what exposures earn in each of the first columns of a table with a row an instrument.

    table        : (N, >= columns) of relative moves: returns, shocks; or of anything that is multiplied by an exposure
    held, exposure : (k,)
    """
    losses = np.zeros(columns)
    for at in range(held.shape[0]):
        moves, x = table[held[at]], exposure[at]
        if x != 0.0:
            for column in range(columns):
                losses[column] -= x * moves[column]
    return losses


@njit(cache=True, error_model="numpy")
def losses_of(s: Arrays, held: Ints, exposure: Floats, rows: int) -> Floats:
    """Return (rows,) the loss of a book in each row; held, exposure: (m,)."""
    losses: Floats = losses_in(s.returns, held, exposure, rows)
    return losses


@njit(cache=True, error_model="numpy")
def sigma_times(s: Arrays, held: Ints, exposure: Floats) -> Floats:
    """Return (m,) covariance times exposure over the held instruments."""
    count = held.shape[0]
    product = np.zeros(count)
    for a in range(count):
        total = 0.0
        for b in range(count):
            total += s.sigma[held[a], held[b]] * exposure[b]
        product[a] = total
    return product


@njit(cache=True, error_model="numpy")
def slow_times(s: Arrays, held: Ints, exposure: Floats) -> Floats:
    """Return (m,) slow covariance, scaled to the fast deviations, times exposure over the held instruments."""
    count = held.shape[0]
    product = np.zeros(count)
    for a in range(count):
        total = 0.0
        for b in range(count):
            total += s.slow_sigma[held[a], held[b]] * s.align[held[b]] * exposure[b]
        product[a] = s.align[held[a]] * total
    return product


@njit(cache=True, error_model="numpy")
def mean_correlation_change(s: Arrays, held: Ints, exposure: Floats) -> float:
    """Return by how much the fast mean correlation is over the slow one; NaN for less than two names that move.

    The mean of all pairs, each weighted by |x_i| sigma_i |x_j| sigma_j (models.md 11.1).
    """
    change = weight = 0.0
    for a in range(held.shape[0]):
        i = held[a]
        for b in range(a):
            j = held[b]
            size = abs(exposure[a]) * abs(exposure[b])
            change += size * (s.sigma[i, j] - s.align[i] * s.slow_sigma[i, j] * s.align[j])
            weight += size * s.deviation[i] * s.deviation[j]
    return change / weight if weight > 0.0 else np.nan


@njit(cache=True, error_model="numpy")
def quadratic(s: Arrays, exposure: Floats, count: int) -> float:
    """Return exposure' sigma exposure over the first `count` instruments."""
    total = 0.0
    for i in range(count):
        if exposure[i] == 0.0:
            continue
        part = 0.0
        for j in range(count):
            part += s.sigma[i, j] * exposure[j]
        total += exposure[i] * part
    return total


@njit(cache=True, error_model="numpy")
def stress_of(s: Arrays, held: Ints, exposure: Floats, scenario: int) -> float:
    """Return the loss of a book in one scenario."""
    loss = 0.0
    for at in range(held.shape[0]):
        loss -= exposure[at] * s.shocks[held[at], scenario]
    return loss
