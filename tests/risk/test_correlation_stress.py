"""Correlation stress: matrices that stay correlations, weights as they are told, and figures in their order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.correlation_stress import LEVELS, stress_correlation, stress_weights, stressed_correlation
from risk.measures import Matrix, Status, Vector

SEED = 20241121


def random_book(generator: np.random.Generator) -> tuple[Matrix, Vector]:
    """A covariance of 2 to 20 names from fewer factors than names as often as from more, and signed exposures."""
    names = int(generator.integers(2, 21))
    factors = generator.normal(size=(names, int(generator.integers(1, 2 * names))))
    covariance = np.cov(factors) if factors.shape[1] > 1 else np.outer(factors[:, 0], factors[:, 0])
    scale = generator.uniform(0.002, 0.05, names)
    return covariance * np.outer(scale, scale), generator.normal(size=names) * 10.0 ** generator.uniform(2, 8)


def correlation_of(sigma: Matrix) -> Matrix:
    deviations = np.sqrt(np.diagonal(sigma))
    return np.asarray(sigma / np.outer(deviations, deviations))


def test_the_matrices_of_a_thousand_random_books_stay_correlations_and_the_figures_in_order() -> None:
    """Each level equals the quadratic form of its matrix, built here in full; eigenvalues by LAPACK."""
    generator = np.random.Generator(np.random.Philox(SEED))
    lowest = math.inf
    for _ in range(1_000):
        sigma, x = random_book(generator)
        found = stress_correlation(sigma, x)
        correlation, deviations = correlation_of(sigma), np.sqrt(np.diagonal(sigma))
        loads = x * deviations
        size = float(np.abs(loads).sum())
        assert [level.name for level in found.levels] == list(LEVELS)
        for level in found.levels:
            for signs, figure in ((np.ones(x.size), level.together), (np.sign(x), level.adversarial)):
                matrix = stressed_correlation(correlation, signs, level.weight)
                lowest = min(lowest, float(np.linalg.eigvalsh(matrix)[0]))
                assert np.abs(matrix).max() <= 1.0 + 1e-12
                assert np.abs(np.diagonal(matrix) - 1.0).max() <= 1e-12
                slow = math.sqrt(max(0.0, float(loads @ matrix @ loads)))
                assert abs(figure - slow) <= 1e-9 * slow + 1e-7 * size
            assert level.adversarial >= level.together
            assert found.undiversified * (1.0 + 1e-12) >= level.worst >= level.adversarial
        assert found.levels[0].together == found.levels[0].adversarial
        assert found.status is Status.OK
    assert lowest >= -1e-12, f"smallest eigenvalue {lowest}"


@given(st.floats(-0.99, 0.99))
def test_the_mean_correlation_rises_as_it_is_told(mean: float) -> None:
    weights = stress_weights(mean)
    for name, rise in (("mild", 0.2), ("severe", 0.5)):
        raised = (1.0 - weights[name]) * mean + weights[name]
        wanted = min(1.0, mean * (1.0 + rise)) if mean > 0.0 else mean + rise
        assert raised == pytest.approx(wanted, abs=1e-12)
    assert (weights["normal"], weights["crisis"]) == (0.0, 0.98)


def test_correlations_of_one_cannot_rise() -> None:
    assert stress_weights(1.0) == {"normal": 0.0, "mild": 1.0, "severe": 1.0, "crisis": 0.98}


def test_a_hedged_book_is_hurt_by_the_adversarial_matrix_where_the_plain_one_helps_it() -> None:
    """Two names at a correlation of 0: together they hedge one another, against the book they add up."""
    found = stress_correlation(np.diag([1e-4, 1e-4]), np.array([1e6, -1e6]))
    crisis = found.levels[-1]
    assert crisis.together == pytest.approx(1e4 * math.sqrt(2 * 0.02), rel=1e-12)
    assert crisis.adversarial == pytest.approx(1e4 * math.sqrt(2 * 0.02 + 4 * 0.98), rel=1e-12)
    assert found.undiversified == pytest.approx(2e4)
    assert found.worst == crisis.adversarial


def test_one_name_has_no_correlation_to_stress_and_cash_has_no_part_in_it() -> None:
    found = stress_correlation(np.diag([4e-4, 0.0]), np.array([1e6, 5e6]))
    assert found.mean_correlation is None
    assert [level.worst for level in found.levels] == pytest.approx([2e4] * 4)
    assert found.undiversified == pytest.approx(2e4)


def test_an_empty_book_has_nothing_at_risk() -> None:
    found = stress_correlation(np.zeros((0, 0)), np.zeros(0))
    assert (found.worst, found.undiversified, found.status) == (0.0, 0.0, Status.OK)


@pytest.mark.parametrize("sigma", [np.array([[1.0, math.nan], [math.nan, 1.0]]), np.array([[1.0, -3.0], [-3.0, 1.0]])])
def test_what_is_no_covariance_is_invalid(sigma: Matrix) -> None:
    assert stress_correlation(sigma, np.array([1.0, 1.0])).status is Status.INVALID


def test_a_weight_outside_its_range_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"weight must be in \[0, 1\], got 1\.5"):
        stressed_correlation(np.eye(2), np.ones(2), 1.5)
