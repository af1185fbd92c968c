"""Counting exceptions: which rows are compared, with which book, and against which VaR."""

import numpy as np
import pytest

from risk.arrays import Arrays, Scalar
from risk.exceptions import Backtest, RowException
from risk.measures import METRIC_INDEX, Status
from tests.risk.random_arrays import LEAVES, NAMES, random_arrays

SCOPES = 1 + len(LEAVES)
SEEN = np.zeros(NAMES + 2, dtype=np.int64)


def arrays_with(var_95: float, var_99: float, *, status: Status = Status.OK) -> Arrays:
    """Return arrays in which every scope has these numbers; the last completed row is the 140th."""
    arrays = random_arrays(5)
    for level, value in (("var_95", var_95), ("var_99", var_99)):
        arrays.metrics[:, METRIC_INDEX[level]] = value
        arrays.statuses[:, METRIC_INDEX[level]] = status
    return arrays


def loss_of(arrays: Arrays, p: int, row: int) -> float:
    return float(-(arrays.exposure[p] * arrays.returns[:, row]).sum())


def test_a_row_is_compared_with_the_book_and_the_numbers_of_the_row_before() -> None:
    arrays = arrays_with(-1e12, 1e12)
    loss = loss_of(arrays, 2, 138)
    backtest = Backtest()
    assert backtest.complete(arrays, 138, SEEN) == []
    arrays.exposure[:] = 0.0  # the day's trades come after the row: they are not in its loss
    arrays.metrics[:, METRIC_INDEX["var_95"]] = 1e12
    found = backtest.complete(arrays, 139, SEEN)
    assert [each.scope for each in found] == [0, 1, 2, 3]
    assert found[2].loss == pytest.approx(loss, rel=1e-12)
    assert (found[2].value_at_risk, found[2].exceeded) == ((-1e12, 1e12), ("95",))
    assert [backtest.counts(p) for p in range(SCOPES)] == [{"95": (1, 1), "99": (1, 0)}] * SCOPES


def test_a_loss_of_exactly_var_is_no_exception() -> None:
    arrays = arrays_with(0.0, 0.0)
    backtest = Backtest()
    backtest.complete(arrays, 138, SEEN)
    backtest.complete(arrays, 139, SEEN)
    var = backtest.loss[1]
    again = Backtest()
    arrays = arrays_with(float(var), float(np.nextafter(var, -np.inf)))
    again.complete(arrays, 138, SEEN)
    assert [each.exceeded for each in again.complete(arrays, 139, SEEN) if each.scope == 1] == [("99",)]


@pytest.mark.parametrize("status", [Status.INSUFFICIENT, Status.INVALID])
def test_a_number_that_nobody_may_use_is_not_tested(status: Status) -> None:
    arrays = arrays_with(-1e12, -1e12)
    arrays.statuses[:, METRIC_INDEX["var_99"]] = status
    backtest = Backtest()
    backtest.complete(arrays, 138, SEEN)
    found = backtest.complete(arrays, 139, SEEN)
    assert {each.exceeded for each in found} == {("95",)}
    assert np.isnan(found[0].value_at_risk[1])
    assert backtest.counts(0) == {"95": (1, 1), "99": (0, 0)}


def test_a_degraded_number_counts() -> None:
    arrays = arrays_with(-1e12, 1e12, status=Status.DEGRADED)
    backtest = Backtest()
    for row in (138, 139, 140):
        backtest.complete(arrays, row, SEEN)
    assert backtest.counts(0) == {"95": (2, 2), "99": (2, 0)}


def test_rows_that_complete_together_are_not_compared() -> None:
    """Between them there was no moment with a book and a VaR of its own."""
    arrays = arrays_with(-1e12, -1e12)
    backtest = Backtest()
    backtest.complete(arrays, 137, SEEN)
    assert backtest.complete(arrays, 139, SEEN) == []
    assert len(backtest.complete(arrays, 140, SEEN)) == SCOPES
    assert backtest.counts(0) == {"95": (1, 1), "99": (1, 1)}


def test_a_book_without_exposure_and_a_loss_that_is_mostly_unknown_say_nothing() -> None:
    arrays = arrays_with(-1e12, -1e12)
    arrays.exposure[1] = 0.0
    unseen = SEEN.copy()
    unseen[int(np.argmax(np.abs(arrays.exposure[2])))] = 1
    backtest = Backtest()
    backtest.complete(arrays, 138, unseen)
    found = backtest.complete(arrays, 139, unseen)
    assert 1 not in [each.scope for each in found]
    assert 2 not in [each.scope for each in found]
    assert backtest.counts(1) == backtest.counts(2) == {"95": (0, 0), "99": (0, 0)}


def test_scopes_and_instruments_that_join_change_no_count_of_the_others() -> None:
    small, large = arrays_with(-1e12, 1e12), random_arrays(5, names=NAMES + 3)
    large.exposure[:, :NAMES] = small.exposure[:, :NAMES]
    backtest = Backtest()
    assert backtest.counts(0) == {"95": (0, 0), "99": (0, 0)}
    for row in (138, 139):
        backtest.complete(small, row, SEEN)
    unseen = np.zeros(NAMES + 5, dtype=np.int64)
    large.scalars[Scalar.SCOPES] = SCOPES
    found = backtest.complete(large, 140, unseen)
    assert {type(each) for each in found} == {RowException}
    assert backtest.counts(0) == {"95": (2, 2), "99": (2, 0)}
    assert backtest.counts(99) == {"95": (0, 0), "99": (0, 0)}
