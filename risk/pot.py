"""Peaks over threshold: a generalized Pareto fit to the largest losses, its VaR, expected shortfall and interval."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from risk.historical import PPM
from risk.kernels.pot import (
    XI_MIN,
    fill_slopes,
    profile,
    profile_shape,
    profile_slope,
    restricted_log_likelihood,
)
from risk.measures import Status, Vector

ROWS_MIN = 250
EXCEEDANCES_MIN = 30
EXCEEDANCES_OK = 50
TIE_MAX = 1e-12  # share of the largest |loss| that rounding makes of two losses that are equal
INTERVAL_P_PPM = 999_000  # the level whose VaR carries an interval
_CHI_SQUARE_95 = 3.841458820694124  # one degree of freedom
_THETA_FIRST = 0.02  # θ is in units of 1/mean excess
_THETA_GROWTH = 1.5
_THETA_MAX = 1e15  # excesses are above 5e-13 of their mean (TIE_MAX), so the slope is negative here
_NEGATIVE_CELLS = 24
_BRACKET_STEPS = 30


@dataclass(frozen=True, slots=True)
class PotFit:
    """A generalized Pareto law above a threshold. It scales linearly with volatility.

    u         : threshold, the largest loss that at least k losses do not exceed; unit of the losses
    xi        : shape (its inverse is the tail index); from 1 up there is no mean
    beta      : scale, >= 0, unit of the losses; 0 is a point mass at u
    k, n      : losses strictly above u, and losses in all
    converged : True where xi and beta are the maximum of the likelihood
    loglik    : its logarithm there; NaN where there is no density or no fit
    status    : of every number of this fit
    reason    : empty where the status is OK
    var_999_low, var_999_high : 95 % profile-likelihood interval of VaR 99.9 %, given k/n; NaN without one
    """

    u: float
    xi: float
    beta: float
    k: int
    n: int
    converged: bool
    loglik: float
    status: Status
    reason: str
    var_999_low: float = math.nan
    var_999_high: float = math.nan

    def var(self, p_ppm: int) -> float:
        """Return VaR at p (millionths, above 1 - k/n, else ValueError); NaN where INSUFFICIENT or INVALID."""
        return math.nan if self.status >= Status.INSUFFICIENT else self.u + self.beta * self._reach(p_ppm)

    def es(self, p_ppm: int) -> float:
        """Return ES at p as `var`; +inf where xi >= 1, whatever the status, for the law then has no mean."""
        if self.xi >= 1.0:
            return math.inf
        if self.status >= Status.INSUFFICIENT:
            return math.nan
        # a mean beyond VaR is not under it, whatever rounding makes of a shape of -100
        return max(self.var(p_ppm), self.u + self.beta * (1.0 + self._reach(p_ppm)) / (1.0 - self.xi))

    def tail_ratio(self, p_ppm: int = 990_000) -> float:
        """Return ES/VaR at p: +inf where xi >= 1, NaN where VaR is not above 0."""
        if self.xi >= 1.0:
            return math.inf
        var = self.var(p_ppm)
        return self.es(p_ppm) / var if var > 0.0 else math.nan

    def scale(self, factor: float) -> "PotFit":
        """Return the fit of the losses times factor (finite, >= 0, else ValueError): u, beta and interval scale."""
        if not 0.0 <= factor < math.inf:
            raise ValueError(f"factor must be in [0, inf), got {factor}")
        return replace(
            self,
            u=self.u * factor,
            beta=self.beta * factor,
            loglik=self.loglik - self.k * math.log(factor) if factor > 0.0 else math.nan,
            var_999_low=self.var_999_low * factor,
            var_999_high=self.var_999_high * factor,
        )

    def _reach(self, p_ppm: int) -> float:
        """Return (VaR - u)/beta = ((ζ/(1-p))^ξ - 1)/ξ, the logarithm at ξ = 0."""
        if not 0 < p_ppm < PPM:
            raise ValueError(f"p_ppm must be in (0, {PPM}), got {p_ppm}")
        if self.beta == 0.0:
            return 0.0
        log_ratio = _log_ratio(self.k, self.n, p_ppm)
        return log_ratio if self.xi == 0.0 else math.expm1(self.xi * log_ratio) / self.xi


def exceedance_count(n: int) -> int:
    """Return k = max(38, ⌈0.1·n⌉), how many of n losses the fit aims to use."""
    return max(38, (n + 9) // 10)


def fit_pot(losses: Vector) -> PotFit:
    """Fit the generalized Pareto law to the largest losses by maximum likelihood; deterministic, under 2 ms.

    losses : (n,) finite (else ValueError), |loss| < 1e300, a loss is positive, any order
    The threshold is the (k+1)-th largest loss, k of `exceedance_count`. Losses that tie with it, to 1e-12 of the
    largest |loss|, are not above it, so fewer than k may remain. INSUFFICIENT under 250 rows or 30 exceedances. No
    exceedance at all means that the tail is one value: VaR and ES are that value, DEGRADED. Where the likelihood has
    its maximum at ξ < -0.5 the fit is by probability-weighted moments, DEGRADED. The interval is by profile
    likelihood. Sources: Pickands (1975), Grimshaw (1993), Hosking and Wallis (1987).
    """
    if not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite, got {np.count_nonzero(~np.isfinite(losses))} that are not")
    n = losses.size
    if n < ROWS_MIN:
        return _no_fit(n, Status.INSUFFICIENT, f"{n} rows, needs {ROWS_MIN}")
    ordered = np.sort(losses)[::-1]
    u = float(ordered[exceedance_count(n)])
    excess = ordered - u
    excess = excess[excess > TIE_MAX * float(np.abs(ordered).max())]
    k = excess.size
    mean = math.fsum(excess.tolist()) / k if k else 0.0
    if mean < np.finfo(np.float64).tiny:
        reason = f"the {exceedance_count(n) + 1} largest losses are equal"
        return PotFit(u, 0.0, 0.0, k, n, False, math.nan, Status.DEGRADED, reason, u, u)
    if k < EXCEEDANCES_MIN:
        return replace(_no_fit(n, Status.INSUFFICIENT, f"{k} losses above the threshold"), u=u, k=k)
    return _fit_excess(u, excess / mean, mean, n)


def _fit_excess(u: float, excess: Vector, mean: float, n: int) -> PotFit:
    """Fit excesses that were divided by their mean (descending, k >= 30)."""
    k = excess.size
    thetas = _search_grid(excess)
    slopes = np.empty(thetas.size)
    fill_slopes(thetas, excess, slopes)
    tops = [
        profile(float(brentq(profile_slope, thetas[i], thetas[i + 1], args=(excess,), xtol=1e-14)), excess)
        for i in np.flatnonzero((slopes[:-1] > 0.0) & (slopes[1:] <= 0.0))
    ]
    assert slopes[-1] < 0.0, f"the slope must fall below 0 by theta {thetas[-1]}, got {slopes[-1]}"
    if not tops:
        xi, beta = _weighted_moments(excess)
        reason = "shape under -0.5, fitted by probability-weighted moments"
        return PotFit(u, xi, beta * mean, k, n, False, math.nan, Status.DEGRADED, reason)
    xi, beta, _, top = max(tops, key=lambda found: found[3])
    status, reason = _fit_status(k, xi)
    low, high = (math.nan, math.nan) if status == Status.INVALID else _gain_interval(xi, beta, top, n, excess)
    loglik = k * (top - math.log(mean))
    return PotFit(u, xi, beta * mean, k, n, True, loglik, status, reason, u + low * mean, u + high * mean)


def _search_grid(excess: Vector) -> Vector:
    """Return increasing θ from where ξ = -0.5, through 0, past every root of the slope (Grimshaw 1993, section 3)."""
    lowest = -(1.0 - 1e-15) / float(excess[0])
    if profile_shape(lowest, excess, XI_MIN) < 0.0:
        lowest = float(brentq(profile_shape, lowest, 0.0, args=(excess, XI_MIN), xtol=1e-15))
    thetas = [lowest * (_NEGATIVE_CELLS - cell) / _NEGATIVE_CELLS for cell in range(_NEGATIVE_CELLS)]
    thetas.append(0.0)
    smallest = float(excess[-1])
    last = min(_THETA_MAX, 2.0 * (1.0 - smallest) / smallest**2)
    theta = _THETA_FIRST
    while theta < last:
        thetas.append(theta)
        theta *= _THETA_GROWTH
    thetas.append(theta)
    return np.array(thetas)


def _weighted_moments(excess: Vector) -> tuple[float, float]:
    """Return (ξ, β) by probability-weighted moments (Hosking and Wallis 1987), kept feasible as Dupuis and Tsao 1998.

    excess : (k,) descending; k = 1 or more; plotting position (i - 0.35)/k
    """
    k = excess.size
    first = math.fsum(excess.tolist()) / k
    second = math.fsum(((np.arange(k) + 0.35) / k * excess).tolist()) / k
    gap = first - 2.0 * second  # at least 0.3/k of the mean, because the weights rise while the excesses fall
    xi, beta = 2.0 - first / gap, 2.0 * first * second / gap
    return max(xi, -beta / float(excess[0])), beta


def _gain_interval(xi: float, beta: float, top: float, n: int, excess: Vector) -> tuple[float, float]:
    """Return the 95 % profile-likelihood interval of (VaR 99.9 % - u), in mean excesses; 0 and +inf without ends."""
    k = excess.size
    log_ratio = _log_ratio(k, n, INTERVAL_P_PPM)
    centre = beta * (log_ratio if xi == 0.0 else math.expm1(xi * log_ratio) / xi)

    def over(gain: float) -> float:
        return 2.0 * k * (top - float(restricted_log_likelihood(gain, log_ratio, excess))) - _CHI_SQUARE_95

    def end(growth: float, without: float) -> float:
        gains = (centre * growth**step for step in range(1, _BRACKET_STEPS))
        outer = next((gain for gain in gains if over(gain) > 0.0), None)
        return without if outer is None else float(brentq(over, *sorted((centre, outer)), xtol=1e-9 * centre))

    return end(1 / 1.25, 0.0), end(1.5, math.inf)


def _fit_status(k: int, xi: float) -> tuple[Status, str]:
    if xi >= 1.0:
        return Status.INVALID, f"shape {xi:.3f} >= 1, the expected shortfall is infinite"
    if xi >= 0.5:
        return Status.DEGRADED, f"shape {xi:.3f} >= 0.5, the variance is infinite"
    if k < EXCEEDANCES_OK:
        return Status.DEGRADED, f"{k} losses above the threshold, needs {EXCEEDANCES_OK}"
    return Status.OK, ""


def _no_fit(n: int, status: Status, reason: str) -> PotFit:
    return PotFit(math.nan, math.nan, math.nan, 0, n, False, math.nan, status, reason)


def _log_ratio(k: int, n: int, p_ppm: int) -> float:
    """Return log(ζ/(1-p)) with ζ = k/n."""
    above, below = k * PPM, n * (PPM - p_ppm)
    if above <= below:
        raise ValueError(f"p_ppm must be above 1 - k/n = {1 - k / n:.4f} in millionths, got {p_ppm}")
    return math.log(above / below)
