"""The traffic light: Basel's zones, and counts that roll."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from risk.exceptions import LEVELS, Backtest
from risk.traffic_light import ROWS, TrafficLights, ZoneTurn, zone_of


@pytest.mark.parametrize(
    ("exceptions", "zone"), [*((x, "green") for x in range(5)), *((x, "yellow") for x in range(5, 10)), (10, "red")]
)
def test_the_zones_of_basel_over_250_rows_at_99(exceptions: int, zone: str) -> None:
    assert zone_of("99", 250, exceptions) == zone


@given(st.sampled_from(LEVELS), st.integers(1, 250).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_a_zone_follows_from_how_likely_so_many_or_fewer_are(level: str, counts: tuple[int, int]) -> None:
    observations, exceptions = counts
    likely = binom.cdf(exceptions, observations, 1 - int(level) / 100)
    expected = "red" if likely >= 0.9999 else "yellow" if likely >= 0.95 else "green"
    assert zone_of(level, observations, exceptions) == (expected if exceptions else "green")


def test_a_light_turns_with_the_rows_and_back_when_they_have_rolled_out() -> None:
    lights, backtest = TrafficLights(), Backtest()
    backtest.observations = np.zeros((1, 2), dtype=np.int64)
    backtest.exceptions = np.zeros((1, 2), dtype=np.int64)
    backtest.loss, backtest.compared = np.zeros(1), np.ones(1, dtype=np.int64)
    turned: list[tuple[int, ZoneTurn]] = []
    for row in range(700):
        backtest.observations += 1
        backtest.exceptions[0, 1] += 300 <= row < 310
        turned += [(row, turn) for turn in lights.complete(backtest)]
    assert [(row, turn.level, turn.zone) for row, turn in turned] == [
        (304, "99", "yellow"), (309, "99", "red"), (300 + ROWS, "99", "yellow"), (305 + ROWS, "99", "green"),
    ]  # fmt: skip
    assert turned[1][1] == ZoneTurn(0, "99", "red", 250, 10)


def test_a_row_that_was_not_compared_or_had_no_var_moves_nothing() -> None:
    lights, backtest = TrafficLights(), Backtest()
    backtest.observations = np.zeros((1, 2), dtype=np.int64)
    backtest.exceptions = np.zeros((1, 2), dtype=np.int64)
    backtest.loss, backtest.compared = np.zeros(1), np.zeros(1, dtype=np.int64)
    assert lights.complete(backtest) == []
    backtest.compared += 1
    assert lights.complete(backtest) == []
    assert not lights.lights[0, "99"].rows
