"""How heavy the tail is."""

from math import inf, isnan

import pytest

from risk.measures import Status
from sensors.tail_risk import TailRisk
from tests.enforcement.desk import limit_with, measures_with


def test_the_ratio_is_a_multiple_of_var() -> None:
    sensor = TailRisk.of(limit_with("t", "tail_risk", "tail_ratio", at=1.5), "EUR")
    reading = sensor.read(measures_with(tail_ratio=1.8))
    assert (reading.reason, reading.unit, reading.utilisation) == ("ES over VaR at 99% 1.80x", "x", pytest.approx(1.2))


def test_the_strict_form_reads_what_four_of_five_histories_exceed() -> None:
    sensor = TailRisk.of(limit_with("t", "tail_risk", "tail_ratio_sure", at=1.5), "EUR")
    reading = sensor.read(measures_with(tail_ratio=1.8, tail_ratio_sure=1.4))
    assert reading.statistic == 1.4


def test_a_tail_without_a_mean_trips_and_too_few_rows_are_no_number() -> None:
    sensor = TailRisk("tail_ratio", (1.5,))
    assert sensor.read(measures_with(tail_ratio=inf, statuses={"tail_ratio": Status.INVALID})).statistic == inf
    assert isnan(sensor.read(measures_with(tail_ratio=9.0, statuses={"tail_ratio": Status.INSUFFICIENT})).statistic)
