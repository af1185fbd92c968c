"""Which metrics are made of something that adds up over the names of a book, and how each is made of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from risk.arrays import Fit, Ints
from risk.historical import LEVELS, PPM, rank, tail_count_ppm
from risk.kernels.budgets import COVERAGE_MIN
from risk.kernels.evaluate import losses_in
from risk.measures import Matrix, Vector
from risk.state import RiskState

_P_PPM = dict(LEVELS)
_SUMS = frozenset({"gross", "net", "gross_leverage", "net_leverage"})

Moves = Callable[[Ints, Vector, Vector], Vector]
"""From places (k,) in the book and their exposures before and after (k,) to the change (n,) of the image.

Of a name that keeps its side the image is in proportion to its size.
"""

Exposures = Callable[[], Matrix]
Values = Callable[[Matrix, Exposures], Vector]
"""From the images (b, n) of books, and their exposures (b, m) if asked for, to the metric (b,) of each."""


@dataclass(frozen=True, slots=True)
class Additive:
    """A metric by way of an image that adds up over names; metrics of one family have the same image."""

    family: str
    moves: Moves
    values: Values


def additive_of(state: RiskState, p: int, held: Ints, metric: str) -> Additive | None:
    """Return how a metric of scope p is made of what adds up over its names; None where it is not, or has no number.

    held : (m,) the instruments of the book
    """
    kind, _, level = metric.partition("_")
    if kind in ("var", "es") and level == "999":
        return _of_variance(state, p, held, Fit.VAR_999 if kind == "var" else Fit.ES_999)
    if kind in ("var", "es") and level in _P_PPM:
        return _of_rows(state, held, kind, _P_PPM[level])
    if metric == "worst_loss":
        return _of_scenarios(state, held)
    return _of_sums(state, p, metric) if metric in _SUMS else None


def _of_rows(state: RiskState, held: Ints, kind: str, p_ppm: int) -> Additive | None:
    rows, returns = state.rows, state.arrays.returns
    if tail_count_ppm(rows, p_ppm) < PPM:
        return None

    def moves(places: Ints, before: Vector, after: Vector) -> Vector:
        return np.asarray(losses_in(returns, held[places], after - before, rows))

    k = rank(rows, p_ppm)

    def quantiles(images: Matrix, _exposures: Exposures) -> Vector:
        return np.asarray(np.partition(images, k - 1, axis=1)[:, k - 1])

    def shortfalls(images: Matrix, _exposures: Exposures) -> Vector:
        upper = np.partition(images, k - 1, axis=1)[:, k - 1 :]
        quantile = upper[:, 0]
        # Sorted and added one by one: how a partition orders what is beyond it differs from processor to processor.
        beyond = np.sort(upper, axis=1) - quantile[:, None]
        return np.asarray(quantile + np.cumsum(beyond, axis=1)[:, -1] * (PPM / tail_count_ppm(rows, p_ppm)))

    return Additive("rows", moves, quantiles if kind == "var" else shortfalls)


def _of_variance(state: RiskState, p: int, held: Ints, column: int) -> Additive | None:
    arrays, count = state.arrays, len(state.terms)
    fitted, reference = float(arrays.fit[p, column]), float(arrays.fit[p, Fit.REFERENCE_VARIANCE])
    if not (math.isfinite(fitted) and reference > 0.0):
        return None

    def moves(places: Ints, before: Vector, after: Vector) -> Vector:
        # The covariance is symmetric: its rows, of which each name has one, serve as its columns.
        return np.asarray(losses_in(arrays.sigma, held[places], before - after, count)[held])

    def values(images: Matrix, exposures: Exposures) -> Vector:
        variance = np.cumsum(images * exposures(), axis=1)[:, -1]
        return np.asarray(fitted * np.sqrt(np.maximum(variance, 0.0) / reference))

    return Additive("covariance", moves, values)


def _of_scenarios(state: RiskState, held: Ints) -> Additive | None:
    """The image is the loss in each scenario, what each of them covers, and the gross."""
    arrays, count = state.arrays, len(state.scenarios)
    if not count:
        return None

    def moves(places: Ints, before: Vector, after: Vector) -> Vector:
        names, sizes = held[places], np.abs(before) - np.abs(after)
        losses = losses_in(arrays.shocks, names, after - before, count)
        covered = losses_in(arrays.covered, names, sizes, count)
        return np.concatenate((losses, covered, [-math.fsum(sizes.tolist())]))

    def values(images: Matrix, _exposures: Exposures) -> Vector:
        losses, covered, gross = images[:, :count], images[:, count:-1], images[:, -1:]
        worst = np.where(covered < COVERAGE_MIN * gross, -np.inf, losses).max(axis=1)
        return np.where(worst == -np.inf, np.nan, worst)

    return Additive("scenarios", moves, values)


def _of_sums(state: RiskState, p: int, metric: str) -> Additive | None:
    """The image is the gross and the net."""
    scale = 1.0
    if metric.endswith("leverage"):
        arrays = state.arrays
        nav = float(arrays.value[p]) if arrays.has_nav[p] == 1 else math.nan
        if not nav > 0.0:
            return None
        scale = 1.0 / nav
    column = 0 if metric.startswith("gross") else 1

    def moves(_places: Ints, before: Vector, after: Vector) -> Vector:
        gross = math.fsum((np.abs(after) - np.abs(before)).tolist())
        return np.array([gross, math.fsum((after - before).tolist())])

    def values(images: Matrix, _exposures: Exposures) -> Vector:
        return np.asarray(np.abs(images[:, column]) * scale)

    return Additive("sums", moves, values)
