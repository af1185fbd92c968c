"""Gross and net leverage."""

from math import inf

from risk.measures import Status
from sensors.leverage import Leverage
from tests.enforcement.desk import limit_with, measures_with


def test_leverage_is_a_multiple_of_nav() -> None:
    sensor = Leverage.of(limit_with("l", "leverage", "net_leverage", at=4.0), "EUR")
    reading = sensor.read(measures_with(net_leverage=3.6))
    assert (reading.unit, reading.reason, reading.utilisation) == ("x", "net leverage 3.60x", 0.9)


def test_a_nav_under_water_trips_although_it_is_invalid() -> None:
    shown = measures_with(nav=-1.0, gross_leverage=inf, statuses={"gross_leverage": Status.INVALID})
    assert Leverage("gross_leverage", (4.0,)).read(shown).statistic == inf
