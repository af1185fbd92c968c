"""Books moved step by step are the books built from nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import CANDIDATES, Arrays, Scalar
from risk.kernels.book import REBUILD_EVERY, add_pnl, move_exposure, move_price, move_unit, rebuild
from risk.kernels.tail import depth_needed, refresh_candidates, sort_candidates
from tests.risk.random_arrays import LEAVES, NAMES, ROWS, assert_twin, copied, random_arrays

SEEDS = st.integers(0, 2**16)
MOVES = st.lists(st.tuples(st.integers(0, NAMES - 1), st.floats(0.8, 1.25)), min_size=1, max_size=60)
LINEAR = ("exposure", "sigma_x", "loss", "stress", "covered_gross")


def test_a_rebuilt_book_is_the_sum_of_its_positions() -> None:
    arrays = random_arrays(1)
    for p in range(4):
        x = arrays.quantity[p, :NAMES] * arrays.unit[:NAMES]
        gross = np.abs(x).sum()
        assert (arrays.exposure[p, :NAMES] == x).all()
        np.testing.assert_allclose(arrays.loss[p], -x @ arrays.returns[:NAMES], rtol=0, atol=1e-12 * gross)
        np.testing.assert_allclose(arrays.sigma_x[p, :NAMES], arrays.sigma[:NAMES, :NAMES] @ x, atol=1e-12 * gross)
        np.testing.assert_allclose(arrays.stress[p], -x @ arrays.shocks[:NAMES], atol=1e-12 * gross)
        np.testing.assert_allclose(arrays.covered_gross[p], gross, rtol=1e-12)


def test_kernels_of_books_equal_their_python_twins_bit_by_bit() -> None:
    arrays = random_arrays(2)
    assert_twin(rebuild, arrays, 1)
    assert_twin(add_pnl, arrays, 2, 1234.5)
    assert_twin(move_price, arrays, 3, float(arrays.mark[3]) * 1.013)
    assert_twin(move_unit, arrays, 4, 7.5, -0.25)
    arrays.quantity[2, 5] += 100.0
    assert_twin(move_exposure, arrays, 2, 5)


@settings(max_examples=40)
@given(SEEDS, MOVES)
def test_moved_books_stay_within_rounding_of_rebuilt_ones(seed: int, moves: list[tuple[int, float]]) -> None:
    arrays = random_arrays(seed % 50)
    for i, factor in moves:
        move_price(arrays, i, float(arrays.mark[i]) * factor)
    fresh = copied(arrays)
    for p in range(4):
        rebuild(fresh, p)
        gross = np.abs(fresh.exposure[p]).sum()
        for name in LINEAR:
            moved, built = getattr(arrays, name)[p], getattr(fresh, name)[p]
            np.testing.assert_allclose(moved, built, rtol=0, atol=1e-12 * gross, err_msg=name)


def worst_rows(arrays: Arrays, p: int, rows: int) -> list[float]:
    """The losses that VaR and ES read, as `measure` brings them up to date."""
    loss, candidates = arrays.loss[p], arrays.candidates[p]
    depth = depth_needed(rows)
    sort_candidates(loss, rows, candidates)
    if loss[candidates[depth - 1]] < arrays.candidate_bound[p]:
        arrays.candidate_bound[p] = refresh_candidates(loss, rows, candidates)
    worst: list[float] = loss[candidates[:depth]].tolist()
    return worst


@settings(max_examples=40)
@given(SEEDS, MOVES, st.sampled_from([21, 95, 96, 97, ROWS]))
def test_candidates_are_the_worst_losses_after_any_walk(seed: int, moves: list[tuple[int, float]], rows: int) -> None:
    """The bound may be loose, but no loss among the worst may ever be missed: exact, not close."""
    arrays = random_arrays(seed % 50, rows=rows)
    for i, factor in moves:
        move_price(arrays, i, float(arrays.mark[i]) * factor)
        for p in range(4):
            expected = sorted(arrays.loss[p, :rows].tolist(), reverse=True)[: depth_needed(rows)]
            assert worst_rows(arrays, p, rows) == expected


@settings(max_examples=20)
@given(
    SEEDS, st.lists(st.tuples(st.sampled_from(LEAVES), st.integers(0, NAMES - 1), st.floats(-900, 900)), max_size=30)
)
def test_candidates_are_the_worst_losses_after_any_trades(seed: int, trades: list[tuple[int, int, float]]) -> None:
    arrays = random_arrays(seed % 50)
    for p, i, quantity in trades:
        arrays.quantity[p, i] = quantity
        move_exposure(arrays, p, i)
        assert worst_rows(arrays, p, ROWS) == sorted(arrays.loss[p].tolist(), reverse=True)[: depth_needed(ROWS)]


def test_a_book_is_built_anew_after_so_many_moves_and_after_a_huge_one() -> None:
    arrays = random_arrays(3)
    arrays.updates[1] = REBUILD_EVERY - 2
    arrays.quantity[1, 0] = 500.0
    arrays.loss[1] += 1e-3  # what rounding would be after very many moves
    move_exposure(arrays, 1, 0)
    assert abs(arrays.loss[1].sum() + arrays.exposure[1, :NAMES] @ arrays.returns[:NAMES].sum(axis=1)) > 0.1
    arrays.quantity[1, 0] = 501.0
    move_exposure(arrays, 1, 0)
    fresh = copied(arrays)
    rebuild(fresh, 1)
    assert arrays.loss[1].tobytes() == fresh.loss[1].tobytes()
    arrays.loss[2] += 1e-3
    arrays.quantity[2, 1] = 1e12
    move_exposure(arrays, 2, 1)
    arrays.quantity[2, 1] = 1.0
    move_exposure(arrays, 2, 1)
    rebuild(fresh, 2)
    gross = np.abs(arrays.exposure[2]).sum()
    np.testing.assert_allclose(arrays.loss[2], -arrays.exposure[2, :NAMES] @ arrays.returns[:NAMES], atol=1e-12 * gross)


def test_pnl_of_a_leaf_goes_up_to_sums_and_stops_being_carried_where_nobody_knows_a_value() -> None:
    arrays = random_arrays(4)
    before, days = arrays.value.copy(), arrays.day_pnl.copy()
    add_pnl(arrays, 1, 50.0)
    assert (arrays.value - before)[:4].tolist() == [50.0, 50.0, 0.0, 0.0]
    arrays.has_nav[2] = 0  # its V is unknown, and so is its part of the sum: the parent's V stays
    add_pnl(arrays, 2, 7.0)
    assert (arrays.value - before)[:4].tolist() == [50.0, 50.0, 0.0, 0.0]
    arrays.own_nav[0] = 1  # but a parent with navs of its own knows what its books win
    add_pnl(arrays, 2, 7.0)
    assert (arrays.value - before)[:4].tolist() == [57.0, 50.0, 0.0, 0.0]
    np.testing.assert_allclose((arrays.day_pnl - days)[:4], [64.0, 50.0, 14.0, 0.0], rtol=1e-9)


def test_a_price_wins_quantity_times_its_step_in_every_leaf_and_once_in_the_root() -> None:
    arrays = random_arrays(5)
    value = arrays.value.copy()
    step = 1.5 * float(arrays.pnl_unit[2])
    move_price(arrays, 2, float(arrays.mark[2]) + 1.5)
    won = arrays.quantity[list(LEAVES), 2] * step
    np.testing.assert_allclose((arrays.value - value)[list(LEAVES)], won, atol=1e-9)
    np.testing.assert_allclose((arrays.value - value)[0], won.sum(), atol=1e-9)


def test_candidates_hold_all_rows_where_there_are_few() -> None:
    arrays = random_arrays(6, rows=CANDIDATES)
    bound = refresh_candidates(arrays.loss[1], CANDIDATES, arrays.candidates[1])
    assert bound == -np.inf
    assert sorted(arrays.candidates[1].tolist()) == list(range(CANDIDATES))
    assert arrays.scalars[Scalar.ROWS] == CANDIDATES
