"""The tail ratio of resampled losses: the whole procedure of `risk.pot.fit_pot` once more for each resample.

A resample of n sorted losses is a count for each of them, so its largest losses are found in one walk, and equal draws
are added up once, by their count. Everywhere `excess` is (m,), descending, positive, in units of its mean, and `weight`
(m,) its counts, which sum to k.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from risk.kernels.pot import XI_MIN, log_defect

Vector = NDArray[np.float64]
Words = NDArray[np.uint64]

_EXCEEDANCES_MIN = 30
_TIE_MAX = 1e-12  # as risk.pot.TIE_MAX
_LOG_TAIL = math.log(100.0)  # 1/(1 - 0.99)
_ROOT_STEPS = 60
_ROOT_CLOSE = 1e-10  # of theta, whose unit is one over the mean excess
_WIDEN = 1.6
_WIDEN_FIRST = 0.05
_THETA_MAX = 1e15
_THETA_SMALL = 0.02  # under it the quotients cancel too many digits
_TINY = 2.2250738585072014e-308


@njit(cache=True, error_model="numpy", _nrt=False)
def weighted_profile(theta: float, excess: Vector, weight: Vector, size: int, k: float) -> tuple[float, float, float]:
    """Return (xi, beta, slope) of `risk.kernels.pot.profile` for counted excesses; the slope to about 1e-11."""
    if abs(theta) < _THETA_SMALL:
        q = 0.0
        r = 0.0
        for j in range(size):
            y = excess[j]
            q += weight[j] * y * y / (1.0 + theta * y)
            r += weight[j] * y * y * log_defect(theta * y)
        q /= k
        r /= k
        beta = 1.0 - theta * r
        slope = (q * (1.0 + theta) - r * (1.0 - theta) - theta * theta * q * r - 1.0) / beta
        return theta * beta, beta, slope
    xi = 0.0
    inverse = 0.0
    for j in range(size):
        grown = 1.0 + theta * excess[j]
        xi += weight[j] * math.log(grown)
        inverse += weight[j] / grown
    xi /= k
    inverse /= k
    return xi, xi / theta, ((1.0 + xi) * inverse - 1.0) / (theta * xi)


@njit(cache=True, error_model="numpy", _nrt=False)
def _root(low: float, high: float, excess: Vector, weight: Vector, size: int, k: float) -> float:
    """Return the theta between, where the slope falls through zero; `low` has a slope above zero, `high` not."""
    below: float = weighted_profile(low, excess, weight, size, k)[2]
    above: float = weighted_profile(high, excess, weight, size, k)[2]
    side = 0
    for _ in range(_ROOT_STEPS):
        before = high - low
        theta = (low * above - high * below) / (above - below)
        if not low < theta < high:
            theta = 0.5 * (low + high)
        slope: float = weighted_profile(theta, excess, weight, size, k)[2]
        if before <= _ROOT_CLOSE or slope == 0.0:
            return theta
        if slope > 0.0:  # Illinois: the end that stays is halved, so that both ends move
            low, below = theta, slope
            above *= 0.5 if side == 1 else 1.0
            side = 1
        else:
            high, above = theta, slope
            below *= 0.5 if side == -1 else 1.0
            side = -1
        if abs(slope) < _ROOT_CLOSE and min(before - (high - low), high - low) <= _ROOT_CLOSE:
            return theta
    return 0.5 * (low + high)


@njit(cache=True, error_model="numpy", _nrt=False)
def _lowest_theta(excess: Vector, weight: Vector, size: int, k: float) -> float:
    """Return the theta at which xi is -0.5, or the least that the largest excess allows."""
    low = -(1.0 - 1e-15) / excess[0]
    if weighted_profile(low, excess, weight, size, k)[0] >= XI_MIN:
        return float(low)
    high = 0.0
    middle = 0.5 * low
    while low < middle < high:
        if weighted_profile(middle, excess, weight, size, k)[0] < XI_MIN:
            low = middle
        else:
            high = middle
        middle = 0.5 * (low + high)
    return high


@njit(cache=True, error_model="numpy", _nrt=False)
def weighted_fit(start: float, excess: Vector, weight: Vector, size: int, k: float) -> tuple[float, float]:
    """Return (xi, beta) at the maximum of the likelihood that is nearest to `start`, in mean excesses.

    Where there is none above xi = -0.5 they are by probability-weighted moments, as `risk.pot.fit_pot` has them.
    """
    low = max(start, -0.5 / excess[0])
    high = low
    step = _WIDEN_FIRST
    if weighted_profile(low, excess, weight, size, k)[2] <= 0.0:  # the maximum is below
        lowest = -math.inf
        while low > lowest:
            high = low
            low -= step
            step *= _WIDEN
            if low * excess[0] < -0.9 and lowest == -math.inf:  # the end is asked for once, where it may matter
                lowest = _lowest_theta(excess, weight, size, k)
            low = max(low, lowest)
            if weighted_profile(low, excess, weight, size, k)[2] > 0.0:
                break
        if weighted_profile(low, excess, weight, size, k)[2] <= 0.0:
            moments: tuple[float, float] = _weighted_moments(excess, weight, size, k)
            return moments
    while weighted_profile(high, excess, weight, size, k)[2] > 0.0 and high < _THETA_MAX:
        low = high
        high = low + step
        step *= _WIDEN
    theta: float = _root(low, max(low, high), excess, weight, size, k)
    xi: float = weighted_profile(theta, excess, weight, size, k)[0]
    beta: float = weighted_profile(theta, excess, weight, size, k)[1]
    if xi < XI_MIN:
        xi, beta = _weighted_moments(excess, weight, size, k)
    return xi, beta


@njit(cache=True, error_model="numpy", _nrt=False)
def _weighted_moments(excess: Vector, weight: Vector, size: int, k: float) -> tuple[float, float]:
    """Return (xi, beta) by probability-weighted moments (Hosking and Wallis 1987), kept feasible."""
    second = 0.0
    before = 0.0
    for j in range(size):
        count = weight[j]
        second += excess[j] * count * (before + 0.5 * (count - 1.0) + 0.35) / k
        before += count
    second /= k
    gap = 1.0 - 2.0 * second
    beta = 2.0 * second / gap
    return float(max(2.0 - 1.0 / gap, -beta / excess[0])), beta


@njit(cache=True, error_model="numpy", _nrt=False)
def tail_ratio_of(xi: float, beta: float, u: float, k: float, n: float) -> float:
    """Return ES/VaR at 99 %: +inf where xi >= 1, NaN where VaR is not above 0. Needs k/n above 1 %."""
    if xi >= 1.0:
        return np.inf
    log_ratio = math.log(k / n) + _LOG_TAIL
    reach = 0.0 if beta == 0.0 else (log_ratio if xi == 0.0 else math.expm1(xi * log_ratio) / xi)
    var = u + beta * reach
    return max(var, u + beta * (1.0 + reach) / (1.0 - xi)) / var if var > 0.0 else np.nan


@njit(cache=True, error_model="numpy", _nrt=False)
def draw_counts(words: Words, first: int, n: int, counts: Vector) -> None:
    """Draw n ranks in [0, n) from the halves `first` and on of the words, high half first, and count them.

    A half is scaled to the range: for n up to 2^20 no rank is favoured by more than n/2^32.
    """
    wide, shift, mask = np.uint64(n), np.uint64(32), np.uint64(0xFFFFFFFF)
    for j in range(n):
        counts[j] = 0.0
    for j in range(first, first + n):
        word = words[j >> 1]
        half = word & mask if j & 1 else word >> shift
        counts[np.int64((half * wide) >> shift)] += 1.0


@njit(cache=True, error_model="numpy", _nrt=False)
def fill_tail_ratios(
    ordered: Vector, words: Words, target: int, start: float, counts: Vector, excess: Vector, weight: Vector,
    ratios: Vector,
) -> None:  # fmt: skip
    """Write the tail ratio of each resample into `ratios` (B,); NaN where it leaves too few losses above a threshold.

    ordered : (n,) losses, descending; words : at least B n / 2 of randomness; target : exceedances to aim for
    start   : theta of the fit to the losses themselves, in units of one over their mean excess
    counts, excess, weight : (n,) scratch
    """
    n = ordered.shape[0]
    for b in range(ratios.shape[0]):
        draw_counts(words, b * n, n, counts)
        drawn = 0.0
        rank = -1
        last = 0
        for j in range(n):  # the (target + 1)-th largest is the threshold
            drawn += counts[j]
            if counts[j] > 0.0:
                last = j
            if rank < 0 and drawn > target:
                rank = j
        first = 0
        while counts[first] == 0.0:
            first += 1
        u = ordered[rank]
        tie = _TIE_MAX * max(abs(ordered[first]), abs(ordered[last]))
        size = 0
        k = 0.0
        total = 0.0
        for j in range(first, rank):
            over = ordered[j] - u
            if counts[j] > 0.0 and over > tie:
                excess[size] = over
                weight[size] = counts[j]
                total += over * counts[j]
                k += counts[j]
                size += 1
        mean = total / k if k > 0.0 else 0.0
        if mean < _TINY:
            ratios[b] = 1.0 if u > 0.0 else np.nan
        elif k < _EXCEEDANCES_MIN:
            ratios[b] = np.nan
        else:
            for j in range(size):
                excess[j] /= mean
            xi, beta = weighted_fit(start, excess, weight, size, k)
            ratios[b] = tail_ratio_of(xi, beta * mean, u, k, float(n))
