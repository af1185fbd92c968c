"""Parametric multipliers against the definition of ES, published values and the rules of status."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from risk.historical import LEVELS
from risk.measures import Status
from risk.parametric import (
    Multipliers,
    normal_multipliers,
    parametric_risk,
    parametric_status,
    student_t_multipliers,
    volatility,
)
from tests.reference import slow_mean_of_quantiles

MODELS = [normal_multipliers(), student_t_multipliers(5.0), student_t_multipliers(2.1)]


def test_normal_multipliers_are_the_published_ones() -> None:
    multipliers = normal_multipliers()
    assert multipliers.value_at_risk == pytest.approx((1.644854, 1.959964, 2.326348, 3.090232), abs=5e-7)
    assert multipliers.expected_shortfall == pytest.approx((2.062713, 2.337803, 2.665214, 3.367090), abs=5e-7)


@pytest.mark.parametrize(
    ("nu", "level", "var", "es"),
    [(4.0, 2, 2.6495, 3.6915), (6.0, 2, 2.5660, 3.2925), (4.0, 1, 1.9632, 2.8239), (4.0, 3, 5.0722, 6.8492)],
)
def test_student_t_multipliers_are_the_published_ones(nu: float, level: int, var: float, es: float) -> None:
    multipliers = student_t_multipliers(nu)
    assert multipliers.value_at_risk[level] == pytest.approx(var, abs=5e-5)
    assert multipliers.expected_shortfall[level] == pytest.approx(es, abs=5e-5)


@pytest.mark.parametrize("nu", [2.1, 3.0, 5.0, 40.0])
def test_student_t_shortfall_is_the_mean_of_its_quantiles(nu: float) -> None:
    scale = 1 / t.std(nu)
    for (_, p_ppm), es in zip(LEVELS, student_t_multipliers(nu).expected_shortfall, strict=True):
        assert es == pytest.approx(slow_mean_of_quantiles(lambda q: scale * t.isf(q, nu), p_ppm), rel=1e-7)


def test_normal_shortfall_is_the_mean_of_its_quantiles() -> None:
    for (_, p_ppm), es in zip(LEVELS, normal_multipliers().expected_shortfall, strict=True):
        assert es == pytest.approx(slow_mean_of_quantiles(norm.isf, p_ppm), rel=1e-9)


def test_student_t_of_many_degrees_is_normal() -> None:
    many, normal = student_t_multipliers(1e7), normal_multipliers()
    assert many.value_at_risk == pytest.approx(normal.value_at_risk, rel=1e-5)
    assert many.expected_shortfall == pytest.approx(normal.expected_shortfall, rel=1e-5)


@pytest.mark.parametrize("nu", [2.0, 1.0, -3.0, math.inf, math.nan])
def test_student_t_without_a_finite_variance_is_refused(nu: float) -> None:
    with pytest.raises(ValueError, match="nu must be in"):
        student_t_multipliers(nu)


@pytest.mark.parametrize("multipliers", MODELS)
def test_multipliers_rise_with_the_level_and_shortfall_is_above(multipliers: Multipliers) -> None:
    assert list(multipliers.value_at_risk) == sorted(multipliers.value_at_risk)
    assert all(e > v > 0 for v, e in zip(multipliers.value_at_risk, multipliers.expected_shortfall, strict=True))


@given(st.floats(1e-6, 1e12), st.floats(-1e3, 1e3))
def test_risk_is_sigma_times_the_multiplier_less_the_mean(sigma: float, mean: float) -> None:
    risk = parametric_risk(MODELS[1], variance=sigma**2, trace=sigma**2, rows=500, mean=mean)
    assert risk.status is Status.OK
    for multiplier, value in zip(MODELS[1].value_at_risk, risk.value_at_risk, strict=True):
        assert value == pytest.approx(sigma * multiplier - mean, rel=1e-12, abs=1e-9)
    for multiplier, value in zip(MODELS[1].expected_shortfall, risk.expected_shortfall, strict=True):
        assert value == pytest.approx(sigma * multiplier - mean, rel=1e-12, abs=1e-9)


def test_no_variance_leaves_only_the_mean() -> None:
    risk = parametric_risk(MODELS[0], variance=0.0, trace=0.0, rows=300)
    assert risk.value_at_risk == (0.0,) * 4
    assert not np.signbit(risk.value_at_risk).any()
    assert parametric_risk(MODELS[0], variance=0.0, trace=0.0, rows=300, mean=7.0).expected_shortfall == (-7.0,) * 4


def test_a_variance_negative_by_rounding_is_zero() -> None:
    assert volatility(-1e-12, 1.0) == (0.0, Status.OK)


@pytest.mark.parametrize(
    ("variance", "trace"), [(-1.1e-12, 1.0), (-1.0, 0.0), (math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan)]
)
def test_a_variance_that_cannot_be_is_invalid(variance: float, trace: float) -> None:
    sigma, status = volatility(variance, trace)
    assert math.isnan(sigma)
    assert status is Status.INVALID
    risk = parametric_risk(MODELS[0], variance=variance, trace=trace, rows=500)
    assert risk.status is Status.INVALID
    assert all(math.isnan(value) for value in (*risk.value_at_risk, *risk.expected_shortfall, risk.sigma))


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        (0, Status.INSUFFICIENT),
        (59, Status.INSUFFICIENT),
        (60, Status.DEGRADED),
        (249, Status.DEGRADED),
        (250, Status.OK),
    ],
)
def test_status_follows_the_rows(rows: int, status: Status) -> None:
    assert parametric_status(rows) is status
    risk = parametric_risk(MODELS[0], variance=4.0, trace=5.0, rows=rows)
    assert risk.status is status
    assert math.isnan(risk.value_at_risk[0]) == (status is Status.INSUFFICIENT)
