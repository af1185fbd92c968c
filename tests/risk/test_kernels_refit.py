"""When a scope asks for a new fit of its tail."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import Fit
from risk.kernels.book import move_exposure
from risk.kernels.measure import measure
from tests.risk.random_arrays import NAMES, random_arrays


@settings(max_examples=20)
@given(st.integers(0, 100), st.lists(st.tuples(st.integers(0, NAMES - 1), st.floats(0.99, 1.01)), max_size=60))
def test_a_fit_is_asked_for_when_a_twentieth_of_the_book_has_moved(seed: int, moves: list[tuple[int, float]]) -> None:
    """The distance is added up as a bound and counted only where the bound would ask: no request is early or late."""
    arrays = random_arrays(seed, rows=250)
    arrays.fit_exposure[1] = arrays.exposure[1]
    arrays.fit[1, Fit.GROSS] = np.abs(arrays.exposure[1]).sum()
    for i, factor in moves:
        arrays.unit[i] *= factor
        move_exposure(arrays, 1, i)
        arrays.refit[1] = 0
        measure(arrays, 1)
        distance = np.abs(arrays.exposure[1] - arrays.fit_exposure[1]).sum()
        assert arrays.refit[1] == (distance > 0.05 * arrays.fit[1, Fit.GROSS])
        assert arrays.moved[1] >= distance * (1.0 - 1e-12)
