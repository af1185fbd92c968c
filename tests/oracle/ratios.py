"""K, the mean correlations and the volatility ratio: the fast covariance against the slow one and the window."""

import math

import numpy as np

from tests.oracle.facts import Status
from tests.oracle.measures import Vector
from tests.oracle.view import Number, View, block, losses_of, number, sigma_of
from tests.oracle.window import Book, Matrix


def ratio_metrics(view: View) -> dict[str, Number]:
    """Return k_ratio and vol_ratio of one book."""
    status = view.parametric_status
    has_value = status != Status.INSUFFICIENT
    return {
        "k_ratio": number(correlation_ratio(view, view.book) if has_value else None, status),
        "vol_ratio": number(volatility_ratio(view, view.book) if has_value else None, status),
    }


def correlation_ratio(view: View, book: Book) -> float | None:
    """Return K = √(xᵀD R_f D x) / √(xᵀD R_s D x), D the fast volatilities; None for no exposure (models.md 11.1)."""
    fast, exposures, _names = block(view, view.covariances.fast, book)
    slow, _exposures, _same = block(view, view.covariances.slow, book)
    now, then = _variance(fast, exposures), _variance(aligned(fast, slow), exposures)
    return math.sqrt(now / then) if then > 0.0 else None


def _variance(matrix: Matrix, exposures: Vector) -> float:
    return float(exposures @ matrix @ exposures)


def aligned(fast: Matrix, slow: Matrix) -> Matrix:
    """Return D R_s D: the slow correlations at the fast volatilities."""
    scale = np.array(
        [math.sqrt(f / s) if s > 0.0 else 0.0 for f, s in zip(fast.diagonal(), slow.diagonal(), strict=True)]
    )
    found: Matrix = slow * np.outer(scale, scale)
    return found


def mean_correlation_change(view: View) -> float | None:
    """Return Δρ̄, fast less slow: mean off-diagonal correlations weighted by |x|σ; None under two names."""
    fast, exposures, _names = block(view, view.covariances.fast, view.book)
    slow, _exposures, _same = block(view, view.covariances.slow, view.book)
    weights = np.abs(exposures) * np.sqrt(fast.diagonal())
    pairs = math.fsum(float(one * other) for i, one in enumerate(weights) for j, other in enumerate(weights) if i != j)
    if pairs == 0.0:
        return None
    return (
        math.fsum(
            float(weights[i] * weights[j] * (_correlation(fast, i, j) - _correlation(slow, i, j)))
            for i in range(len(weights))
            for j in range(len(weights))
            if i != j and weights[i] * weights[j] > 0.0
        )
        / pairs
    )


def _correlation(matrix: Matrix, i: int, j: int) -> float:
    return float(matrix[i, j] / math.sqrt(matrix[i, i] * matrix[j, j]))


def volatility_ratio(view: View, book: Book) -> float | None:
    """Return the fast σ over the root mean square of the loss vector; None for no exposure or no rows."""
    losses = losses_of(view, book)
    mean_square = math.fsum((losses * losses).tolist()) / len(losses) if len(losses) else 0.0
    return sigma_of(view, book) / math.sqrt(mean_square) if mean_square > 0.0 else None
