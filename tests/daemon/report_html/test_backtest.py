"""The tests of VaR against slow counts, published tables and likelihoods written out."""

import doctest
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import daemon.report_html.backtest
from daemon.report_html.backtest import WINDOW, backtests, independence, kupiec, light
from daemon.report_html.run_data import RunData
from risk.measures import Status


def test_the_counts_of_the_report_are_those_of_the_core(run: RunData) -> None:
    compared = 0
    for series in run.scopes:
        for test in backtests(run, series):
            if test.level in series.counts:
                assert (test.observations, test.exceptions) == series.counts[test.level], (series.scope, test.level)
                compared += test.observations
    assert compared > 300, "the made run must have rows to compare"


def test_exceptions_equal_a_loop_over_the_rows(run: RunData) -> None:
    series = run.scope("firm")
    test = next(each for each in backtests(run, series) if each.level == "95")
    column = run.head.metrics.index("var_95")
    for row in range(len(run.dates)):
        known = row > 0 and series.statuses[row - 1, column] <= Status.DEGRADED and not math.isnan(series.loss[row])
        assert test.compared[row] == known
        assert test.exceeded[row] == (known and series.loss[row] > series.metrics[row - 1, column])
    assert test.exceptions > 0


@given(n=st.integers(2, 2_000), share=st.floats(0, 1), probability=st.sampled_from([0.05, 0.01, 0.001]))
def test_kupiec_is_the_likelihood_ratio_of_two_binomials(n: int, share: float, probability: float) -> None:
    x = round(n * share)
    ratio = 2.0 * (stats.binom.logpmf(x, n, x / n) - stats.binom.logpmf(x, n, probability))
    assert kupiec(n, x, probability) == pytest.approx(float(stats.chi2.sf(max(0.0, ratio), 1)), rel=1e-6, abs=1e-9)


@given(hits=st.lists(st.booleans(), min_size=2, max_size=60))
def test_independence_compares_two_markov_chains(hits: list[bool]) -> None:
    def likelihood(pairs: list[tuple[bool, bool]], chance: dict[bool, float]) -> float:
        total = 0.0
        for before, after in pairs:
            p = chance[before] if after else 1.0 - chance[before]
            total += math.log(p)
        return total

    pairs = list(itertools.pairwise(hits))
    found = independence(np.array(hits))
    if len({before for before, _ in pairs}) < 2:
        assert math.isnan(found)
        return
    chance = {}
    for state in (True, False):
        after = [b for a, b in pairs if a == state]
        chance[state] = sum(after) / len(after)
    plain = sum(b for _, b in pairs) / len(pairs)
    two = likelihood([pair for pair in pairs if 0.0 < chance[pair[0]] < 1.0], chance)
    one = likelihood(pairs, {True: plain, False: plain}) if 0.0 < plain < 1.0 else 0.0
    assert found == pytest.approx(float(stats.chi2.sf(max(0.0, 2.0 * (two - one)), 1)), rel=1e-6, abs=1e-9)


def test_the_light_is_that_of_the_basel_committee() -> None:
    assert [light(count, 0.01) for count in range(12)] == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 2
    assert WINDOW == 250


def test_clusters_are_told_from_exceptions_that_come_alone() -> None:
    alone = np.zeros(1_000, dtype=bool)
    alone[::100] = True
    clustered = np.zeros(1_000, dtype=bool)
    clustered[400:410] = True
    assert independence(alone) > 0.5
    assert independence(clustered) < 1e-6


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(daemon.report_html.backtest).failed == 0
