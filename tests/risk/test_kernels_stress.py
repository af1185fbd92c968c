"""Kernels of the stress tools: their Python twins bit by bit, and slow references."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk.kernels.stress import (
    buy_and_hold,
    correlation_sums,
    covariance_times,
    mark_flags,
    mean_of_observed,
    scaled_losses,
)
from risk.proxies import CellFlag

NAMES, ROWS = 7, 12


def draw(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def covariance(seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.asarray(np.cov(draw(seed).normal(0.0, 0.02, (NAMES, 40))))


@given(st.integers(0, 200))
def test_losses_of_scaled_scenarios_equal_their_python_twin(seed: int) -> None:
    generator = draw(seed)
    exposure, moves = generator.normal(0.0, 1e6, NAMES), generator.uniform(-0.9, 0.5, NAMES)
    flags = [generator.integers(0, 2, NAMES) for _ in range(2)]
    currency, legs = generator.integers(0, 3, NAMES), generator.uniform(-0.3, 0.3, (3, 2))
    turned, tried = generator.integers(0, 2, (3, 2)), np.array([0.01, 1.0, 5.0])
    fast, slow = np.zeros(3), np.zeros(3)
    for kernel, losses in ((scaled_losses, fast), (scaled_losses.py_func, slow)):
        kernel(exposure, moves, flags[0], flags[1], currency, legs, turned, tried, np.zeros(3), losses)
    assert fast.tobytes() == slow.tobytes()


@given(st.integers(0, 200))
def test_correlation_sums_are_those_of_numpy(seed: int) -> None:
    sigma, x = covariance(seed), draw(seed + 1).normal(0.0, 1e6, NAMES)
    sigma[3, :] = sigma[:, 3] = 0.0  # cash: it does not move
    x[5] = 0.0
    found = correlation_sums(sigma, x, np.zeros(NAMES))
    assert found == correlation_sums.py_func(sigma, x, np.zeros(NAMES))
    moving = [0, 1, 2, 4, 6]
    deviations = np.sqrt(np.diagonal(sigma))
    correlation = sigma[np.ix_(moving, moving)] / np.outer(deviations[moving], deviations[moving])
    loads = (x * deviations)[moving]
    expected = (x @ sigma @ x, loads.sum(), np.abs(loads).sum(), correlation.sum() - len(moving))
    assert found[0] == len(moving)
    np.testing.assert_allclose(found[1:], expected, rtol=1e-10, atol=1e-6)


@given(st.integers(0, 200))
def test_a_covariance_times_a_book_is_that_of_numpy(seed: int) -> None:
    sigma, x = covariance(seed), draw(seed + 1).normal(0.0, 1e6, NAMES)
    fast, slow = np.zeros(NAMES), np.zeros(NAMES)
    variance = covariance_times(sigma, x, fast)
    assert variance == covariance_times.py_func(sigma, x, slow)
    assert fast.tobytes() == slow.tobytes()
    np.testing.assert_allclose(fast, sigma @ x, rtol=1e-9, atol=1e-9 * np.abs(sigma).max() * np.abs(x).sum())
    np.testing.assert_allclose(variance, x @ sigma @ x, rtol=1e-9)


@given(st.integers(0, 200))
def test_buying_and_holding_equals_its_python_twin(seed: int) -> None:
    generator = draw(seed)
    returns, columns = generator.normal(0.0, 0.05, (ROWS, NAMES)), np.array([6, 0, 3])
    x = np.array([1e6, 0.0, -2e5])
    fast, slow = np.zeros(ROWS), np.zeros(ROWS)
    buy_and_hold(returns, columns, x, np.zeros(3), fast)
    buy_and_hold.py_func(returns, columns, x, np.zeros(3), slow)
    assert fast.tobytes() == slow.tobytes()
    np.testing.assert_allclose(fast, (np.cumprod(1.0 + returns[:, columns], axis=0) - 1.0) @ x, atol=1e-6)


@given(st.integers(0, 200))
def test_flags_and_means_of_what_was_observed_equal_numpy_and_their_twins(seed: int) -> None:
    generator = draw(seed)
    returns, flags = generator.normal(0.0, 0.05, (ROWS, NAMES)), generator.integers(0, 5, (ROWS, NAMES)).astype(np.int8)
    columns, found, twin = np.array([1, 4, 6]), np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    mark_flags(flags, columns, 4, 0, found)
    mark_flags.py_func(flags, columns, 4, 0, twin)
    expected = ((flags[:, columns] == 4) | (flags[:, columns] == 0)).any(axis=0)
    assert found.tolist() == twin.tolist() == expected.astype(int).tolist()
    results = []
    for kernel in (mean_of_observed, mean_of_observed.py_func):
        means, counts = np.zeros(ROWS), np.zeros(ROWS, dtype=np.int64)
        kernel(returns, flags, columns, int(CellFlag.OBSERVED), means, counts)
        results.append((means.tobytes(), counts.tolist()))
    assert results[0] == results[1]
    seen = flags[:, columns] == CellFlag.OBSERVED
    slow = np.where(seen.any(axis=1), (returns[:, columns] * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1), 0.0)
    np.testing.assert_allclose(np.frombuffer(results[0][0]), slow, atol=1e-15)
