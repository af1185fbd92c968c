"""Spreads learnt from quotes and the sums that move with every position, against slow ones in plain Python."""

from math import fsum, inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.liquidity import LiquidityConfig
from risk.arrays import Arrays, Liquid, Scalar, Setting
from risk.kernels.book import move_exposure, rebuild
from risk.kernels.liquidity import (
    age_spreads,
    liquidity_metrics,
    observe_spread,
    spread_estimate,
    turnover_metric,
)
from risk.kernels.measure import measure
from risk.kernels.prices import QUOTE, run_prices
from risk.liquidity import write_liquidity, write_settings
from risk.measures import METRIC_INDEX, METRICS, Status
from tests.risk.random_arrays import NAMES, assert_same_bytes, assert_twin, copied, metric, random_arrays, status
from tests.risk.test_kernels_prices import AIDS, NEVER, START, looks

RULES = (
    LiquidityConfig(),
    LiquidityConfig(quotes_min=1, state="stressed"),
    LiquidityConfig(spread="quoted", state="crisis", impact="kyle"),
    LiquidityConfig(spread="reference"),
)
QUOTES = st.lists(
    st.tuples(st.integers(0, NAMES - 1), st.floats(0.99, 1.01), st.floats(0.0, 0.02)), min_size=1, max_size=60
)


def quotes(arrays: Arrays, draws: list[tuple[int, float, float]]) -> tuple[object, ...]:
    """Return the arrays of a run of quotes: (instrument, relative move of its first mark, relative spread)."""
    names = np.array([i for i, _, _ in draws], dtype=np.int64)
    mid = np.array([arrays.mark[i] * move for i, move, _ in draws], dtype=np.float64)
    low = mid * (1.0 - 0.5 * np.array([spread for _, _, spread in draws]))
    zeros = np.zeros(len(draws), dtype=np.int64)
    return names, zeros + QUOTE, mid, low, START + np.arange(len(draws), dtype=np.int64), zeros


def arrays_with(seed: int, rules: LiquidityConfig) -> Arrays:
    arrays = random_arrays(seed, rows=260)
    write_settings(arrays, rules)
    for p in range(4):
        rebuild(arrays, p)
        measure(arrays, p)
    arrays.woken[:] = arrays.refit[:] = 0
    return arrays


def slow_sums(arrays: Arrays, p: int, rules: LiquidityConfig, spreads: list[float]) -> tuple[float, float]:
    """Cost and slow exposure of a scope from nothing but its positions (models.md 14)."""
    k_spread, k_impact = {"normal": (1, 1), "stressed": (3, 5), "crisis": (10, 20)}[rules.state]
    cost, slow = [], []
    for i in range(NAMES):
        value, held, adv = abs(arrays.exposure[p, i]), abs(arrays.quantity[p, i]), 1.0 / arrays.per_adv[i]
        sigma = sqrt(arrays.sigma[i, i])
        shape = sqrt(held / adv) if rules.impact == "sqrt" else 0.5 * held / adv
        cost.append(min(value, 0.5 * value * k_spread * spreads[i] + k_impact * 0.7 * sigma * value * shape))
        slow.append(value if held / (0.2 * adv) > 10.0 else 0.0)
    return fsum(cost), fsum(slow)


def expected_spreads(arrays: Arrays, draws: list[tuple[int, float, float]], rules: LiquidityConfig) -> list[float]:
    """The spread of each name after the quotes, from their definition."""
    found = []
    for i in range(NAMES):
        seen = [spread for name, _, spread in draws if name == i]
        enough = len(seen) >= rules.quotes_min or (rules.spread == "quoted" and seen)
        if rules.spread == "reference" or not enough:
            found.append(float(arrays.spread_reference[i]))
        elif rules.spread == "quoted":
            found.append(seen[-1])
        else:
            found.append(float(np.mean(seen) + 3.0 * np.std(seen)))
    return found


