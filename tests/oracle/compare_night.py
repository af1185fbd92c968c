"""The engine's stress tools at one moment held against the oracle's, scope by scope."""

import math
from collections.abc import Iterator

import numpy as np

from risk.crisis_history import crisis_windows
from risk.measures import Status
from risk.scaled_shocks import scaled_shocks
from risk.state import RiskState
from risk.stress_book import StressBook, stress_book
from risk.stress_figures import correlation_figures, crisis_figures, plausible_figure, reverse_figures
from tests.oracle.night import crisis_path, plausible_distance, reverse_multiplier, stressed_vars
from tests.oracle.oracle import Oracle
from tests.oracle.view import View, gross_of, views_of

TOLERANCE = 1e-9
_OF_GROSS = 1e-12  # of gross: a loss under it is rounding
_COVERAGE_MIN = 0.80


def night_differences(state: RiskState, oracle: Oracle) -> list[str]:
    """Return a line for every figure of the stress tools that differs by more than 1e-9."""
    found = []
    gross = {path: gross_of(views_of(oracle.state, path)["none"].book) for path in state.scopes}
    for name, ours, theirs in night_pairs(state, oracle):
        least = _OF_GROSS * gross[name.split(" ")[0]]
        if (ours is None) != (theirs is None):
            found.append(f"{name}: {ours} against {theirs}")
        elif ours is not None and theirs is not None and not _are_close(ours, theirs, least):
            found.append(f"{name}: {ours!r} against {theirs!r}")
    return found


def night_pairs(state: RiskState, oracle: Oracle) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield every figure of every scope that has numbers, as "SCOPE FIGURE", the engine's and the oracle's."""
    shocks, windows = scaled_shocks(state), crisis_windows(state)
    for p, path in enumerate(state.scopes):
        book, view = stress_book(state, p, shocks, windows), views_of(oracle.state, path)["none"]
        if book.modelled < Status.INSUFFICIENT and not math.isnan(book.nav) and book.names:
            for name, ours, theirs in _pairs(state, book, view):
                yield f"{path} {name}", ours, theirs


def _are_close(ours: float, theirs: float, least: float) -> bool:
    return ours == theirs or abs(ours - theirs) <= max(TOLERANCE * abs(theirs), least)


def _pairs(state: RiskState, book: StressBook, view: View) -> Iterator[tuple[str, float | None, float | None]]:
    settings = state.config.stress
    by_id = {scenario.id: scenario for scenario in state.scenarios}
    for reverse in reverse_figures(book, settings):
        if reverse.status <= Status.DEGRADED:
            yield f"reverse {reverse.scenario}", reverse.multiplier, reverse_multiplier(view, by_id[reverse.scenario])
    plausible = plausible_figure(book, settings, state.config.student_t_nu)
    if plausible.distance is not None:
        yield "plausible distance", plausible.distance, plausible_distance(view)
    correlation = correlation_figures(book)
    theirs = stressed_vars(view)
    for level in correlation.levels:
        yield f"together {level.level}", level.together, theirs[level.level][0]
        yield f"adversarial {level.level}", level.adversarial, theirs[level.level][1]
    yield from _crisis_pairs(state, book, view)


def _crisis_pairs(state: RiskState, book: StressBook, view: View) -> Iterator[tuple[str, float | None, float | None]]:
    figures = {figure.crisis: figure for figure in crisis_figures(book)}
    for crisis in state.crisis_rows.crises:
        path, figure = crisis_path(view, crisis), figures.get(crisis.name)
        yield f"{crisis.name} is there", float(figure is not None), float(path is not None)
        if path is None or figure is None:
            continue
        yield f"{crisis.name} coverage", figure.coverage, path.coverage
        yield f"{crisis.name} excluded", figure.excluded_count, len(path.excluded)
        if path.coverage < _COVERAGE_MIN:
            continue
        values = np.array([0.0, *path.pnl])
        yield f"{crisis.name} final", figure.final, float(values[-1])
        yield f"{crisis.name} worst", figure.worst, float(values.min())
        yield f"{crisis.name} drawdown", figure.drawdown, float((np.maximum.accumulate(values) - values).max())
        yield f"{crisis.name} worst day", figure.worst_day, float(np.diff(values).min())
