"""Peaks over a threshold (Pickands 1975, Smith 1987), fitted by solving the likelihood's own equation."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from tests.oracle.facts import Status
from tests.oracle.measures import Vector

_ROWS_MIN = 250
_EXCEEDANCES_MIN = 30
_EXCEEDANCES_OK = 50
_SHAPE_REGULAR = -0.5  # at and under it the maximum likelihood has no limit law (models.md 6)


@dataclass(frozen=True, slots=True)
class TailFit:
    """A generalised Pareto tail over `threshold`, of `count` excesses among `rows` losses.

    shape, scale : ξ and β > 0; the unit of scale is that of the losses
    """

    threshold: float
    shape: float
    scale: float
    count: int
    rows: int
    status: Status

    def value_at_risk(self, alpha: float) -> float:
        share = (1.0 - alpha) * self.rows / self.count
        if abs(self.shape) < 1e-6:
            return self.threshold - self.scale * math.log(share)
        return self.threshold + self.scale / self.shape * (math.pow(share, -self.shape) - 1.0)

    def expected_shortfall(self, alpha: float) -> float:
        if self.shape >= 1.0:
            return math.inf
        return (self.value_at_risk(alpha) + self.scale - self.shape * self.threshold) / (1.0 - self.shape)

    def ratio(self, alpha: float) -> float | None:
        """Return ES/VaR; None where VaR is not above 0."""
        quantile = self.value_at_risk(alpha)
        return self.expected_shortfall(alpha) / quantile if quantile > 0.0 else None


def exceedances(rows: int) -> int:
    """Return k = max(38, ⌈0.1 n⌉)."""
    return max(38, -(-rows // 10))


def fit_tail(losses: Vector) -> TailFit | None:
    """Return the fit of the k largest losses; None under 250 rows or where the tail has no spread."""
    rows = len(losses)
    if rows < _ROWS_MIN:
        return None
    count = exceedances(rows)
    worst: list[float] = sorted(losses.tolist(), reverse=True)
    threshold = worst[count]
    excesses = np.array([loss - threshold for loss in worst[:count]], dtype=np.float64)
    if excesses.max() <= 0.0:
        return None
    found = _maximum_likelihood(excesses)
    shape, scale = found if found is not None and found[0] >= _SHAPE_REGULAR else weighted_moments(excesses)
    is_regular = found is not None and found[0] >= _SHAPE_REGULAR
    return TailFit(threshold, shape, scale, count, rows, _status(shape, count, is_regular=is_regular))


def _status(shape: float, count: int, *, is_regular: bool) -> Status:
    if count < _EXCEEDANCES_MIN:
        return Status.INSUFFICIENT
    if shape >= 1.0:
        return Status.INVALID
    return Status.OK if is_regular and shape < 0.5 and count >= _EXCEEDANCES_OK else Status.DEGRADED


def _maximum_likelihood(excesses: Vector) -> tuple[float, float] | None:
    """Return ξ and β where the profile likelihood in θ = ξ/β is largest and flat (Grimshaw 1993); None without."""
    unit = float(excesses.max())
    scaled = excesses / unit
    grid = np.concatenate([-1.0 + np.geomspace(1e-9, 1.0, 400)[:-1], np.geomspace(1e-9, 1e3, 400)])
    best: tuple[float, float] | None = None
    slopes = [_slope(float(theta), scaled) for theta in grid]
    for low, high, before, after in zip(grid[:-1], grid[1:], slopes[:-1], slopes[1:], strict=True):
        if not before > 0.0 >= after:
            continue
        theta = float(optimize.brentq(_slope, low, high, args=(scaled,), xtol=1e-15, rtol=1e-14))
        if best is None or _profile(theta, scaled) > best[1]:
            best = (theta, _profile(theta, scaled))
    if best is None:
        return None
    shape = _shape(best[0], scaled)
    scale = shape / best[0] if best[0] != 0.0 else float(scaled.mean())
    return shape, scale * unit


def _shape(theta: float, scaled: Vector) -> float:
    return math.fsum(np.log1p(theta * scaled).tolist()) / len(scaled)


def _profile(theta: float, scaled: Vector) -> float:
    """Return the log likelihood of one excess on average, the best ξ for θ put in."""
    shape = _shape(theta, scaled)
    scale = shape / theta if theta != 0.0 else float(scaled.mean())
    return -math.log(scale) - shape - 1.0


def _slope(theta: float, scaled: Vector) -> float:
    """Return the derivative of the profile in θ: 1/θ − ξ'/ξ − ξ', where ξ' = mean y/(1+θy)."""
    shape = _shape(theta, scaled)
    moved = math.fsum((scaled / (1.0 + theta * scaled)).tolist()) / len(scaled)
    return 1.0 / theta - moved / shape - moved


def weighted_moments(excesses: Vector) -> tuple[float, float]:
    """Return ξ and β by probability-weighted moments (Hosking and Wallis 1987, plotting positions (i − 0.35)/k)."""
    ascending = sorted(excesses.tolist())
    count = len(ascending)
    mean = math.fsum(ascending) / count
    weighted = math.fsum((1.0 - (i + 0.65) / count) * value for i, value in enumerate(ascending)) / count
    shape = 2.0 - mean / (mean - 2.0 * weighted)
    return shape, 2.0 * mean * weighted / (mean - 2.0 * weighted)
