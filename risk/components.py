"""Components: what each instrument contributes to VaR, expected shortfall and a stress loss, by Euler's rule."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from risk.arrays import Ints
from risk.historical import PPM, expected_shortfall, rank, tail_count_ppm, value_at_risk
from risk.measures import Matrix, Vector

Columns = Callable[[Ints], Matrix]
"""From rows (k,) to what each of m instruments loses in them, (m, k), base currency, finite; m may be 0."""

RESCALE_MAX = 4.0  # a smoothing window that must be stretched further does not resemble the quantile


@dataclass(frozen=True, slots=True)
class Components:
    """Contributions of m instruments that sum to a total, to 1e-12 of Σ|values|.

    values   : (m,) base currency; negative where the instrument hedges
    total    : base currency
    smoothed : True where scenarios around the quantile were averaged and rescaled to the total
    """

    values: Vector
    total: float
    smoothed: bool = False


def parametric_components(exposure: Vector, covariance_exposure: Vector, multiplier: float) -> Components:
    """Return xᵢ·(Σx)ᵢ/σ·multiplier; the total is multiplier·σ with σ² = Σ xᵢ·(Σx)ᵢ.

    exposure            : (m,) x, base currency, finite
    covariance_exposure : (m,) y = Σx from the covariance that the VaR comes from, finite
    multiplier          : of `Multipliers`, for VaR or ES
    A variance that is zero or below gives zeros. Tasche (1999); σ is of this sum, so that the parts fit the total.
    """
    products = exposure * covariance_exposure
    variance = math.fsum(products.tolist())
    if variance <= 0.0:
        return Components(np.zeros(exposure.size), 0.0)
    sigma = math.sqrt(variance)
    return Components(products * (multiplier / sigma), multiplier * sigma)


def shortfall_components(contributions: Matrix, p_ppm: int) -> Components:
    """Return each instrument's mean loss over the tail rows: `shortfall_parts` of a whole table.

    contributions : (m, n) loss of each instrument in each row, base currency, finite; m may be 0, n >= 1
    p_ppm         : in (0, 1000000), millionths
    """
    return shortfall_parts(book_losses(contributions), partial(_columns, contributions), p_ppm)


def shortfall_parts(losses: Vector, columns: Columns, p_ppm: int) -> Components:
    """Return each instrument's mean loss over the tail rows: the exact Euler components of historical ES.

    losses  : (n,) of the book, base currency, finite; n >= 1
    columns : gives what each instrument loses in some rows
    p_ppm   : in (0, 1000000), millionths
    Rows that tie with VaR share the tail mass that is left evenly, so the order of rows does not matter.
    Acerbi and Tasche (2002).
    """
    quantile = value_at_risk(losses, p_ppm)
    above = np.flatnonzero(losses > quantile)
    tied = np.flatnonzero(losses == quantile)
    tail_ppm = tail_count_ppm(losses.size, p_ppm)
    # with less than one row in the tail, the largest loss is the whole of it
    left_ppm = tail_ppm - above.size * PPM
    rows = np.concatenate((above, tied))
    weights = np.concatenate(
        (np.full(above.size, PPM / tail_ppm), np.full(tied.size, left_ppm / (tail_ppm * tied.size))),
    )
    return Components(_weighted_sums(columns(rows), weights), expected_shortfall(losses, p_ppm))


def historical_components(contributions: Matrix, p_ppm: int) -> Components:
    """Return each instrument's share of historical VaR: `historical_parts` of a whole table.

    contributions : (m, n) loss of each instrument in each row, base currency, finite; m may be 0, n >= 1
    p_ppm         : in (0, 1000000), millionths
    """
    return historical_parts(book_losses(contributions), partial(_columns, contributions), p_ppm)


def historical_parts(losses: Vector, columns: Columns, p_ppm: int) -> Components:
    """Return each instrument's share of historical VaR, averaged over the ranks k-h..k+h and rescaled to VaR.

    losses  : (n,) of the book, base currency, finite; n >= 1
    columns : gives what each instrument loses in some rows
    p_ppm   : in (0, 1000000), millionths
    h = ⌈√n/2⌉, ranks outside 1..n left out, ties ordered by row. The one row at the quantile sums to VaR by itself
    but is noisy; it is used, with `smoothed` False, where the window's mean loss is zero, has the other sign, or
    would have to be stretched more than fourfold.
    """
    n = losses.size
    k = rank(n, p_ppm)
    order = np.argsort(losses, kind="stable")
    total = float(losses[order[k - 1]])
    half_width = math.isqrt(n - 1) // 2 + 1
    window = order[max(0, k - 1 - half_width) : k + half_width]
    window_mean = math.fsum(losses[window].tolist()) / window.size
    if window_mean * total > 0.0 and abs(total) <= RESCALE_MAX * abs(window_mean):
        values = _weighted_sums(columns(window), np.full(window.size, 1.0 / window.size))
        return Components(values * (total / window_mean), total, smoothed=True)
    return Components(columns(order[k - 1 : k])[:, 0], total)


def stress_components(exposure: Vector, shock: Vector) -> Components:
    """Return the loss of each instrument in one scenario, -xᵢ·shockᵢ, exact for linear instruments.

    exposure : (m,) base currency, finite
    shock    : (m,) relative price move, finite; 0 where the scenario does not reach the instrument
    """
    values = 0.0 - exposure * shock  # not -(x·s): zero stays +0.0
    return Components(values, math.fsum(values.tolist()))


def shares(components: Components, smallest: float = 1e-9) -> Vector:
    """Return (m,) values / total, all NaN where |total| <= smallest (base currency): a share of nothing."""
    if abs(components.total) <= smallest:
        return np.full(components.values.size, np.nan)
    return components.values / components.total


def book_losses(contributions: Matrix) -> Vector:
    """Return (n,) the loss of the book in each row: instruments added in their order, so bytes repeat."""
    losses = np.zeros(contributions.shape[1])
    for row in contributions:
        losses += row
    return losses


def _columns(contributions: Matrix, rows: Ints) -> Matrix:
    return contributions[:, rows]


def _weighted_sums(picked: Matrix, weights: Vector) -> Vector:
    return np.array([math.fsum(line) for line in (picked * weights).tolist()], dtype=np.float64)