@settings(max_examples=40)
@given(st.integers(0, 40), st.sampled_from(RULES), QUOTES)
def test_sums_of_a_book_that_quotes_have_moved_are_those_of_its_positions(
    seed: int, rules: LiquidityConfig, draws: list[tuple[int, float, float]]
) -> None:
    arrays = arrays_with(seed, rules)
    looks(arrays, quotes(arrays, draws), len(draws), len(draws))
    spreads = expected_spreads(arrays, draws, rules)
    np.testing.assert_allclose(arrays.spread[:NAMES], spreads, rtol=1e-9, atol=1e-12)
    for p in range(4):
        cost, slow = slow_sums(arrays, p, rules, spreads)
        gross = np.abs(arrays.exposure[p]).sum()
        np.testing.assert_allclose(arrays.liquid[p, Liquid.COST], cost, rtol=1e-8, atol=1e-12 * gross)
        np.testing.assert_allclose(metric(arrays, p, "liquidity_cost"), cost / metric(arrays, p, "var_99"), rtol=1e-8)
        np.testing.assert_allclose(metric(arrays, p, "days_to_liquidate_share"), slow / gross, atol=1e-12)


@settings(max_examples=100)
@given(
    st.integers(0, 40), st.sampled_from(RULES[:3]),
    st.sampled_from(["liquidity_cost", "days_to_liquidate_share", "turnover"]),
    st.sampled_from([0.0, 1e-9, 1e-4, 0.01, 0.2]), QUOTES,
)  # fmt: skip
def test_a_scope_that_is_spared_a_measurement_would_not_have_been_looked_at(
    seed: int, rules: LiquidityConfig, name: str, distance: float, draws: list[tuple[int, float, float]]
) -> None:
    """Quotes whose spreads vary; one name has neither volume nor reference spread, so that a status changes too."""
    spared, number = arrays_with(seed, rules), METRIC_INDEX[name]
    if seed % 3 == 0:
        spared.settings[Setting.UNKNOWN_GROSS_MAX] = 0.2
        write_liquidity(spared, seed % NAMES, adv=None if seed % 2 else 1e4, spread=None, is_cash=False, rules=rules)
    for p in range(4):
        gross = np.abs(spared.exposure[p]).sum()
        spared.fit[p] = (1e5, 2e5, spared.variance[p], Status.OK, Status.OK, gross, 1.5, 1.3)
        spared.fit_exposure[p] = spared.exposure[p]
        rebuild(spared, p)
        measure(spared, p)
        spared.wake[p, number] = spared.metrics[p, number] * (1.0 + distance)
        measure(spared, p)
    spared.woken[:] = spared.refit[:] = 0
    always, run = copied(spared), quotes(spared, draws)
    assert looks(spared, run, len(draws), len(draws)) == looks(always, run, len(draws), 1)
    assert_same_bytes(spared, always, apart_from=AIDS)


def test_kernels_equal_their_python_twins_bit_by_bit() -> None:
    arrays = arrays_with(2, RULES[1])
    assert_twin(observe_spread, arrays, 3, 100.0, 99.5)
    assert_twin(age_spreads, arrays)
    run = quotes(arrays, [(i % NAMES, 1.0, 0.001 * (i % 5)) for i in range(30)])
    assert_twin(run_prices, arrays, *run, 0, 30, NEVER, False)


def test_a_row_halves_the_weight_of_the_quotes_before_it() -> None:
    arrays = arrays_with(3, LiquidityConfig(quotes_min=2))
    for spread in (0.001, 0.003, 0.002, 0.002):
        observe_spread(arrays, 0, 100.0, 100.0 * (1.0 - 0.5 * spread))
    before = float(arrays.spread[0])
    age_spreads(arrays)
    assert arrays.spread_count[0] == 2.0
    assert arrays.spread[0] == pytest.approx(before, rel=1e-14)
    observe_spread(arrays, 0, 100.0, 99.5)
    weights, seen = [0.5] * 4 + [1.0], [0.001, 0.003, 0.002, 0.002, 0.01]
    mean = float(np.average(seen, weights=weights))
    deviation = sqrt(float(np.average((np.array(seen) - mean) ** 2, weights=weights)))
    assert arrays.spread[0] == pytest.approx(mean + 3.0 * deviation, rel=1e-12)
    for _ in range(3):
        age_spreads(arrays)
    assert arrays.spread[0] == arrays.spread_reference[0], "too little is left of what was quoted"


def test_what_a_spread_rests_on() -> None:
    assert spread_estimate(19.0, 0.5, 0.0, 0.001, 20.0, 3.0) == 0.001
    assert spread_estimate(19.0, 0.5, 0.0, nan, 20.0, 3.0) == 0.5, "better a few quotes than nothing"
    assert np.isnan(spread_estimate(0.0, 0.0, 0.0, nan, 20.0, 3.0))
    arrays = random_arrays(1)
    assert not observe_spread(arrays, 0, -5.0, -6.0), "a price under zero has no relative spread"


