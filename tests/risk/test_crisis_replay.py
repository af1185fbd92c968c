"""Historical replay: compounded, with its worst point, and honest about what it does not know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.crisis_replay import CrisisReplay, Flags
from risk.crisis_replay import replay_crisis as replay_columns
from risk.measures import Matrix, Status, Vector
from risk.proxies import CellFlag


def replay_crisis(exposure: Vector, returns: Matrix, flags: Flags) -> CrisisReplay:
    """Replay a book that holds every column, and once more between columns of others."""
    found = replay_columns(exposure, returns, flags, np.arange(exposure.size))
    apart = np.full((returns.shape[0], 2 * exposure.size + 1), np.nan)
    places = 2 * np.arange(exposure.size) + 1
    apart[:, places] = returns
    wide = np.full(apart.shape, CellFlag.UNMODELLED, dtype=np.int8)
    wide[:, places] = flags
    again = replay_columns(exposure, apart, wide, places)
    assert (again.pnl.tobytes(), again.status, again.coverage) == (found.pnl.tobytes(), found.status, found.coverage)
    return found


def seen(rows: int, names: int) -> Flags:
    return np.full((rows, names), CellFlag.OBSERVED, dtype=np.int8)


def test_losses_compound_and_the_worst_point_is_found() -> None:
    returns = np.array([[0.10], [-0.50], [0.20], [-0.10], [0.50]])
    found = replay_crisis(np.array([1000.0]), returns, seen(5, 1))
    np.testing.assert_allclose(found.pnl, [100.0, -450.0, -340.0, -406.0, -109.0], atol=1e-9)
    assert found.final == pytest.approx(-109.0)
    assert (found.worst, found.worst_at) == (pytest.approx(-450.0), 1)
    assert (found.drawdown, found.peak_at, found.trough_at) == (pytest.approx(550.0), 0, 1)
    assert (found.worst_day, found.worst_day_at) == (pytest.approx(-550.0), 1)
    assert (found.coverage, found.status) == (1.0, Status.OK)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 2**32))
def test_the_figures_are_those_of_the_slow_path(rows: int, names: int, seed: int) -> None:
    generator = np.random.Generator(np.random.Philox(seed))
    returns, x = generator.normal(0.0, 0.05, (rows, names)), generator.normal(0.0, 1e6, names)
    found = replay_crisis(x, returns, seen(rows, names))
    path = [0.0, *(float(sum(x * (np.prod(1.0 + returns[: t + 1], axis=0) - 1.0))) for t in range(rows))]
    size = float(np.abs(x).sum())
    assert found.final == pytest.approx(path[-1], abs=1e-9 * size)
    assert found.worst == pytest.approx(min(path), abs=1e-9 * size)
    falls = [max(path[: t + 1]) - path[t] for t in range(rows + 1)]
    assert found.drawdown == pytest.approx(max(falls), abs=1e-9 * size)
    assert found.worst_day == pytest.approx(min(np.diff(path)), abs=1e-9 * size)


def test_a_book_that_only_wins_never_fell() -> None:
    found = replay_crisis(np.array([-10.0]), np.array([[-0.1], [-0.1]]), seen(2, 1))
    assert (found.worst, found.worst_at, found.drawdown) == (0.0, -1, 0.0)
    assert found.final == pytest.approx(1.9)


def test_what_has_no_history_is_left_out_and_said_never_zero() -> None:
    flags = seen(3, 3)
    flags[1, 1], flags[:, 2] = CellFlag.UNMODELLED, CellFlag.PROXIED
    returns = np.array([[-0.1, -0.9, -0.1]] * 3)
    found = replay_crisis(np.array([800.0, 100.0, 100.0]), returns, flags)
    assert found.coverage == pytest.approx(0.9)
    assert found.excluded.tolist() == [False, True, False]
    assert found.proxied.tolist() == [False, False, True]
    assert found.status is Status.DEGRADED
    assert found.final == pytest.approx(900.0 * (0.9**3 - 1.0))


def test_under_eighty_percent_coverage_nothing_is_told() -> None:
    flags = seen(2, 2)
    flags[0, 0] = CellFlag.UNMODELLED
    found = replay_crisis(np.array([30.0, 70.0]), np.full((2, 2), -0.1), flags)
    assert (found.coverage, found.status) == (0.7, Status.INSUFFICIENT)


def test_an_empty_book_goes_through_unharmed() -> None:
    found = replay_crisis(np.zeros(0), np.zeros((4, 0)), seen(4, 0))
    assert (found.final, found.worst, found.drawdown, found.coverage, found.status) == (0.0, 0.0, 0.0, 1.0, Status.OK)


def test_no_rows_and_no_finite_return_are_no_numbers() -> None:
    assert replay_crisis(np.ones(1), np.zeros((0, 1)), seen(0, 1)).status is Status.INSUFFICIENT
    assert replay_crisis(np.ones(1), np.full((1, 1), np.inf), seen(1, 1)).status is Status.INVALID
