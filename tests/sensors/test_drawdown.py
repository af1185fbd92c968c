"""The fall from the high-water mark."""

from math import isnan

from risk.measures import Status
from sensors.drawdown import Drawdown
from tests.enforcement.desk import limit_with, measures_with


def test_a_drawdown_is_a_share_of_the_peak() -> None:
    sensor = Drawdown.of(limit_with("d", "drawdown", "drawdown", at=0.1), "EUR")
    reading = sensor.read(measures_with(drawdown=0.125))
    assert (reading.reason, reading.unit, reading.utilisation) == ("drawdown 12.50%", "share", 1.25)


def test_without_a_nav_there_is_no_drawdown_and_it_is_not_zero() -> None:
    assert isnan(Drawdown("drawdown", (0.1,)).read(measures_with(statuses={"drawdown": Status.INSUFFICIENT})).statistic)
