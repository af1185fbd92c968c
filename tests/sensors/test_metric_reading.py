"""What all sensors share: which numbers are numbers, and how far up they are."""

import doctest
import importlib
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures import Status
from sensors import SENSORS
from sensors.catalogue import SHIPPED, Catalogue
from sensors.exposure import Exposure
from sensors.leverage import Leverage
from sensors.metric_reading import utilisation_of
from sensors.wording import amount
from tests.enforcement.desk import limit_with, measures_with

PAIRS = [(sensor.facts.name, metric) for sensor in SHIPPED.sensors for metric in sensor.facts.metric_names]


def read(name: str, metric: str, **measures):
    """Bind the sensor to one level of 1.0 as a limit does, and read."""
    sensor_type = SHIPPED.named(name)
    assert sensor_type is not None
    return sensor_type.of(limit_with("x", name, metric, at=1.0, small_book_at=1.0), "EUR").read(
        measures_with(**measures)
    )


@pytest.mark.parametrize(("name", "metric"), PAIRS)
def test_a_number_is_read_against_its_level(name: str, metric: str) -> None:
    for value in (0.5, 1.0, 2.0, inf):
        reading = read(name, metric, **{metric: value})
        assert (reading.sensor, reading.metric, reading.statistic) == (name, metric, value)
        assert (reading.status, reading.levels, reading.utilisation) == (Status.OK, (1.0,), value)


@pytest.mark.parametrize(("name", "metric"), PAIRS)
@pytest.mark.parametrize("status", [Status.INSUFFICIENT, Status.INVALID])
def test_a_number_without_trust_is_withheld_but_infinity_is_not(name: str, metric: str, status: Status) -> None:
    reading = read(name, metric, statuses={metric: status}, **{metric: 2.0})
    assert isnan(reading.statistic)
    assert isnan(reading.utilisation)
    assert reading.reason.endswith(f"has no number ({status.name})")
    assert read(name, metric, statuses={metric: status}, **{metric: inf}).statistic == inf


@pytest.mark.parametrize(("name", "metric"), PAIRS)
def test_an_unknown_book_has_no_number_whatever_was_computed(name: str, metric: str) -> None:
    for value in (0.0, 2.0, inf):
        reading = read(name, metric, known=False, **{metric: value})
        assert isnan(reading.statistic)
        assert reading.status is Status.INVALID
        assert "the book is not known" in reading.reason


@pytest.mark.parametrize(("name", "metric"), PAIRS)
def test_a_degraded_number_counts_and_nan_never_becomes_one(name: str, metric: str) -> None:
    assert read(name, metric, statuses={metric: Status.DEGRADED}, **{metric: 2.0}).statistic == 2.0
    assert isnan(read(name, metric, **{metric: nan}).statistic)


def test_a_name_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="every sensor must have a name of its own, got 'leverage' twice"):
        Catalogue((*SHIPPED.sensors, Leverage))


def test_hard_caps_come_first_and_are_not_one_of_the_sensors() -> None:
    assert Exposure not in SENSORS
    assert [SHIPPED.order(sensor.facts.name) for sensor in (Exposure, *SENSORS)] == list(range(len(SENSORS) + 1))
    assert SHIPPED.named("nobody") is None


def test_every_sensor_but_the_caps_says_what_would_prove_it_right_and_has_a_default_limit() -> None:
    for facts in SHIPPED.known.facts[1:]:
        assert facts.defaults
        assert facts.outcome is not None
        assert facts.outcome.days > 0


@pytest.mark.parametrize(
    "module",
    [*(each.__module__ for each in SHIPPED.sensors), "sensors.wording", "enforcement.limits", "enforcement.records"],
)
def test_the_examples_in_docstrings_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-6, 1e12))
def test_utilisation_is_over_one_exactly_where_the_level_is_passed(statistic: float, level: float) -> None:
    use = utilisation_of(statistic, level)
    assert (use >= 1.0) if statistic > level else (use <= 1.0)


def test_utilisation_under_an_infinite_level_is_zero_and_of_nothing_nothing() -> None:
    assert utilisation_of(5.0, inf) == 0.0
    assert isnan(utilisation_of(nan, inf))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.31e6, "USD", "2.31m"), (4.2e9, "USD", "4.20b"), (1_500.0, "EUR", "1.50k"), (-12.0, "USD", "-12.00"),
        (0.18, "share", "18.00%"), (3.0, "count", "3"), (3.6, "x", "3.60x"), (inf, "x", "infinity"),
        (-inf, "USD", "minus infinity"), (nan, "USD", "unknown"), (-2.5e6, "USD", "-2.50m"),
    ],
)  # fmt: skip
def test_amounts_are_short(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text
