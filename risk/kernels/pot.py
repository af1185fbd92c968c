"""Likelihoods of the generalized Pareto distribution over the excesses of a threshold, all from one parameter θ = ξ/β.

Every `excess` here is (k,), descending, positive, with a mean of about 1; log-likelihoods are per excess.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Vector = NDArray[np.float64]

XI_MIN = -0.5  # from here down the likelihood is not regular (Smith 1985)
XI_MAX = 2.0  # of the search for a restricted maximum: a law without a mean is long refused there
_SERIES_TERMS = 18  # 0.1^18 is below the rounding of a double
_GRID_CELLS = 12
_GOLDEN_STEPS = 22  # shrink two grid cells to 1e-5
_GOLDEN = 0.6180339887498949


@njit(cache=True, error_model="numpy")
def log_defect(a: float) -> float:
    """Return (a - log(1 + a))/a² for a > -1, without cancellation: 1/2 at 0."""
    if abs(a) < 0.1:
        total = 0.0
        for power in range(_SERIES_TERMS, -1, -1):
            total = 1.0 / (power + 2) - a * total
        return total
    return (a - math.log1p(a)) / (a * a)


@njit(cache=True, error_model="numpy")
def profile(theta: float, excess: Vector) -> tuple[float, float, float, float]:
    """Return (ξ, β, slope, log-likelihood) on the profile ξ(θ) = mean log(1 + θy), β = ξ/θ.

    theta : > -1/excess[0]
    slope : derivative of the log-likelihood in θ, ((1 + ξ)·mean(1/(1 + θy)) - 1)/(θξ)
    The log-likelihood is -log β - ξ - 1. Grimshaw (1993), equations 2.1-2.3. Near θ = 0 every quotient is 0/0, so
    there both sides are divided by θ² first: with q = mean y²/(1 + θy) and r = mean y²·log_defect(θy),
    β = mean y - θr, and θ = 0 (the exponential law) needs no branch.
    """
    count = excess.size
    if abs(theta) * excess[0] < 0.5:
        mean = 0.0
        q = 0.0
        r = 0.0
        for y in excess:
            mean += y
            q += y * y / (1.0 + theta * y)
            r += y * y * log_defect(theta * y)
        mean /= count
        q /= count
        r /= count
        beta = mean - theta * r
        xi = theta * beta
        slope = (q * (1.0 + theta * mean) - r * (1.0 - theta * mean) - theta * theta * q * r - mean * mean) / beta
    else:
        xi = 0.0
        inverse = 0.0
        for y in excess:
            xi += math.log1p(theta * y)
            inverse += 1.0 / (1.0 + theta * y)
        xi /= count
        inverse /= count
        beta = xi / theta
        slope = ((1.0 + xi) * inverse - 1.0) / (theta * xi)
    return xi, beta, slope, -math.log(beta) - xi - 1.0


@njit(cache=True, error_model="numpy")
def profile_slope(theta: float, excess: Vector) -> float:
    """Return the slope of `profile` alone, the function whose root is the maximum."""
    slope: float = profile(theta, excess)[2]
    return slope


@njit(cache=True, error_model="numpy")
def profile_shape(theta: float, excess: Vector, xi: float) -> float:
    """Return ξ(θ) - xi; ξ(θ) increases strictly."""
    shape: float = profile(theta, excess)[0]
    return shape - xi


@njit(cache=True, error_model="numpy")
def fill_slopes(thetas: Vector, excess: Vector, slopes: Vector) -> None:
    """Write the profile slope at each of `thetas` (g,) into `slopes` (g,)."""
    for index in range(thetas.size):
        slopes[index] = profile(thetas[index], excess)[2]


@njit(cache=True, error_model="numpy")
def quantile_log_likelihood(xi: float, gain: float, log_ratio: float, excess: Vector) -> float:
    """Return the log-likelihood at shape ξ of the law whose quantile lies `gain` above the threshold, -inf outside.

    gain      : > 0, quantile less threshold, in units of the mean excess
    log_ratio : > 0, log of the exceedance rate over the tail probability
    β = gain·ξ/expm1(ξ·log_ratio) and the law is -log β - ξ_θ - β_θ/β with (ξ_θ, β_θ) of `profile` at θ = ξ/β.
    """
    growth = math.expm1(xi * log_ratio)
    theta = growth / gain
    if theta * excess[0] <= -1.0:
        return -math.inf
    beta = gain / log_ratio if xi == 0.0 else gain * xi / growth
    mean_log, profile_beta, _, _ = profile(theta, excess)
    value: float = -math.log(beta) - mean_log - profile_beta / beta
    return value


@njit(cache=True, error_model="numpy")
def restricted_log_likelihood(gain: float, log_ratio: float, excess: Vector) -> float:
    """Return the largest `quantile_log_likelihood` over ξ in [-0.5, 2]: grid, then golden section in the best cells."""
    step = (XI_MAX - XI_MIN) / _GRID_CELLS
    best = XI_MIN
    highest = -math.inf
    for index in range(_GRID_CELLS + 1):
        value = quantile_log_likelihood(XI_MIN + index * step, gain, log_ratio, excess)
        if value > highest:
            highest = value
            best = XI_MIN + index * step
    low = max(XI_MIN, best - step)
    high = min(XI_MAX, best + step)
    left = high - _GOLDEN * (high - low)
    right = low + _GOLDEN * (high - low)
    at_left = quantile_log_likelihood(left, gain, log_ratio, excess)
    at_right = quantile_log_likelihood(right, gain, log_ratio, excess)
    for _ in range(_GOLDEN_STEPS):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = quantile_log_likelihood(right, gain, log_ratio, excess)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = quantile_log_likelihood(left, gain, log_ratio, excess)
    top: float = max(highest, at_left, at_right)
    return top
