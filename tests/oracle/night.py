"""The stress tools of one book, slowly: whole matrices, day by day, and a search over many multipliers."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from config.crises import Crisis
from config.scenarios import Scenario
from tests.oracle.facts import Status
from tests.oracle.state import State
from tests.oracle.stress import loss_and_coverage
from tests.oracle.view import View, block, gross_of, nav_of
from tests.oracle.window import Matrix, fill_row

_MULTIPLIERS = np.geomspace(0.01, 5.0, 400)
_BISECTIONS = 60
_RISES = {"normal": 0.0, "mild": 0.2, "severe": 0.5}
_CRISIS_WEIGHT = 0.98
_COVERAGE_MIN = 0.80
_Z_99 = float(stats.norm.ppf(0.99))


@dataclass(frozen=True, slots=True)
class CrisisPath:
    """What buy and hold would have gone through; P&L in base currency after each session."""

    pnl: list[float]
    coverage: float
    excluded: list[str]


def reverse_multiplier(view: View, scenario: Scenario) -> float | None:
    """Return the first multiplier in [0.01, 5] that costs the configured share of NAV, None where none does."""
    nav, status = nav_of(view)
    assert nav is not None
    assert status == Status.OK
    target = view.state.setup.config.stress.reverse_loss * nav

    def cost(multiplier: float) -> float:
        shocks = tuple((key, value * multiplier) for key, value in dict(scenario.shocks).items())
        return loss_and_coverage(view.state.market, replace(scenario, shocks=shocks), view.book)[0]

    below = None
    for multiplier in _MULTIPLIERS.tolist():
        if cost(multiplier) >= target:
            break
        below = multiplier
    else:
        return None
    if below is None:
        return float(_MULTIPLIERS[0])
    low, high = below, multiplier
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if cost(middle) >= target else (middle, high)
    return high


def plausible_distance(view: View) -> float:
    """Return the Mahalanobis distance of the move that costs the configured share of NAV, by the move itself.

    Least distance subject to a loss, by Lagrange: the move is -l Σx / x'Σx, and its distance √(move' Σ⁺ move).
    """
    matrix, exposures, _names = block(view, view.covariances.fast, view.book)
    nav, _status = nav_of(view)
    assert nav is not None
    loss = view.state.setup.config.stress.plausible_loss * nav
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-12 * values.max()
    axes = vectors[:, kept] * np.sqrt(values[kept])
    parts = axes.T @ exposures  # P&L = parts' u, distance = |u|
    return float(np.linalg.norm(-loss * parts / (parts @ parts)))


def stressed_vars(view: View) -> dict[str, tuple[float, float]]:
    """Return (together, adversarial) VaR 99 % by level, by building every stressed correlation matrix."""
    matrix, exposures, _names = block(view, view.covariances.fast, view.book)
    deviations = np.sqrt(np.diagonal(matrix))
    moves = deviations > 0.0
    deviations, exposures = deviations[moves], exposures[moves]
    correlation = matrix[np.ix_(moves, moves)] / np.outer(deviations, deviations)
    count = len(deviations)
    found = {}
    for level in (*_RISES, "crisis"):
        weight = 0.0 if count < 2 else _weight(correlation, level)
        pair = []
        for signs in (np.ones(count), np.sign(exposures)):
            stressed = (1.0 - weight) * correlation + weight * np.outer(signs, signs)
            pair.append(_Z_99 * _deviation(stressed, exposures * deviations))
        found[level] = (pair[0], pair[1])
    return found


def _weight(correlation: Matrix, level: str) -> float:
    if level == "crisis":
        return _CRISIS_WEIGHT
    count = len(correlation)
    mean = (float(correlation.sum()) - count) / (count * (count - 1))
    rise = _RISES[level]
    if rise == 0.0 or mean >= 1.0:
        return 0.0 if rise == 0.0 else 1.0
    return min(1.0, (rise * mean if mean > 0.0 else rise) / (1.0 - mean))


def _deviation(correlation: Matrix, weights: np.ndarray) -> float:
    return math.sqrt(max(0.0, float(weights @ correlation @ weights)))


def crisis_path(view: View, crisis: Crisis) -> CrisisPath | None:
    """Return what the book would have gone through, None where a session of the crisis was not completed."""
    state = view.state
    rows = [row for row in state.rows.rows if crisis.start_day < row.date <= crisis.end_day]
    due = [date for date in state.rows.base.dates if crisis.start_day < date <= crisis.end_day]
    if not due or [row.date for row in rows] != due:
        return None
    paths = {name: _returns(state, name, rows) for name in view.book}
    told = {name: path for name, path in paths.items() if path is not None}
    gross = gross_of(view.book)
    covered = math.fsum(abs(view.book[name]) for name in told)
    values = dict.fromkeys(told, 1.0)
    pnl = []
    for at in range(len(rows)):
        for name, path in told.items():
            values[name] *= 1.0 + path[at]
        pnl.append(math.fsum(view.book[name] * (value - 1.0) for name, value in values.items()))
    excluded = [name for name in view.book if name not in told and view.book[name] != 0.0]
    return CrisisPath(pnl, covered / gross if gross > 0.0 else 1.0, excluded)


def _returns(state: State, name: str, rows: list) -> list[float] | None:
    ref = state.market.instruments[name].ref
    found = []
    for row in rows:
        if ref.kind == "cash":
            is_base = ref.currency == state.setup.config.base_currency
            value = 0.0 if is_base else row.currencies.get(ref.currency)
        else:
            value = row.returns.get(name)
            value = fill_row(state.market, row.returns, name) if value is None else value
        if value is None:
            return None
        found.append(value)
    return found