def test_a_closed_position_leaves_nothing_behind() -> None:
    arrays = arrays_with(4, RULES[0])
    held = np.flatnonzero(arrays.quantity[1, :NAMES]).tolist()
    write_liquidity(arrays, held[0], adv=None, spread=None, is_cash=False, rules=RULES[0])
    rebuild(arrays, 1)
    assert arrays.liquid[1, Liquid.UNPRICED] > 0.0
    for i in held:
        arrays.quantity[1, i] = 0.0
        move_exposure(arrays, 1, i)
    assert (arrays.liquid[1] == 0.0).all()


@pytest.mark.parametrize(
    ("unpriced", "var", "expected", "said"),
    [
        (0.0, 1_000.0, 0.25, Status.OK),
        (1_000.0, 1_000.0, 0.25, Status.DEGRADED),
        (1_001.0, 1_000.0, nan, Status.INSUFFICIENT),
        (0.0, nan, nan, Status.INSUFFICIENT),
        (0.0, 0.0, inf, Status.OK),
        (0.0, -5.0, inf, Status.OK),
    ],
)
def test_the_rules_of_the_cost(unpriced: float, var: float, expected: float, said: Status) -> None:
    values, statuses = np.zeros(len(METRICS)), np.zeros(len(METRICS), dtype=np.int64)
    values[METRIC_INDEX["var_99"]] = var
    liquidity_metrics(np.array([250.0, 5e4, unpriced, 0.0]), 1e5, 0.01, 0, False, values, statuses)
    index = METRIC_INDEX["liquidity_cost"]
    np.testing.assert_equal(values[index], expected)
    assert statuses[index] == said
    assert values[METRIC_INDEX["days_to_liquidate_share"]] == 0.5


def test_a_book_without_risk_and_without_cost_reads_zero_and_an_empty_one_too() -> None:
    values, statuses = np.zeros(len(METRICS)), np.zeros(len(METRICS), dtype=np.int64)
    liquidity_metrics(np.zeros(4), 1e5, 0.01, 0, False, values, statuses)
    assert values[METRIC_INDEX["liquidity_cost"]] == 0.0
    liquidity_metrics(np.zeros(4), 0.0, 0.01, 0, True, values, statuses)
    assert (values == 0.0).all()
    assert (statuses == Status.OK).all()


@pytest.mark.parametrize(
    ("traded", "nav", "nav_row", "has_nav", "expected", "said"),
    [
        (3e6, 1e6, 2e6, True, 2.0, Status.OK),
        (3e6, 1e6, nan, True, 3.0, Status.OK),
        (3e6, nan, nan, False, nan, Status.INSUFFICIENT),
        (nan, 1e6, 1e6, True, nan, Status.INSUFFICIENT),
        (3e6, -1e6, 1e6, True, nan, Status.INVALID),
    ],
)
def test_the_rules_of_turnover(
    traded: float, nav: float, nav_row: float, has_nav: bool, expected: float, said: Status
) -> None:
    values, statuses = np.zeros(len(METRICS)), np.zeros(len(METRICS), dtype=np.int64)
    turnover_metric(traded, nav, nav_row, has_nav, 0, values, statuses)
    np.testing.assert_equal(values[METRIC_INDEX["turnover"]], expected)
    assert statuses[METRIC_INDEX["turnover"]] == said


def test_a_first_spread_makes_a_number_of_what_had_none() -> None:
    arrays = arrays_with(5, RULES[1])
    i = int(np.argmax(np.abs(arrays.exposure[1, :NAMES])))
    write_liquidity(arrays, i, adv=1e5, spread=None, is_cash=False, rules=RULES[1])
    for p in range(arrays.scalars[Scalar.SCOPES]):
        rebuild(arrays, p)
        measure(arrays, p)
    assert status(arrays, 1, "liquidity_cost") is Status.INSUFFICIENT
    run_prices(arrays, *quotes(arrays, [(i, 1.0, 0.001)]), 0, 1, NEVER, False)
    assert arrays.woken[1] == 1
    assert status(arrays, 1, "liquidity_cost") is Status.DEGRADED, "as VaR 99 % over 260 rows is"
