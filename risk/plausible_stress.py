"""Reverse stress by plausibility: the most likely move of the market that costs a given loss."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, stdtr

from risk.measures import Matrix, Status, Vector

STARTS_MIN = 8
_CONSTRAINT_TOLERANCE = 1e-6  # of the loss
_ITERATIONS_MAX = 300


@dataclass(frozen=True, slots=True)
class PlausibleStress:
    """The move with the smallest Mahalanobis distance among those that cost at least the loss.

    move        : (m,) relative move of each instrument in base currency; empty where there is no number
    distance    : in standard deviations of the market's likelihood; NaN where there is no number
    loss        : of the book in that move, base currency
    normal_odds : probability of a loss as large in one day, were the book's P&L normal with today's sigma
    student_odds: the same of a Student-t with that sigma
    """

    move: Vector
    distance: float
    loss: float
    normal_odds: float
    student_odds: float
    status: Status


def most_plausible(
    exposure: Vector, sigma_exposure: Vector, *, variance: float, loss: float, nu: float
) -> PlausibleStress:
    """Return the most plausible move that costs a linear book `loss`, in closed form: -loss·Σx / x'Σx.

    exposure       : (m,) x, base currency, finite; sigma_exposure : (m,) Σx with today's daily covariance
    variance       : x'Σx; at or under zero no move costs anything: INSUFFICIENT
    loss           : base currency, > 0, ValueError else; nu : degrees of freedom of the t, > 2
    Breuer, Jandačka, Rheinberger and Summer (2009). The distance is loss / σ, exact for the linear book.
    """
    if not loss > 0.0:
        raise ValueError(f"loss must be above 0, got {loss}")
    if not (math.isfinite(variance) and np.isfinite(sigma_exposure).all() and np.isfinite(exposure).all()):
        return _none(Status.INVALID)
    if variance <= 0.0:
        return _none(Status.INSUFFICIENT)
    move = sigma_exposure * (-loss / variance)
    distance = loss / math.sqrt(variance)
    cost = -math.fsum((exposure * move).tolist())
    return PlausibleStress(move, distance, cost, normal_odds(distance), student_odds(distance, nu), Status.OK)


def most_plausible_nonlinear(
    losses: Callable[[Vector], float], covariance: Matrix, *, loss: float, nu: float, starts: Sequence[Vector]
) -> PlausibleStress:
    """Return the most plausible move that costs `loss` under any loss function, by SLSQP from several starts.

    losses     : the loss at a move (m,), base currency; 0 at no move
    covariance : (m, m) a day, symmetric positive semi-definite; moves outside its range have no likelihood
    starts     : at least 8 directions (m,) in standard deviations of the principal axes; ValueError for fewer
    The move is A u with Σ = A A', so that its distance is |u|. INSUFFICIENT where no start ends at a move that costs
    the loss. The smallest distance of the local minima found is returned: an upper bound of the true one.
    """
    if len(starts) < STARTS_MIN:
        raise ValueError(f"starts must be at least {STARTS_MIN}, got {len(starts)}")
    if not loss > 0.0:
        raise ValueError(f"loss must be above 0, got {loss}")
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors * np.sqrt(np.maximum(values, 0.0))
    best: tuple[float, Vector] | None = None
    for start in starts:
        found = minimize(
            lambda u: float(u @ u),
            start,
            jac=lambda u: 2.0 * u,
            method="SLSQP",
            constraints=({"type": "ineq", "fun": lambda u: losses(axes @ u) / loss - 1.0},),
            options={"maxiter": _ITERATIONS_MAX, "ftol": 1e-12},
        )
        point = np.asarray(found.x, dtype=np.float64)
        if not np.isfinite(point).all() or losses(axes @ point) < loss * (1.0 - _CONSTRAINT_TOLERANCE):
            continue
        size = math.sqrt(math.fsum((point * point).tolist()))
        if best is None or size < best[0]:
            best = (size, point)
    if best is None:
        return _none(Status.INSUFFICIENT)
    distance, point = best
    move = np.asarray(axes @ point)
    return PlausibleStress(move, distance, losses(move), normal_odds(distance), student_odds(distance, nu), Status.OK)


def normal_odds(distance: float) -> float:
    """Return the probability of a standard normal beyond `distance`; 0.0 where it is under the smallest double."""
    return float(ndtr(-distance))


def student_odds(distance: float, nu: float) -> float:
    """Return the probability of a Student-t with variance 1 beyond `distance`; nu > 2, ValueError else."""
    if not nu > 2.0:
        raise ValueError(f"nu must be above 2, got {nu}")
    return float(stdtr(nu, -distance * math.sqrt(nu / (nu - 2.0))))


def _none(status: Status) -> PlausibleStress:
    return PlausibleStress(np.zeros(0), math.nan, math.nan, math.nan, math.nan, status)
