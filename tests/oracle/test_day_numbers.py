"""The oracle's numbers of the trading day against hand arithmetic and public libraries."""

import numpy as np
import pytest
from scipy import stats

from tests.oracle.bars import Span
from tests.oracle.gpd import fit_tail, weighted_moments
from tests.oracle.measures import Vector
from tests.oracle.oracle import Oracle
from tests.oracle.scenarios import STORIES
from tests.oracle.stream import HOUR_NS, MINUTE_NS, Stream, sessions, setup
from tests.oracle.turnover import expiry

_DECAY, _BAR = 0.94, 5 * MINUTE_NS


def played(stream: Stream, until: str) -> Oracle:
    oracle = Oracle(setup())
    for n, event in enumerate(stream.events[: stream.moments[until]], start=1):
        assert oracle.apply(event, n) is None
    return oracle


def day_of(*prices: tuple[int, float]) -> Oracle:
    """Two quoted names, forty days of closes, and then quotes of S0: minutes after the open, times its close."""
    stream = Stream(seed=41)
    stream.open(book=(("firm/fund", "S0", 100.0), ("firm/fund", "S1", 100.0)))
    for day in range(40):
        stream.quote("S0", stream.prices["S0"], stream.close_of(day) - MINUTE_NS)
        stream.quote("S1", stream.prices["S1"], stream.close_of(day) - MINUTE_NS // 2)
        stream.close_day(day)
    for minutes, times in prices:
        stream.quote("S0", stream.prices["S0"] * times, stream.open_of(40) + minutes * MINUTE_NS)
    stream.mark("end")
    return played(stream, "end")


def variance(oracle: Oracle, name: str) -> float:
    now = oracle.state.covariances.at(oracle.bars, oracle.state.now)
    place = now.names.index(name)
    return float(now.fast[place, place])


def test_a_session_is_one_in_business_time_half_days_too() -> None:
    oracle, calendar = day_of(), sessions("XNYS")
    for session in range(195, 240):  # Thanksgiving and Christmas of 2019 are among them
        oracle.bars.since = calendar.closes[session - 1]
        assert oracle.bars.business_time(calendar.opens[session] - 1) == 0.0
        assert oracle.bars.business_time(calendar.opens[session]) == pytest.approx(0.2)
        assert oracle.bars.business_time(calendar.closes[session]) == pytest.approx(1.0)
    half_day = calendar.index_of_date(737392)  # 2019-11-29
    assert half_day is not None
    opened = calendar.opens[half_day]
    first = oracle.bars.span_at(opened)
    assert first is not None
    assert (first.start, first.end) == (opened, opened + _BAR)
    assert first.share == pytest.approx(0.8 * 5 / 210)
    assert oracle.bars.span_at(opened - 1) == Span(calendar.closes[half_day - 1], opened, 0.2)


def test_variance_through_the_day_is_the_literal_sum_over_bars() -> None:
    oracle = day_of((1, 1.0), (3, 1.01), (12, 1.03), (16, 1.03))
    daily = oracle.state.covariances.daily_sigma("S0")
    first, second = (bar.moves["S0"] for bar in oracle.bars.kept)
    prices = [each.mark.price for each in (*first, second[1]) if each.mark is not None]
    assert prices[2] / prices[1] == pytest.approx(1.03 / 1.01, rel=1e-4)
    share = 0.8 * 5 / 390  # bars of minutes 0 to 5 and 10 to 15; that of 15 to 20 has not ended
    assert daily is not None
    expected = _DECAY ** (0.2 + 3 * share) * daily**2
    for age, (start, end) in ((2 * share, prices[:2]), (0.0, prices[1:])):
        expected += _DECAY**age * (1.0 - _DECAY**share) / share * (end / start - 1.0) ** 2
    assert variance(oracle, "S0") == pytest.approx(expected, rel=1e-12)


def test_names_without_quotes_keep_the_covariance_of_their_rows() -> None:
    oracle = day_of((1, 1.0), (30, 1.1))
    daily = oracle.state.covariances.daily_sigma("S7")
    assert daily is not None
    assert variance(oracle, "S7") == pytest.approx(daily**2, rel=1e-14)
    now = oracle.state.covariances.at(oracle.bars, oracle.state.now)
    for matrix in (now.fast, now.slow):
        assert np.linalg.eigvalsh(matrix).min() >= -1e-18


def test_a_split_within_a_bar_is_no_return() -> None:
    stream = STORIES["silence_and_jumps"]()
    oracle = played(stream, "whole_move_in_one_bar")
    returns = [oracle.bars.returns(bar).get("NYQUOTED", 0.0) for bar in oracle.bars.kept]
    assert max(abs(move) for move in returns) < 0.02
    oracle = played(stream, "held_back_1")
    moved = [oracle.bars.returns(bar).get("NYQUOTED", 0.0) for bar in oracle.bars.kept]
    assert sum(1 for move in moved if move == pytest.approx(0.03, abs=1e-4)) == 1


def test_bars_of_a_completed_row_are_dropped_and_later_ones_stay() -> None:
    stream = STORIES["silence_and_jumps"]()
    before, after = played(stream, "bar_before_the_row_1"), played(stream, "cut_off_1")
    assert len(before.bars.kept) > 5
    assert after.bars.kept == []  # the night's only bar has not ended yet
    assert after.bars.open_span is not None
    oracle = played(stream, "night_2")
    assert [bar.span.share for bar in oracle.bars.kept] == []
    assert oracle.bars.business_time(oracle.state.now) == 0.0


def test_the_tail_fit_is_at_the_top_of_the_likelihood_that_scipy_computes() -> None:
    generator = np.random.default_rng(5)
    for shape in (-0.3, 0.0, 0.2, 0.6):
        losses: Vector = stats.genpareto.rvs(shape, size=756, random_state=generator)
        fit = fit_tail(losses)
        assert fit is not None
        excesses = np.sort(losses)[::-1][: fit.count] - fit.threshold
        of_scipy = stats.genpareto.fit(excesses, floc=0)
        ours = stats.genpareto.logpdf(excesses, fit.shape, 0.0, fit.scale).sum()
        assert ours >= stats.genpareto.logpdf(excesses, of_scipy[0], 0.0, of_scipy[2]).sum() - 1e-9
        assert fit.shape == pytest.approx(of_scipy[0], abs=1e-3)
        law = stats.genpareto(fit.shape, fit.threshold, fit.scale)
        quantile = law.ppf(1.0 - 0.01 * fit.rows / fit.count)
        assert fit.value_at_risk(0.99) == pytest.approx(quantile, rel=1e-9)
        beyond = law.expect(lambda loss: loss, lb=quantile, conditional=True)
        assert fit.expected_shortfall(0.99) == pytest.approx(beyond, rel=1e-5)


def test_weighted_moments_find_the_law_that_was_drawn_from() -> None:
    excesses: Vector = stats.genpareto.rvs(0.2, scale=3.0, size=200_000, random_state=np.random.default_rng(6))
    assert weighted_moments(excesses) == pytest.approx((0.2, 3.0), rel=0.03)


def test_a_fill_counts_until_the_same_share_of_the_next_session() -> None:
    calendar = sessions("XNYS")
    full, half = calendar.index_of_date(737390), calendar.index_of_date(737392)  # 27 and 29 November 2019
    assert full is not None
    assert half == full + 1
    assert expiry(calendar, calendar.opens[full]) == calendar.opens[half]
    assert expiry(calendar, calendar.opens[full] + 195 * MINUTE_NS) == calendar.opens[half] + 105 * MINUTE_NS
    assert expiry(calendar, calendar.closes[full]) == calendar.closes[half]
    assert expiry(calendar, calendar.closes[full] + HOUR_NS) == calendar.closes[half]


def test_a_sale_costs_half_the_spread_and_the_impact_of_its_share_of_a_day() -> None:
    """models.md 14: 1m USD, spread 0.25 %, no impact: 1,250; with σ and a volume, 0.7 σ x √(q/ADV) on top."""
    stream = Stream(seed=42)
    stream.list_stock("S0", 100.0, adv=40_000.0, spread=0.0025)
    stream.open(book=(("firm/fund", "S0", 10_000.0),))
    stream.days(0, 30)
    stream.mark("end")
    oracle = played(stream, "end")
    numbers = oracle.numbers("firm/fund")
    value, daily = 10_000.0 * stream.prices["S0"], oracle.state.covariances.daily_sigma("S0")
    assert daily is not None
    impact = 0.7 * daily * value * 0.5
    assert numbers["liquidity_costs"] == pytest.approx(
        {
            "normal": 0.00125 * value + impact,
            "stressed": 0.00375 * value + 5.0 * impact,
            "crisis": 0.0125 * value + 20.0 * impact,
        },
        rel=1e-12,
    )
