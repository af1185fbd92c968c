"""Formulas of the risk numbers on plain vectors: quantile, expected shortfall, normal and t multipliers."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tests.oracle.facts import Status

Vector = NDArray[np.float64]

LEVELS_PPM = {"95": 950_000, "975": 975_000, "99": 990_000, "999": 999_000}
HISTORICAL_LEVELS = ("95", "975", "99")


def value_at_risk(losses: Vector, level_ppm: int) -> float:
    """Return the ⌈nα⌉-th smallest loss (Hyndman and Fan 1996, type 1); α in millionths."""
    rank = -(-len(losses) * level_ppm // 1_000_000)
    ascending: list[float] = sorted(losses.tolist())
    return ascending[rank - 1]


def expected_shortfall(losses: Vector, level_ppm: int) -> float:
    """Return the mean of the worst n(1−α) losses, the boundary loss split (Acerbi and Tasche 2002)."""
    tail_ppm = len(losses) * (1_000_000 - level_ppm)
    whole, part = divmod(tail_ppm, 1_000_000)
    worst: list[float] = sorted(losses.tolist(), reverse=True)
    if whole == 0:
        return worst[0]
    rest = worst[whole] * part / 1_000_000 if part else 0.0
    return (math.fsum(worst[:whole]) + rest) / (tail_ppm / 1_000_000)


def historical_status(rows: int, level_ppm: int) -> Status:
    tail_ppm = rows * (1_000_000 - level_ppm)
    if tail_ppm < 1_000_000:
        return Status.INSUFFICIENT
    return Status.OK if tail_ppm >= 10_000_000 else Status.DEGRADED


def parametric_status(rows: int) -> Status:
    if rows < 60:
        return Status.INSUFFICIENT
    return Status.OK if rows >= 250 else Status.DEGRADED


def normal_multipliers(level_ppm: int) -> tuple[float, float]:
    """Return VaR and ES of a normal loss with σ = 1, mean 0."""
    alpha = level_ppm / 1_000_000
    quantile = float(stats.norm.ppf(alpha))
    return quantile, float(stats.norm.pdf(quantile)) / (1.0 - alpha)


def student_multipliers(level_ppm: int, nu: float) -> tuple[float, float]:
    """Return VaR and ES of a Student-t loss whose standard deviation is 1, mean 0."""
    alpha = level_ppm / 1_000_000
    scale = math.sqrt((nu - 2.0) / nu)
    quantile = float(stats.t.ppf(alpha, nu))
    tail = float(stats.t.pdf(quantile, nu)) / (1.0 - alpha) * (nu + quantile**2) / (nu - 1.0)
    return scale * quantile, scale * tail
