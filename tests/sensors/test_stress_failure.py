"""Worst stress loss and failed scenarios."""

from sensors.stress_failure import StressFailure
from tests.enforcement.desk import limit_with, measures_with


def test_the_worst_loss_is_money_and_failures_are_a_count() -> None:
    loss = StressFailure.of(limit_with("s", "stress_failure", "worst_loss", at=1e6), "EUR")
    assert loss.read(measures_with(worst_loss=2e6)).unit == "EUR"
    failures = StressFailure.of(limit_with("f", "stress_failure", "failures", at=3), "EUR")
    reading = failures.read(measures_with(failures=4.0))
    assert (reading.unit, reading.reason) == ("count", "failed stress scenarios 4")


def test_three_failures_are_not_more_than_three() -> None:
    reading = StressFailure("failures", (3.0,)).read(measures_with(failures=3.0))
    assert not reading.statistic > reading.levels[0]
