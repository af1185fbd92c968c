"""K and the volatility ratio of a book that might be held, and which positions drive them."""

import math

import numpy as np

from risk.arrays import Ints
from risk.kernels.evaluate import losses_of, sigma_times, slow_times
from risk.measures import Vector
from risk.state import RiskState

RATIOS = frozenset({"k_ratio", "vol_ratio"})


def ratio_of(state: RiskState, held: Ints, x: Vector, metric: str) -> float:
    """Return the ratio of the book; 0 for an empty one, NaN where the denominator is zero.

    held, x : (m,) instruments and their exposures in base currency; metric: of RATIOS
    """
    if not np.any(x):
        return 0.0
    if metric == "k_ratio" and int(np.count_nonzero(x)) == 1:
        return 1.0
    above = math.fsum((x * sigma_times(state.arrays, held, x)).tolist())
    if metric == "k_ratio":
        below = math.fsum((x * slow_times(state.arrays, held, x)).tolist())
    else:
        losses = losses_of(state.arrays, held, x, state.rows)
        below = math.fsum((losses * losses).tolist()) / max(state.rows, 1)
    return math.sqrt(max(above, 0.0) / below) if below > 0.0 else math.nan


def ratio_components(state: RiskState, held: Ints, x: Vector, metric: str) -> Vector:
    """Return (m,) what a relative step of each position adds to the ratio: x_i times its derivative by x_i.

    They sum to zero, because a ratio stays where the whole book is scaled (Euler, degree 0): a positive part is
    of a position that drives the ratio up, a negative one of a position that holds it down.
    """
    above, below = x * sigma_times(state.arrays, held, x), x * _denominator(state, held, x, metric)
    fast, usual = math.fsum(above.tolist()), math.fsum(below.tolist())
    if int(np.count_nonzero(x)) < 2 or not fast > 0.0 or not usual > 0.0:
        return np.zeros(x.size)
    return np.asarray((above / fast - below / usual) * math.sqrt(fast / usual))


def _denominator(state: RiskState, held: Ints, x: Vector, metric: str) -> Vector:
    """Return (m,) half the derivative of the denominator's square."""
    if metric == "k_ratio":
        return np.asarray(slow_times(state.arrays, held, x))
    rows = state.rows
    losses = losses_of(state.arrays, held, x, rows).tolist()
    returns = state.arrays.returns[held, :rows].tolist()
    return np.array([-math.fsum(map(float.__mul__, losses, line)) / max(rows, 1) for line in returns], dtype=np.float64)
