"""Books evaluated from nothing: against numpy, and against the numbers that are kept every tick."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk.kernels.evaluate import losses_of, quadratic, sigma_times, stress_of
from tests.risk.random_arrays import NAMES, ROWS, SCENARIOS, assert_twin, random_arrays


@given(st.integers(0, 300))
def test_an_evaluated_book_is_the_kept_one(seed: int) -> None:
    arrays = random_arrays(seed % 40)
    for p in range(4):
        held = np.flatnonzero(arrays.exposure[p])
        x = arrays.exposure[p, held]
        gross = np.abs(x).sum()
        np.testing.assert_array_equal(losses_of(arrays, held, x, ROWS), arrays.loss[p])
        np.testing.assert_allclose(sigma_times(arrays, held, x), arrays.sigma_x[p, held], atol=1e-14 * gross)
        for k in range(SCENARIOS):
            assert stress_of(arrays, held, x, k) == arrays.stress[p, k]
        np.testing.assert_allclose(
            quadratic(arrays, arrays.exposure[p], NAMES), x @ arrays.sigma_x[p, held], rtol=1e-12
        )


def test_kernels_equal_their_python_twins_bit_by_bit() -> None:
    arrays = random_arrays(3)
    held = np.flatnonzero(arrays.exposure[2])
    x = arrays.exposure[2, held] * 0.7
    assert_twin(losses_of, arrays, held, x, ROWS)
    assert_twin(sigma_times, arrays, held, x)
    assert_twin(quadratic, arrays, arrays.exposure[2], NAMES)
    assert_twin(stress_of, arrays, held, x, 1)


def test_a_variance_is_never_negative_and_of_an_empty_book_zero() -> None:
    arrays = random_arrays(4)
    draw = np.random.Generator(np.random.Philox(9))
    assert min(quadratic(arrays, draw.normal(0, 1e5, NAMES), NAMES) for _ in range(50)) > 0.0
    assert quadratic(arrays, np.zeros(NAMES), NAMES) == 0.0
    assert losses_of(arrays, np.zeros(0, dtype=np.int64), np.zeros(0), 5).tolist() == [0.0] * 5
