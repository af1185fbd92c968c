"""What the end of a bar does to a covariance and to the products that every book keeps of it."""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Fit, Floats, Scalar
from risk.kernels.evaluate import quadratic
from risk.kernels.liquidity import rebuild_liquidity
from risk.measures import Matrix

_INSTRUMENTS = Scalar.INSTRUMENTS
_REFERENCE = Fit.REFERENCE_VARIANCE


@njit(cache=True, error_model="numpy", _nrt=False)
def fade_covariance(sigma: Matrix, left: Floats, returns: Floats, weight: float) -> None:
    """sigma <- L sigma L + weight r r', in place, with L = diag(left): positive semidefinite whatever L and r are.

    left, returns : (n,) what the bar leaves of each instrument's side, in (0, 1]; its return
    """
    for i in range(left.shape[0]):
        for j in range(left.shape[0]):
            sigma[i, j] = sigma[i, j] * (left[i] * left[j]) + weight * (returns[i] * returns[j])


@njit(cache=True, error_model="numpy", _nrt=False)
def _common(x: Floats, left: Floats) -> float:
    """Return what is left of the side of every instrument that the book holds, NaN where they differ."""
    common = np.nan
    for i in range(left.shape[0]):
        if x[i] != 0.0:
            if np.isnan(common):
                common = left[i]
            elif common != left[i]:
                return np.nan
    return common


@njit(cache=True, error_model="numpy", _nrt=False)
def _dot(x: Floats, returns: Floats) -> float:
    total = 0.0
    for i in range(returns.shape[0]):
        total += x[i] * returns[i]
    return total


@njit(cache=True, error_model="numpy", _nrt=False)
def fade_book(s: Arrays, p: int, left: Floats, returns: Floats, weight: float) -> None:
    """Bring scope p's products with both covariances up to date after `fade_covariance` of both.

    left, weight : those of the fast twin. Where all that the book holds fades alike, sigma x is had in O(N) from what
    it was: L sigma L x + weight (r'x) r; else, and for the slow twin, whose scale has changed, from the matrix.
    """
    count = left.shape[0]
    x, sigma_x, slow_x = s.exposure[p], s.sigma_x[p], s.slow_x[p]
    common, largest = _common(x, left), 0.0
    for j in range(count):
        largest = max(largest, abs(returns[j]))
    if np.isnan(common):
        sigma_x[:] = 0.0
        for i in range(count):
            if x[i] != 0.0:
                sigma = s.sigma[i]
                for j in range(count):
                    sigma_x[j] += x[i] * sigma[j]
    else:
        gain = weight * _dot(x, returns)
        for j in range(count):
            sigma_x[j] = sigma_x[j] * (left[j] * common) + gain * returns[j]
    s.sigma_peak[p] += weight * largest * largest
    slow_x[:] = 0.0
    for i in range(count):
        if x[i] != 0.0:
            slow, aligned = s.slow_sigma[i], x[i] * s.align[i]
            for j in range(count):
                slow_x[j] += aligned * slow[j]
    _fade_reference(s, p, left, returns, weight)
    rebuild_liquidity(s, p)  # impact is of the volatility of now


@njit(cache=True, error_model="numpy", _nrt=False)
def _fade_reference(s: Arrays, p: int, left: Floats, returns: Floats, weight: float) -> None:
    """The variance of the book that the last tail fit saw, with today's covariance."""
    if not s.fit[p, _REFERENCE] > 0.0:
        return
    x = s.fit_exposure[p]
    common = _common(x, left)
    if np.isnan(common):
        s.fit[p, _REFERENCE] = quadratic(s, x, left.shape[0])
    else:
        gain = _dot(x, returns)
        s.fit[p, _REFERENCE] = s.fit[p, _REFERENCE] * (common * common) + weight * (gain * gain)
