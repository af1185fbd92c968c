"""The tail ratio and its bootstrap: against scipy's law, and against the fit itself, made anew for every resample."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from risk.kernels import bootstrap
from risk.kernels.bootstrap import draw_counts, fill_tail_ratios, weighted_profile
from risk.measures import Status, Vector
from risk.pot import exceedance_count, fit_pot
from risk.tail_bootstrap import LEVEL, RESAMPLES, SURE, bootstrap_ratio, words_of

DIGEST = "0123456789abcdef0123456789abcdef"
ROWS = 756


def losses_of(kind: str, seed: int, rows: int = ROWS) -> Vector:
    draw = np.random.Generator(np.random.Philox(seed))
    match kind:
        case "normal":
            return draw.standard_normal(rows) * 1e5
        case "uniform":  # xi = -1: no maximum of the likelihood above -0.5
            return draw.uniform(-1.0, 1.0, rows)
        case "ties":
            return np.round(draw.standard_t(4, rows), 1)
        case "gains":  # the worst day still wins
            return draw.standard_t(4, rows) - 100.0
        case _:
            return draw.standard_t(float(kind[1:]), rows)


def slow_ratios(losses: Vector, words: np.ndarray[tuple[int], np.dtype[np.uint64]], resamples: int) -> Vector:
    """Resample by repetition and fit each resample by the whole procedure; Python integers scale the draws."""
    n, ordered = losses.size, np.sort(losses)[::-1]
    halves = [half for word in words.tolist() for half in (word >> 32, word & 0xFFFFFFFF)]
    ratios = []
    for b in range(resamples):
        ranks = [half * n >> 32 for half in halves[b * n : (b + 1) * n]]
        fit = fit_pot(ordered[ranks])
        ratios.append(math.nan if fit.status is Status.INSUFFICIENT else fit.tail_ratio())
    return np.array(ratios)


@pytest.mark.parametrize("kind", ["t2", "t1", "t4", "normal", "uniform", "ties", "gains"])
def test_each_resample_has_the_ratio_of_the_whole_fit(kind: str) -> None:
    resamples = 40
    losses = losses_of(kind, 11)
    words = words_of(DIGEST, resamples * ROWS)
    fit = fit_pot(losses)
    ratios = np.empty(resamples)
    start = fit.xi / (1.0 - min(fit.xi, 0.5))
    scratch = np.empty((3, ROWS))
    fill_tail_ratios(np.sort(losses)[::-1].copy(), words, exceedance_count(ROWS), start, *scratch, ratios)
    expected = slow_ratios(losses, words, resamples)
    assert np.isnan(ratios).tolist() == np.isnan(expected).tolist()
    assert np.isinf(ratios).tolist() == np.isinf(expected).tolist()
    finite = np.isfinite(expected)
    assert ratios[finite] == pytest.approx(expected[finite], rel=1e-7)
    assert finite.any() or kind == "gains"


@pytest.mark.parametrize("kind", ["t2", "t4", "normal"])
def test_what_is_published_counts_the_slow_ratios(kind: str) -> None:
    losses = losses_of(kind, 5)
    fit = fit_pot(losses)
    found = bootstrap_ratio(losses, fit, DIGEST)
    slow = np.sort(slow_ratios(losses, words_of(DIGEST, RESAMPLES * ROWS), RESAMPLES))
    assert found.probability == np.mean(slow > LEVEL)
    assert (found.low, found.high) == (pytest.approx(slow[10]), pytest.approx(slow[189]))
    for level in (found.sure * 0.999, found.sure * 1.001):  # the definition, level by level
        passes = np.mean(slow > level) >= SURE and fit.tail_ratio() > level
        assert passes == (found.sure > level)


def test_the_ratio_is_that_of_scipys_law() -> None:
    fit = fit_pot(losses_of("t4", 3))
    law = stats.genpareto(fit.xi, loc=fit.u, scale=fit.beta)
    tail = 0.01 * fit.n / fit.k  # of the law beyond the threshold
    var = float(law.isf(tail))
    shortfall = float(law.expect(lambda x: x, lb=var, conditional=True))
    assert fit.tail_ratio() == pytest.approx(shortfall / var, rel=1e-6)


@given(st.sampled_from(["t3", "t5", "normal"]), st.integers(0, 1_000), st.floats(1e-6, 1e9))
@settings(max_examples=10)
def test_no_scale_of_the_book_changes_what_is_said(kind: str, seed: int, scale: float) -> None:
    losses = losses_of(kind, seed, 400)
    one, other = (bootstrap_ratio(x, fit_pot(x), DIGEST) for x in (losses, losses * scale))
    assert (one.sure, one.low, one.high) == pytest.approx((other.sure, other.low, other.high), rel=1e-7)
    assert one.probability == pytest.approx(other.probability, abs=1.5 / RESAMPLES)  # one may lie on the level


def test_the_digest_alone_seeds_it() -> None:
    losses = losses_of("t3", 1)
    fit = fit_pot(losses)
    assert bootstrap_ratio(losses, fit, DIGEST) == bootstrap_ratio(losses.copy(), fit, DIGEST)
    assert bootstrap_ratio(losses, fit, DIGEST) != bootstrap_ratio(losses, fit, DIGEST[::-1])


def test_a_heavier_tail_is_surer() -> None:
    heavy, light = (bootstrap_ratio(x, fit_pot(x), DIGEST) for x in (losses_of("t1.5", 2), losses_of("normal", 2)))
    assert heavy.probability > 0.9
    assert heavy.sure > LEVEL > light.sure
    assert light.probability < 0.05
    without_mean = losses_of("t1", 2)
    assert bootstrap_ratio(without_mean, fit_pot(without_mean), DIGEST).high == math.inf


def test_without_a_ratio_there_is_nothing_to_be_sure_of() -> None:
    few, gains = losses_of("t4", 4, 200), losses_of("gains", 4)
    for losses in (few, gains):
        found = bootstrap_ratio(losses, fit_pot(losses), DIGEST)
        assert all(math.isnan(each) for each in (found.probability, found.sure, found.low, found.high))


def test_draws_are_even_and_each_rank_can_be_drawn() -> None:
    counts, total = np.empty(251), np.zeros(251)
    words = words_of(DIGEST, 400 * 251)
    for b in range(400):
        draw_counts(words, b * 251, 251, counts)
        assert counts.sum() == 251
        total += counts
    assert stats.chisquare(total).pvalue > 1e-3


@pytest.mark.parametrize("theta", [-0.2, -0.03, -1e-5, 0.0, 1e-4, 0.0199, 0.0201, 0.4, 30.0])
def test_the_profile_of_counted_excesses_is_that_of_repeated_ones(theta: float) -> None:
    excess = np.sort(np.random.default_rng(2).standard_exponential(30) ** 1.3)[::-1].copy()
    weight = np.arange(30.0) % 3 + 1.0
    excess /= (excess * weight).sum() / weight.sum()
    theta = max(theta, -0.99 / excess[0])
    found = weighted_profile(theta, excess, weight, 30, weight.sum())
    xi, beta, slope, _ = bootstrap_profile(theta, np.repeat(excess, weight.astype(int)))
    assert found == pytest.approx((xi, beta, slope), rel=1e-9, abs=1e-10)
    source = weighted_profile.py_func(theta, excess, weight, 30, weight.sum())
    assert found == pytest.approx(source, rel=1e-9, abs=1e-10)


def bootstrap_profile(theta: float, excess: Vector) -> tuple[float, float, float, float]:
    from risk.kernels.pot import profile

    found: tuple[float, float, float, float] = profile(theta, excess)
    return found


def test_the_ratio_of_a_point_mass_is_one_and_of_no_mean_infinite() -> None:
    assert bootstrap.tail_ratio_of(0.0, 0.0, 5.0, 76.0, 756.0) == 1.0
    assert bootstrap.tail_ratio_of(1.0, 2.0, 5.0, 76.0, 756.0) == math.inf
    assert math.isnan(bootstrap.tail_ratio_of(0.1, 1.0, -50.0, 76.0, 756.0))
