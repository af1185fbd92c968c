"""The VaR and ES of the book."""

import pytest

from sensors.var_breach import VarBreach
from tests.enforcement.desk import limit_with, measures_with


@pytest.mark.parametrize(
    ("metric", "title"),
    [("var_95", "VaR 95% 1d"), ("var_999", "VaR 99.9% 1d"), ("es_975", "ES 97.5% 1d"), ("es_99", "ES 99% 1d")],
)
def test_each_confidence_reads_its_own_metric_in_base_currency(metric: str, title: str) -> None:
    sensor = VarBreach.of(limit_with(metric=metric, at=2e6), "EUR")
    reading = sensor.read(measures_with(**{metric: 2.31e6}))
    assert (reading.reason, reading.unit, reading.utilisation) == (f"{title} 2.31m", "EUR", pytest.approx(1.155))


def test_a_book_that_gains_in_its_quantile_reads_negative_and_is_not_clipped() -> None:
    assert VarBreach("var_99", (1.0,)).read(measures_with(var_99=-5.0)).statistic == -5.0
