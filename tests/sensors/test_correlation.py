"""The correlation ratio, and what its reason tells over a level."""

from dataclasses import replace
from math import nan

from sensors.correlation import Correlation
from tests.enforcement.desk import limit_with, measures_with


def never_asked() -> float:
    raise AssertionError("asked for under every level")


def test_the_ratio_is_held_against_its_levels_and_under_them_asks_for_nothing() -> None:
    sensor = Correlation.of(limit_with("k", "correlation", "k_ratio", at=1.25), "EUR")
    reading = sensor.read(replace(measures_with(k_ratio=1.25), ask_correlation_change=never_asked))
    assert (reading.unit, reading.reason, reading.utilisation) == ("x", "correlation ratio K 1.25x", 1.0)


def test_over_a_level_it_tells_which_way_correlations_went() -> None:
    shown = measures_with(k_ratio=1.5)
    told = Correlation("k_ratio", (1.25,)).read(replace(shown, ask_correlation_change=lambda: -0.204))
    assert told.reason == "correlation ratio K 1.50x (mean correlation -0.20)"
    silent = Correlation("k_ratio", (1.25,)).read(replace(shown, ask_correlation_change=lambda: nan))
    assert silent.reason == "correlation ratio K 1.50x"
