"""Of the four books that working orders could make of a scope, the worst of every number, and when none can matter."""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Floats, Scalar
from risk.kernels.budgets import (
    COVERAGE_MIN,
    NAMES_MIN,
    is_cost_far,
    is_nav_far,
    is_within,
)
from risk.measures import BOOKS, METRIC_INDEX, METRICS, NAME_SHARES, UNMOVED_BY_ORDERS

LARGER = BOOKS.index("larger")
_COUNT, _BOOKS = len(METRICS), len(BOOKS)
_ANY, _SHARE, _NEVER = 0, 1, 2
_KIND = np.array(
    [_NEVER if name in UNMOVED_BY_ORDERS else (_SHARE if name in NAME_SHARES else _ANY) for name in METRICS]
)
_WORST, _FAILURES = METRIC_INDEX["worst_loss"], METRIC_INDEX["failures"]
_GROSS = METRIC_INDEX["gross"]
_SCENARIOS = Scalar.SCENARIOS


@njit(cache=True, error_model="numpy", _nrt=False)
def copy_row(matrix: Floats, source: int, target: int) -> None:
    """Copy a row over another; an assignment of slices would allocate."""
    for column in range(matrix.shape[1]):
        matrix[target, column] = matrix[source, column]


@njit(cache=True, error_model="numpy", _nrt=False)
def take_worst(s: Arrays, p: int) -> None:
    """Put the worst of each metric of the four books into scope p, and the worst of its statuses.

    The scope's own numbers stay in the first of its worked books. A number that one of the books does not have is
    missing, except for +inf, which nothing can be worse than. `s.worst` says which book gave each.
    """
    first = s.worked_row[p]
    values, fresh, worst = s.metrics[p], s.fresh[p], s.worst[p]
    copy_row(s.metrics, p, first)
    for metric in range(_COUNT):
        s.statuses[first, metric] = fresh[metric]
    settled = s.settled[p]
    for book in range(1, _BOOKS):
        row = first + book
        settled = min(settled, s.settled[row])
        s.data_status[p] = max(s.data_status[p], s.data_status[row])
    for metric in range(_COUNT):
        worst[metric] = 0
        kind = _KIND[metric]
        if kind == _NEVER:
            continue
        for book in range(1 if kind == _ANY else LARGER, _BOOKS):
            row = first + book
            fresh[metric] = max(fresh[metric], s.fresh[row, metric])
            value = s.metrics[row, metric]
            other_unit = kind == _SHARE and s.names[p] < NAMES_MIN <= s.names[row]
            if other_unit or _is_worse(value, values[metric]):
                values[metric] = value
                worst[metric] = book
    if not np.isnan(values[_FAILURES]):
        values[_FAILURES] = _count_failures(s, p, first)
    for metric in range(_COUNT):
        if values[metric] > s.wake[p, metric]:
            settled = 0
    s.settled[p] = settled


@njit(cache=True, error_model="numpy", _nrt=False)
def _is_worse(value: float, than: float) -> bool:
    """Say whether a number replaces another: +inf before a missing one before a larger one."""
    if than == np.inf:
        return False
    if value == np.inf:
        return True
    if np.isnan(than) or np.isnan(value):
        return np.isnan(value) and not np.isnan(than)
    return value > than


@njit(cache=True, error_model="numpy", _nrt=False)
def _count_failures(s: Arrays, p: int, first: int) -> float:
    """Return how many scenarios cost some book more than their limit: each scenario meets its own worst book."""
    failures = 0.0
    for k in range(s.scalars[_SCENARIOS]):
        failed = False
        for book in range(_BOOKS):
            row = p if book == 0 else first + book
            if s.covered_gross[row, k] >= COVERAGE_MIN * s.metrics[first + book, _GROSS]:
                loss = max(s.stress[row, k], s.stress[row, k] + s.stress_suspect[row, k])
                failed = failed or loss > s.scenario_limit[k]
        if failed:
            failures += 1.0
    return failures


@njit(cache=True, error_model="numpy", _nrt=False)
def are_worked_quiet(s: Arrays, p: int) -> bool:
    """Say whether every book that working orders could make of scope p has moved within its budget.

    A scope whose positions bear no risk, and whose tail fit is therefore of the larger book, is never settled.
    """
    first = s.worked_row[p]
    quiet = is_cost_far(s, p, first)  # the scope's VaR is that of its worst book
    for row in range(first + 1, first + _BOOKS):
        quiet = quiet and is_within(s, row) and is_cost_far(s, row, row)
        if quiet and s.has_nav[p] == 1:
            quiet = is_nav_far(s, row, s.value[p])
    return bool(quiet)


@njit(cache=True, error_model="numpy", _nrt=False)
def works(s: Arrays, p: int, i: int) -> bool:
    """Say whether an order of scope p works in instrument i, held or not: all buys and all sells differ then."""
    first = s.worked_row[p]
    return bool(first >= 0 and s.quantity[first + 1, i] != s.quantity[first + 2, i])
