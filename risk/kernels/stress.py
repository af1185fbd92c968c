"""The sums of the stress tools, in fixed order: scaled scenarios, correlations of a book, and buy and hold."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from risk.arrays import Floats, Ints

Flags = NDArray[np.int8]

_FALL_MAX = -0.9999  # no price is shocked under a ten-thousandth of itself (models.md 12.1)


@njit(cache=True, error_model="numpy", _nrt=False)
def _price_factor(move: float, inverted: int) -> float:
    """Return what a price is multiplied by in a move of its own, or of the pair that quotes it the other way round."""
    factor = 1.0 + max(move, _FALL_MAX)
    return 1.0 / factor if inverted == 1 else factor


@njit(cache=True, error_model="numpy", _nrt=False)
def scaled_losses(
    exposure: Floats, moves: Floats, inverted: Ints, funded: Ints, currency: Ints, leg_moves: Floats,
    leg_inverted: Ints, multipliers: Floats, rates: Floats, losses: Floats,
) -> None:  # fmt: skip
    """Write the loss of a book in one scenario at every multiplier of its shocks.

    exposure, moves, inverted, funded, currency : (m,) of the held instruments; moves unfloored, currency an index
    leg_moves, leg_inverted : (C, 2) the pairs on each currency's path to the base; an unused leg moves by 0
    multipliers, losses     : (k,); losses are changed. rates : (C,) scratch, changed
    """
    for at in range(multipliers.shape[0]):
        m = multipliers[at]
        for c in range(rates.shape[0]):
            rates[c] = 1.0
            for leg in range(leg_moves.shape[1]):
                rates[c] *= _price_factor(m * leg_moves[c, leg], leg_inverted[c, leg])
        loss = 0.0
        for i in range(exposure.shape[0]):
            price, rate = _price_factor(m * moves[i], inverted[i]), rates[currency[i]]
            change = price * rate - 1.0 if funded[i] == 1 else (price - 1.0) * rate
            loss -= exposure[i] * change
        losses[at] = loss


@njit(cache=True, error_model="numpy", _nrt=False)
def correlation_sums(sigma: Floats, exposure: Floats, deviations: Floats) -> tuple[int, float, float, float, float]:
    """Return what the correlations of a book come down to, over the names that move.

    sigma      : (m, m) covariance a day; exposure : (m,); deviations : (m,) scratch, changed
    Returned are: names, the book's variance x'Sx, sum of x s, sum of |x s|, and the sum of all correlations off the
    diagonal.
    """
    count = exposure.shape[0]
    names, plain, size, variance, correlations = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        deviations[i] = np.sqrt(max(sigma[i, i], 0.0)) if exposure[i] != 0.0 else 0.0
        if deviations[i] > 0.0:
            names += 1
            plain += exposure[i] * deviations[i]
            size += abs(exposure[i] * deviations[i])
    for i in range(count):
        if not deviations[i] > 0.0:
            continue
        part = own = 0.0
        for j in range(count):
            if deviations[j] > 0.0:
                part += sigma[i, j] * exposure[j]
                if j != i:
                    own += sigma[i, j] / deviations[j]
        variance += exposure[i] * part
        correlations += own / deviations[i]
    return names, variance, plain, size, correlations


@njit(cache=True, error_model="numpy", _nrt=False)
def covariance_times(sigma: Floats, exposure: Floats, product: Floats) -> float:
    """Write covariance times exposure into `product` (m,), and return exposure' covariance exposure."""
    variance = 0.0
    for i in range(exposure.shape[0]):
        part = 0.0
        for j in range(exposure.shape[0]):
            part += sigma[i, j] * exposure[j]
        product[i] = part
        variance += exposure[i] * part
    return variance


@njit(cache=True, error_model="numpy", _nrt=False)
def buy_and_hold(returns: Floats, columns: Ints, exposure: Floats, factors: Floats, pnl: Floats) -> None:
    """Write the P&L since the start after each row of a book that nobody touches: compounded, not summed.

    returns : (rows, N); columns : (m,) of the held names, exposure : (m,), 0 for names that are left out
    factors : (m,) scratch; pnl : (rows,); both are changed
    """
    for i in range(exposure.shape[0]):
        factors[i] = 1.0
    for row in range(returns.shape[0]):
        total = 0.0
        for i in range(exposure.shape[0]):
            if exposure[i] != 0.0:
                factors[i] *= 1.0 + returns[row, columns[i]]
                total += exposure[i] * (factors[i] - 1.0)
        pnl[row] = total


@njit(cache=True, error_model="numpy", _nrt=False)
def mark_flags(flags: Flags, columns: Ints, first: int, second: int, found: Ints) -> None:
    """Write 1 for every held name whose flag is `first` or `second` in any row; found : (m,) changed."""
    for i in range(columns.shape[0]):
        found[i] = 0
    for row in range(flags.shape[0]):
        for i in range(columns.shape[0]):
            flag = flags[row, columns[i]]
            if flag in (first, second):
                found[i] = 1


@njit(cache=True, error_model="numpy", _nrt=False)
def mean_of_observed(returns: Floats, flags: Flags, members: Ints, observed: int, means: Floats, counts: Ints) -> None:
    """Write the equal-weighted mean of the members that were observed in each row, and how many they were.

    returns, flags : (rows, N); members : indices; observed : the flag; means, counts : (rows,) changed
    """
    for row in range(returns.shape[0]):
        total, count = 0.0, 0
        for j in members:
            if flags[row, j] == observed:
                total += returns[row, j]
                count += 1
        means[row] = total / count if count > 0 else 0.0
        counts[row] = count
