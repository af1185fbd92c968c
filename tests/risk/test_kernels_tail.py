"""Order statistics of kept candidates: the same VaR and ES as the slow models, for every count of rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import CANDIDATES
from risk.historical import LEVELS, expected_shortfall, value_at_risk
from risk.kernels.tail import (
    depth_needed,
    refresh_candidates,
    renew_candidates,
    sort_candidates,
    worst_expected_shortfall,
    worst_value_at_risk,
)

LEVELS_KEPT = [p_ppm for _, p_ppm in LEVELS[:3]]


def test_as_many_are_kept_as_any_window_needs() -> None:
    assert max(depth_needed(rows) for rows in range(1, 757)) == 38 < CANDIDATES
    assert all(depth_needed.py_func(rows) == depth_needed(rows) for rows in range(1, 757))


@settings(max_examples=60)
@given(st.integers(20, 756), st.integers(0, 1000), st.sampled_from(LEVELS_KEPT), st.booleans())
def test_var_and_es_are_those_of_the_loss_vector(rows: int, seed: int, p_ppm: int, ties: bool) -> None:
    losses = np.random.Generator(np.random.Philox(seed)).standard_t(3, rows) * 1e5
    if ties:
        losses = np.round(losses, -5)
    candidates = np.zeros(CANDIDATES, dtype=np.int64)
    bound = refresh_candidates(losses, rows, candidates)
    assert worst_value_at_risk(losses, rows, candidates, p_ppm) == value_at_risk(losses, p_ppm)
    if rows * (1_000_000 - p_ppm) >= 1_000_000:
        es = worst_expected_shortfall(losses, rows, candidates, p_ppm)
        np.testing.assert_allclose(es, expected_shortfall(losses, p_ppm), rtol=1e-13, atol=1e-9)
    others = np.delete(losses, candidates[: min(rows, CANDIDATES)])
    assert others.size == 0 or bound >= others.max()


@given(st.integers(0, 200), st.integers(96, 300))
def test_kernels_equal_their_python_twins_bit_by_bit(seed: int, rows: int) -> None:
    losses = np.random.Generator(np.random.Philox(seed)).standard_t(3, rows)
    one, other = np.zeros(CANDIDATES, dtype=np.int64), np.zeros(CANDIDATES, dtype=np.int64)
    assert refresh_candidates(losses, rows, one) == refresh_candidates.py_func(losses, rows, other)
    assert one.tobytes() == other.tobytes()
    losses[one[:20]] -= np.linspace(0.0, 1.0, 20)
    sort_candidates(losses, rows, one)
    sort_candidates.py_func(losses, rows, other)
    assert one.tobytes() == other.tobytes()
    assert (np.diff(losses[one]) <= 0).all()
    for p_ppm in LEVELS_KEPT:
        for kernel in (worst_value_at_risk, worst_expected_shortfall):
            assert kernel(losses, rows, one, p_ppm) == kernel.py_func(losses, rows, one, p_ppm)


def test_es_is_homogeneous_and_at_least_var() -> None:
    losses = np.random.Generator(np.random.Philox(3)).standard_t(3, 756)
    candidates = np.zeros(CANDIDATES, dtype=np.int64)
    refresh_candidates(losses, 756, candidates)
    for p_ppm in LEVELS_KEPT:
        es = worst_expected_shortfall(losses, 756, candidates, p_ppm)
        assert es >= worst_value_at_risk(losses, 756, candidates, p_ppm)
        assert worst_expected_shortfall(4.0 * losses, 756, candidates, p_ppm) == 4.0 * es


@given(st.integers(0, 300), st.sampled_from([20, 96, 97, 300, 756]), st.floats(0.0, 2.0))
def test_renewed_candidates_are_the_worst_losses_and_the_bound_is_the_largest_other(
    seed: int, rows: int, shift: float
) -> None:
    random = np.random.Generator(np.random.Philox(seed))
    losses = random.standard_t(3, rows)
    candidates, member = np.zeros(CANDIDATES, dtype=np.int64), np.zeros(756, dtype=np.int64)
    refresh_candidates(losses, rows, candidates)
    losses += shift * random.standard_normal(rows)
    sort_candidates(losses, rows, candidates)
    other = candidates.copy()
    bound = renew_candidates(losses, rows, candidates, member)
    assert bound == renew_candidates.py_func(losses, rows, other, member.copy())
    assert candidates.tobytes() == other.tobytes()
    kept = candidates[: min(rows, CANDIDATES)]
    assert losses[kept].tolist() == sorted(losses.tolist(), reverse=True)[:CANDIDATES]
    others = np.delete(losses, kept)
    assert bound == (others.max() if others.size else -np.inf)
