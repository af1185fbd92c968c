"""Hard caps."""

import pytest

from sensors.exposure import Exposure
from tests.enforcement.desk import limit_with, measures_with


@pytest.mark.parametrize(
    ("metric", "title"), [("gross", "gross exposure"), ("net", "net exposure"), ("day_loss", "loss of the day")]
)
def test_a_cap_reads_money(metric: str, title: str) -> None:
    sensor = Exposure.of(limit_with("cap", "exposure", metric, at=4e6, hard=True), "EUR")
    reading = sensor.read(measures_with(**{metric: 5e6}))
    assert (reading.reason, reading.unit, reading.utilisation) == (f"{title} 5.00m", "EUR", 1.25)
