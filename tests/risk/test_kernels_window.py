"""The covariance recursion: against numpy's, its bias, and instruments that join."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import Scalar
from risk.kernels.window import (
    adjust_covariance,
    align_twins,
    debias_covariance,
    decay_covariance,
    extremes,
    join_covariance,
)
from risk.measures import Matrix
from tests.risk.random_arrays import NAMES, ROWS, assert_twin, random_arrays

DECAY = 0.94


def decayed(returns: Matrix, decay: float = DECAY) -> Matrix:
    """The undebiased sum over rows, oldest first; returns: (n, rows)."""
    total = np.zeros((returns.shape[0], returns.shape[0]))
    for row in returns.T:
        decay_covariance(total, row, returns.shape[0], decay)
    return total


@settings(max_examples=30)
@given(st.integers(0, 500), st.integers(1, 60), st.sampled_from([0.9, 0.94, 0.99]))
def test_the_recursion_is_the_weighted_mean_of_products(seed: int, rows: int, decay: float) -> None:
    returns = np.random.Generator(np.random.Philox(seed)).normal(0, 0.01, (4, rows))
    sigma = np.zeros((4, 4))
    debias_covariance(sigma, decayed(returns, decay), 4, 1.0 - decay**rows)
    weights = decay ** np.arange(rows - 1, -1, -1)
    expected = (returns * (weights / weights.sum())) @ returns.T
    np.testing.assert_allclose(sigma, expected, rtol=1e-11, atol=1e-18)
    assert (sigma == sigma.T).all()
    assert np.linalg.eigvalsh(sigma).min() > -1e-18


def test_kernels_equal_their_python_twins_bit_by_bit() -> None:
    arrays = random_arrays(2)
    total = decayed(arrays.returns[:NAMES])
    one, other = total.copy(), total.copy()
    decay_covariance(one, arrays.returns[:NAMES, 0], NAMES, DECAY)
    decay_covariance.py_func(other, arrays.returns[:NAMES, 0], NAMES, DECAY)
    assert one.tobytes() == other.tobytes()
    b = np.zeros(NAMES)
    b[[0, 3]] = 0.5, 0.7
    join_covariance(one, 5, b, NAMES)
    join_covariance.py_func(other, 5, b, NAMES)
    assert one.tobytes() == other.tobytes()
    debias_covariance(one, total, NAMES, 0.9)
    debias_covariance.py_func(other, total, NAMES, 0.9)
    assert one.tobytes() == other.tobytes()
    assert_twin(extremes, arrays)
    arrays.sigma[4, 4], arrays.slow_sigma[3, 3] = 0.0, 0.0
    assert_twin(align_twins, arrays)
    totals = (total.copy(), total.copy())
    adjust_covariance(arrays, totals[0], 2, 5, 0.013, 0.02)
    adjust_covariance.py_func(arrays, totals[1], 2, 5, 0.013, 0.02)
    assert totals[0].tobytes() == totals[1].tobytes()


def test_aligned_twins_have_one_diagonal_and_a_name_that_never_moved_has_none() -> None:
    arrays = random_arrays(6)
    arrays.sigma[2, :], arrays.slow_sigma[2, :] = 0.0, 0.0
    align_twins(arrays)
    diagonal = arrays.sigma.diagonal()[:NAMES]
    np.testing.assert_allclose(arrays.align[:NAMES] ** 2 * arrays.slow_sigma.diagonal()[:NAMES], diagonal, rtol=1e-14)
    np.testing.assert_allclose(arrays.deviation[:NAMES] ** 2, diagonal, rtol=1e-14)
    assert (arrays.align[2], arrays.deviation[2]) == (0.0, 0.0)


def test_a_name_that_joins_has_the_covariance_of_the_portfolio_that_stands_for_it() -> None:
    returns = np.random.Generator(np.random.Philox(3)).normal(0, 0.01, (5, 80))
    weights = np.array([0.5, 0.0, 0.5, 0.2, 0.0])
    total = np.zeros((5, 5))
    total[:4, :4] = decayed(returns[:4])
    join_covariance(total, 4, weights, 5)
    returns[4] = weights @ returns
    np.testing.assert_allclose(total, decayed(returns), rtol=1e-12, atol=1e-18)


def test_a_restated_return_leaves_the_covariance_that_it_would_always_have_had() -> None:
    arrays = random_arrays(4)
    returns, slot, age = arrays.returns[:NAMES], ROWS - 8, 7
    total = decayed(returns)
    old = float(returns[3, slot])
    returns[3, slot] = -0.2
    adjust_covariance(arrays, total, 3, slot, old, (1.0 - DECAY) * DECAY**age)
    expected = decayed(returns)
    np.testing.assert_allclose(total, expected, rtol=1e-10, atol=1e-16)


def test_extremes_bound_every_row_and_contain_zero() -> None:
    arrays = random_arrays(5, rows=30)
    arrays.returns[2, :30] = 0.01
    extremes(arrays)
    rows = arrays.returns[:NAMES, : arrays.scalars[Scalar.ROWS]]
    np.testing.assert_array_equal(arrays.returns_min[:NAMES], np.minimum(0.0, rows.min(axis=1)))
    np.testing.assert_array_equal(arrays.returns_max[:NAMES], np.maximum(0.0, rows.max(axis=1)))
    assert (arrays.returns_min[2], arrays.returns_max[2]) == (0.0, 0.01)
