"""The volatility ratio."""

from sensors.volatility import Volatility
from tests.enforcement.desk import limit_with, measures_with


def test_the_ratio_is_held_against_its_levels() -> None:
    sensor = Volatility.of(limit_with("v", "volatility", "vol_ratio", at=2.0), "EUR")
    reading = sensor.read(measures_with(vol_ratio=2.5))
    assert (reading.unit, reading.reason, reading.utilisation) == ("x", "volatility ratio 2.50x", 1.25)
