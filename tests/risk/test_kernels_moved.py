"""Scopes measured by themselves, in any order, against all of them measured at once."""

from itertools import permutations

import numpy as np
import pytest

from risk.kernels.book import move_price
from risk.kernels.moved import measure_moved_of
from risk.kernels.prices import measure_moved
from tests.risk.random_arrays import assert_same_bytes, copied, random_arrays

SCOPES = (0, 1, 2, 3)


@pytest.mark.parametrize("orders", [False, True])
@pytest.mark.parametrize("order", list(permutations(SCOPES))[::5])
def test_scopes_measured_one_by_one_are_as_all_at_once(order: tuple[int, ...], orders: bool) -> None:
    arrays = random_arrays(4, orders=orders)
    move_price(arrays, 3, float(arrays.mark[3]) * 1.01)
    arrays.unmeasured[list(SCOPES)] = 1
    together = copied(arrays)
    measure_moved(together)
    for p in order:
        measure_moved_of(arrays, np.array([p]))
    for each in (arrays, together):  # scratch, of whoever was measured last
        each.member[:] = 0
        each.sums_scratch[:] = 0.0
    assert_same_bytes(arrays, together)


def test_a_scope_that_did_not_move_is_left_alone() -> None:
    arrays = random_arrays(4)
    move_price(arrays, 3, float(arrays.mark[3]) * 1.01)
    arrays.unmeasured[1] = 1
    before = copied(arrays)
    measure_moved_of(arrays, np.array([0, 2, 3]))
    assert_same_bytes(arrays, before)
