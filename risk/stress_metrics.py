"""The metrics of the nightly stress: from its figures, and of a smaller book for reductions."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from config.stress import StressConfig
from risk.correlation_stress import stress_correlation
from risk.kernels.stress import covariance_times
from risk.measures import Status, Vector
from risk.stress_book import StressBook
from risk.stress_figures import VAR_99, correlation_figures, crisis_figures, reverse_figures
from risk.stress_result import CrisisFigure, ReverseFigure, StressResult

METRICS_OF_STRESS: tuple[str, ...] = ("stressed_var", "crisis_loss", "reverse_closeness")


def metrics_of(result: StressResult) -> dict[str, tuple[float, Status]]:
    """Return the metrics that limits may be set on; NaN where there is no number.

    stressed_var      : worst VaR 99 % under correlation stress, base currency
    crisis_loss       : worst loss since the start of any replayed crisis, base currency; 0 where none lost
    reverse_closeness : 1 / the smallest multiplier of any scenario: over 1 a scenario alone costs that share of NAV
    """
    correlation = result.correlation
    worst = math.nan if correlation.worst is None else correlation.worst
    return {
        "stressed_var": (worst, correlation.status),
        "crisis_loss": crisis_loss(result.crises),
        "reverse_closeness": closeness(result.reverse),
    }


def crisis_loss(crises: Sequence[CrisisFigure]) -> tuple[float, Status]:
    """Return the worst loss since the start of any crisis, and its status."""
    losses = [-crisis.worst for crisis in crises if crisis.worst is not None]
    return _worst(losses, [crisis.status for crisis in crises])


def closeness(reverse: Sequence[ReverseFigure]) -> tuple[float, Status]:
    """Return 1 / the smallest multiplier, 0 where no scenario reaches the loss, and its status."""
    told = [each for each in reverse if each.status <= Status.DEGRADED]
    return _worst([0.0 if not each.multiplier else 1.0 / each.multiplier for each in told], [r.status for r in reverse])


def _worst(values: Sequence[float], statuses: Sequence[Status]) -> tuple[float, Status]:
    """Return the largest of the numbers that there are; DEGRADED where some are missing, INSUFFICIENT without any."""
    if not values:
        return math.nan, max([*statuses, Status.INSUFFICIENT])
    is_whole = all(status is Status.OK for status in statuses)
    return max(values) + 0.0, Status.OK if is_whole else Status.DEGRADED


def evaluate(book: StressBook, metric: str, exposure: Vector, settings: StressConfig) -> float:
    """Return the metric of the book with these exposures (m,), everything else unchanged; NaN where there is none."""
    changed = replace(book, exposure=exposure)
    if metric == "stressed_var":
        worst = correlation_figures(changed).worst
        return math.nan if worst is None else worst
    if metric == "crisis_loss":
        return crisis_loss(crisis_figures(changed))[0] if np.any(exposure) else 0.0
    return closeness(reverse_figures(changed, settings))[0] if np.any(exposure) else 0.0


def components(book: StressBook, metric: str, settings: StressConfig) -> Vector:
    """Return (m,) what each name contributes to the metric, in its unit; zeros where there is no number.

    stressed_var : Euler's rule on the worst level; crisis_loss : each name's loss at the worst point of the worst
    crisis; reverse_closeness : each name's share of the nearest scenario's loss, times the closeness
    """
    if metric == "stressed_var":
        return _correlation_parts(book)
    return _crisis_parts(book) if metric == "crisis_loss" else _reverse_parts(book, settings)


def _correlation_parts(book: StressBook) -> Vector:
    x = book.exposure
    found = stress_correlation(book.sigma, x)
    if found.status >= Status.INSUFFICIENT or not found.worst > 0.0:
        return np.zeros(x.size)
    level = max(found.levels, key=lambda each: each.worst)
    deviations = np.sqrt(np.maximum(np.diagonal(book.sigma), 0.0))
    signs = np.sign(x) if level.adversarial >= level.together else np.ones(x.size)
    weight = level.weight if level.worst in (level.adversarial, level.together) else 0.0
    product = np.zeros(x.size)
    covariance_times(book.sigma, x, product)
    common = math.fsum((x * signs * deviations).tolist())
    slopes = (1.0 - weight) * product + weight * common * signs * deviations
    return np.asarray(x * slopes * (VAR_99 / level.worst))


def _crisis_parts(book: StressBook) -> Vector:
    replays = [window.replay(book.columns, book.exposure) for window in book.windows]
    told = [at for at, each in enumerate(replays) if each.status <= Status.DEGRADED and each.worst_at >= 0]
    if not told:
        return np.zeros(book.exposure.size)
    at = min(told, key=lambda each: replays[each].worst)
    worst, window = replays[at], book.windows[at]
    factors = np.multiply.reduce(1.0 + window.returns[: worst.worst_at + 1, book.columns], axis=0)
    return np.where(worst.excluded, 0.0, -book.exposure * (factors - 1.0))


def _reverse_parts(book: StressBook, settings: StressConfig) -> Vector:
    figures = reverse_figures(book, settings)
    told = [k for k, each in enumerate(figures) if each.status <= Status.DEGRADED and each.multiplier]
    parts = np.zeros(book.exposure.size)
    if not told:
        return parts
    nearest = min(told, key=lambda k: figures[k].multiplier or math.inf)
    multiplier, loss = figures[nearest].multiplier or math.inf, figures[nearest].loss or math.inf
    for i in range(parts.size):
        alone = np.zeros(parts.size)
        alone[i] = book.exposure[i]
        parts[i] = book.shocks.losses(nearest, alone)(np.array([multiplier]))[0]
    return np.asarray(parts * (1.0 / (multiplier * loss)))
