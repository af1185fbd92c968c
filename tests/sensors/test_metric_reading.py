"""What all sensors share: which numbers are numbers, and how far up they are."""

import doctest
import importlib
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sensor_metrics import AVAILABLE_SENSORS, SENSOR_METRICS
from risk.measures import Status
from sensors import SENSORS
from sensors.catalogue import evaluation_order, sensor_named, watched
from sensors.metric_reading import utilisation_of
from sensors.wording import amount
from tests.enforcement.desk import limit_with, measures_with

PAIRS = [(sensor.name, metric) for sensor in watched() for metric in sensor.metrics]


def read(name: str, metric: str, **measures):
    """Bind the sensor to one level of 1.0 as a limit does, and read."""
    sensor_type = sensor_named(name)
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


def test_the_catalogue_and_the_configuration_name_the_same_sensors_and_metrics() -> None:
    assert {sensor.name for sensor in watched()} == set(AVAILABLE_SENSORS)
    for sensor in watched():
        assert sensor.metrics == SENSOR_METRICS[sensor.name]
    assert sensor_named("tail_risk") is None


def test_hard_caps_come_first_and_are_not_one_of_the_sensors() -> None:
    assert [sensor.name for sensor in SENSORS] == [
        "var_breach", "stress_failure", "concentration", "leverage", "drawdown",
    ]  # fmt: skip
    assert evaluation_order("exposure") == 0
    assert [evaluation_order(sensor.name) for sensor in SENSORS] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "module",
    [*(sensor.__module__ for sensor in watched()), "sensors.wording", "enforcement.limits", "enforcement.records"],
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
