"""The stress tools brought to one book at one moment: from a snapshot of the state to figures."""

import math

import numpy as np

from config.stress import StressConfig
from risk.correlation_stress import CorrelationStress, stress_correlation
from risk.crisis_history import CrisisWindow
from risk.crisis_replay import CrisisReplay
from risk.kernels.budgets import COVERAGE_MIN
from risk.kernels.stress import covariance_times
from risk.measures import Status
from risk.parametric import normal_multipliers
from risk.plausible_stress import most_plausible
from risk.reverse_stress import ReverseStress, reverse_stress
from risk.shocks import FALL_MAX
from risk.stress_book import StressBook
from risk.stress_result import (
    NAMES_SHOWN,
    CorrelationFigure,
    CorrelationFigures,
    CrisisFigure,
    FactorFigure,
    PlausibleFigure,
    ReverseFigure,
)

VAR_99 = normal_multipliers().value_at_risk[2]


def reverse_figures(book: StressBook, settings: StressConfig) -> tuple[ReverseFigure, ...]:
    """Return the reverse stress of every scenario; one that covers under 80 % of gross says nothing."""
    figures = []
    sizes = np.abs(book.exposure)
    gross = math.fsum(sizes.tolist())
    for k, name in enumerate(book.scenarios):
        if math.fsum((sizes * book.shocks.covered[k]).tolist()) < COVERAGE_MIN * gross:
            found = ReverseStress(False, None, None, None, Status.INSUFFICIENT)
        else:
            losses = book.shocks.losses(k, book.exposure)
            found = reverse_stress(losses, share=settings.reverse_loss, nav=book.nav, has_exposure=gross > 0.0)
        status = max(found.status, book.data)
        reason = None if found.reason is None else found.reason.value
        figures.append(ReverseFigure(name, found.feasible, found.multiplier, found.loss, reason, status))
    return tuple(figures)


def plausible_figure(book: StressBook, settings: StressConfig, nu: float) -> PlausibleFigure:
    """Return the most plausible move that costs the configured share of NAV; of an empty book there is none."""
    status = book.modelled
    if math.isnan(book.nav):
        status = max(status, Status.INSUFFICIENT)
    elif book.nav <= 0.0:
        status = Status.INVALID
    if status >= Status.INSUFFICIENT or not book.names:
        return PlausibleFigure(None, None, None, None, (), status)
    product = np.zeros(book.exposure.size)
    variance = covariance_times(book.sigma, book.exposure, product)
    loss = settings.plausible_loss * book.nav
    found = most_plausible(book.exposure, product, variance=variance, loss=loss, nu=nu)
    if found.status >= Status.INSUFFICIENT:
        return PlausibleFigure(loss, None, None, None, (), max(status, found.status))
    if bool((found.move < FALL_MAX).any()):
        status = max(status, Status.DEGRADED)
    costs = (-book.exposure * found.move).tolist()
    largest = sorted(range(len(costs)), key=lambda at: (-abs(costs[at]), book.names[at]))[:NAMES_SHOWN]
    factors = tuple(FactorFigure(book.names[at], float(found.move[at]), costs[at]) for at in largest)
    return PlausibleFigure(loss, found.distance, found.normal_odds, found.student_odds, factors, status)


def correlation_figures(book: StressBook) -> CorrelationFigures:
    """Return VaR 99 % at every level of correlation stress; 0 for an empty book."""
    found: CorrelationStress = stress_correlation(book.sigma, book.exposure)
    status = max(book.modelled, found.status)
    if status >= Status.INSUFFICIENT:
        return CorrelationFigures(None, (), None, None, status)
    levels = tuple(
        CorrelationFigure(
            level.name, level.weight, VAR_99 * level.together, VAR_99 * level.adversarial, VAR_99 * level.worst
        )
        for level in found.levels
    )
    bound = VAR_99 * found.undiversified
    return CorrelationFigures(found.mean_correlation, levels, bound, VAR_99 * found.worst, status)


def crisis_figures(book: StressBook) -> tuple[CrisisFigure, ...]:
    """Return the replay of every crisis that has history, in the library's order."""
    return tuple(_crisis_figure(book, window, window.replay(book.columns, book.exposure)) for window in book.windows)


def _crisis_figure(book: StressBook, window: CrisisWindow, found: CrisisReplay) -> CrisisFigure:
    status = max(found.status, book.data)
    has_number = status <= Status.DEGRADED

    def shown(value: float) -> float | None:
        return value if has_number else None

    def day(at: int) -> int | None:
        return window.days[at] if has_number and at >= 0 else None

    proxied = [f"{book.names[at]} by {book.stand_ins[at]}" for at in book.order if found.proxied[at]]
    excluded = [book.names[at] for at in book.order if found.excluded[at]]
    return CrisisFigure(
        crisis=window.crisis.name, sessions=len(window.days), coverage=found.coverage,
        final=shown(found.final),
        worst=shown(found.worst), worst_on=day(found.worst_at),
        drawdown=shown(found.drawdown), peak_on=day(found.peak_at), trough_on=day(found.trough_at),
        worst_day=shown(found.worst_day), worst_day_on=day(found.worst_day_at),
        proxied=tuple(proxied[:NAMES_SHOWN]), proxied_count=len(proxied),
        excluded=tuple(excluded[:NAMES_SHOWN]), excluded_count=len(excluded),
        status=status,
    )  # fmt: skip
