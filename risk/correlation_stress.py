"""Correlation stress: what the book's VaR is where correlations rise together, or turn against it."""

import math
from dataclasses import dataclass

import numpy as np

from risk.kernels.stress import correlation_sums
from risk.measures import Matrix, Status, Vector

CRISIS_WEIGHT = 0.98  # at 1 the matrix has rank one (models.md 11.3)
# name, rise of the mean correlation; relative where it is positive, absolute where it is not
_RISES: tuple[tuple[str, float], ...] = (("normal", 0.0), ("mild", 0.2), ("severe", 0.5))
LEVELS: tuple[str, ...] = (*(name for name, _ in _RISES), "crisis")


@dataclass(frozen=True, slots=True)
class CorrelationLevel:
    """One level: correlations (1-weight)·R + weight·J.

    together    : sigma where all names move together (J of ones)
    adversarial : sigma where all positions move together against the book (J of signs); never under `together`
    worst       : the larger of these and of the sigma of today
    """

    name: str
    weight: float
    together: float
    adversarial: float
    worst: float


@dataclass(frozen=True, slots=True)
class CorrelationStress:
    """The book's sigma a day at every level, base currency; a VaR is it times the multiplier of a level.

    mean_correlation : of the names held that move, off the diagonal; None for fewer than two names
    undiversified    : the sum of |x|·sigma, which no correlation passes
    """

    mean_correlation: float | None
    levels: tuple[CorrelationLevel, ...]
    undiversified: float
    status: Status

    @property
    def worst(self) -> float:
        """Largest sigma of all levels."""
        return max(level.worst for level in self.levels)


def stress_weights(mean_correlation: float) -> dict[str, float]:
    """Return the weight of J at each level, in [0, 1].

    The mean correlation rises by 20 % and 50 % of itself, or by 0.2 and 0.5 where it is not positive; crisis: 0.98.
    """
    weights = {}
    for name, rise in _RISES:
        if rise == 0.0:
            weights[name] = 0.0
        elif mean_correlation >= 1.0:
            weights[name] = 1.0
        else:
            lift = rise * mean_correlation if mean_correlation > 0.0 else rise
            weights[name] = min(1.0, lift / (1.0 - mean_correlation))
    return weights | {"crisis": CRISIS_WEIGHT}


def stressed_correlation(correlation: Matrix, signs: Vector, weight: float) -> Matrix:
    """Return (1-weight)·R + weight·ss': positive semi-definite wherever R is, with ones on its diagonal.

    correlation : (m, m) R; signs : (m,) of +1 and -1, all +1 for names that move together
    weight      : in [0, 1], ValueError outside
    A convex sum of two correlation matrices is one (models.md 11.3); scaling entries one by one is none.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight must be in [0, 1], got {weight}")
    return np.asarray((1.0 - weight) * correlation + weight * np.outer(signs, signs))


def stress_correlation(sigma: Matrix, exposure: Vector) -> CorrelationStress:
    """Return the book's sigma under every level of stressed correlation, with today's volatilities.

    sigma    : (m, m) covariance a day; exposure : (m,) base currency. A name without a variance is left out.
    The matrices are never built: x'DR_sDx is (1-weight)·x'Σx + weight·(Σ xσ)², or (Σ |x|σ)² for the adversarial
    one, in the same operations, so that the adversarial figure is never under the plain one, to the last bit.
    A covariance that is not finite, or a variance under zero by more than rounding, is INVALID.
    """
    names, variance, plain, size, correlations = correlation_sums(sigma, exposure, np.zeros(exposure.size))
    if not (math.isfinite(variance) and math.isfinite(size)) or variance < -1e-12 * size * size:
        return CorrelationStress(None, (CorrelationLevel("normal", 0.0, 0.0, 0.0, 0.0),), 0.0, Status.INVALID)
    variance = min(max(variance, 0.0), size * size)  # no correlation passes the undiversified sum: rounding may
    mean = correlations / (names * (names - 1)) if names > 1 else None
    today = math.sqrt(variance)
    levels = []
    for name, weight in (stress_weights(mean) if mean is not None else dict.fromkeys(LEVELS, 0.0)).items():
        together = math.sqrt((1.0 - weight) * variance + weight * (plain * plain))
        adversarial = math.sqrt((1.0 - weight) * variance + weight * (size * size))
        levels.append(CorrelationLevel(name, weight, together, adversarial, max(today, together, adversarial)))
    return CorrelationStress(mean, tuple(levels), size, Status.OK)
