"""Every metric against its definition in numpy, the rules of status, and what wakes a scope."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.kernels.measure as kernels
from risk.arrays import Arrays, Fit, Scalar
from risk.historical import expected_shortfall, value_at_risk
from risk.kernels.book import move_exposure
from risk.kernels.measure import measure
from risk.measures import METRIC_INDEX, METRICS, Status
from tests.risk.random_arrays import (
    NAMES,
    ROWS,
    SCENARIOS,
    assert_same_bytes,
    assert_twin,
    copied,
    metric,
    random_arrays,
    status,
)

Rows = Callable[[Arrays], tuple[object, ...]]

LEVELS = {"95": 950_000, "975": 975_000, "99": 990_000}
HISTORICAL = [f"{kind}_{name}" for kind in ("var", "es") for name in LEVELS]
MONEY = ("gross_leverage", "net_leverage", "drawdown")


def measured(seed: int, p: int = 1, **changes: float) -> Arrays:
    """Return arrays with scope p measured after some of its values were set."""
    arrays = random_arrays(seed)
    for name, value in changes.items():
        getattr(arrays, name)[p] = value
    measure(arrays, p)
    return arrays


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 3))
def test_metrics_are_what_their_definitions_say(seed: int, p: int) -> None:
    arrays = measured(seed, p)
    x = arrays.exposure[p, :NAMES]
    gross, net, nav = np.abs(x).sum(), abs(x.sum()), arrays.value[p]
    for name, p_ppm in LEVELS.items():
        assert metric(arrays, p, f"var_{name}") == value_at_risk(arrays.loss[p], p_ppm)
        np.testing.assert_allclose(
            metric(arrays, p, f"es_{name}"), expected_shortfall(arrays.loss[p], p_ppm), rtol=1e-12
        )
    risk = np.abs(x * arrays.sigma_x[p, :NAMES])
    index = arrays.index_base[p] * nav / arrays.value_base[p]
    names = int(np.count_nonzero(x))
    expected = {
        "gross": gross,
        "net": net,
        "gross_leverage": gross / nav,
        "net_leverage": net / nav,
        "worst_loss": arrays.stress[p].max(),
        "failures": float((arrays.stress[p] > arrays.scenario_limit).sum()),
        "top_share": np.abs(x).max() / (gross if names >= 8 else nav),
        "hhi": ((risk / risk.sum()) ** 2).sum(),
        "drawdown": 1.0 - index / max(1.2, index),
        "day_loss": -arrays.day_pnl[p],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(metric(arrays, p, name), value, rtol=1e-10, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(arrays.variance[p], x @ arrays.sigma[:NAMES, :NAMES] @ x, rtol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_kernels_equal_their_python_twins_bit_by_bit(seed: int) -> None:
    arrays = random_arrays(seed)
    arrays.fit[1] = (5e4, 7e4, 1e-4, Status.OK, Status.OK, 1e6, 1.4, 1.2)
    assert_twin(measure, arrays, 1)
    numbers: Rows = lambda a: (a.metrics[2], a.fresh[2])  # noqa: E731 -- a table of small functions
    cases: tuple[tuple[Callable[..., object], Rows], ...] = (
        (
            kernels._historical,
            lambda a: (a.loss[2], a.candidates[2], a.member, a.candidate_bound[2], ROWS, 0, False, *numbers(a)),
        ),
        (kernels._tail_fit, lambda a: (a.fit[1], 3.5e9, 0, False, *numbers(a))),
        (
            kernels._stress,
            lambda a: (
                a.stress[3], a.stress_suspect[3], a.covered_gross[3], a.scenario_limit, SCENARIOS, 0, 1e5, *numbers(a)
            ),
        ),
        (kernels._leverage, lambda a: (a.value[0], True, 1e5, -1e4, 0, False, *numbers(a))),
        (kernels._top_share, lambda a: (2e4, 1e5, a.value[0], True, 7, 0, False, *numbers(a))),
        (kernels._hhi, lambda a: (3.0, 2.0, ROWS, 0, False, *numbers(a))),
        (kernels._compare, lambda a: (a.metrics[2], a.fresh[2], a.statuses[2], a.wake[2], a.doze_low[2])),
    )  # fmt: skip
    for kernel, rows_of in cases:
        compiled, plain = copied(arrays), copied(arrays)
        python: Callable[..., object] = getattr(kernel, "py_func")  # noqa: B009 -- numba's dispatchers are untyped
        assert kernel(*rows_of(compiled)) == python(*rows_of(plain)), kernel
        assert_same_bytes(compiled, plain)


def test_measuring_twice_changes_nothing() -> None:
    arrays = measured(5)
    again = copied(arrays)
    measure(again, 1)
    for name, one, other in zip(Arrays._fields, arrays, again, strict=True):
        assert one.tobytes() == other.tobytes(), name


@pytest.mark.parametrize(
    ("rows", "name", "expected"),
    [
        (19, "var_95", Status.INSUFFICIENT), (20, "var_95", Status.DEGRADED), (39, "var_975", Status.INSUFFICIENT),
        (40, "es_975", Status.DEGRADED), (99, "es_99", Status.INSUFFICIENT), (100, "var_99", Status.DEGRADED),
        (ROWS, "es_99", Status.DEGRADED), (59, "hhi", Status.INSUFFICIENT), (60, "hhi", Status.DEGRADED),
    ],
)  # fmt: skip
def test_a_status_follows_from_the_count_of_rows(rows: int, name: str, expected: Status) -> None:
    arrays = random_arrays(6, rows=rows)
    measure(arrays, 1)
    assert status(arrays, 1, name) is expected
    assert np.isnan(metric(arrays, 1, name)) == (expected is Status.INSUFFICIENT)


def test_an_untrusted_part_over_one_per_cent_of_gross_makes_numbers_invalid_and_less_degrades() -> None:
    arrays = random_arrays(7)
    held = int(np.flatnonzero(arrays.quantity[1])[0])
    arrays.untrusted[held], arrays.scalars[Scalar.FLAGGED] = 1.0, 1
    measure(arrays, 1)
    assert status(arrays, 1, "gross") is Status.INVALID
    arrays.quantity[1, held] = 1e-3 / arrays.unit[held]
    move_exposure(arrays, 1, held)
    measure(arrays, 1)
    assert status(arrays, 1, "gross") is Status.DEGRADED


def test_a_suspect_price_degrades_everything_and_a_proxied_window_what_rests_on_it() -> None:
    arrays = random_arrays(8)
    arrays.statuses[:] = Status.OK
    held = int(np.flatnonzero(arrays.quantity[1])[0])
    arrays.proxied[held], arrays.scalars[Scalar.FLAGGED] = 1.0, 1
    measure(arrays, 1)
    assert (status(arrays, 1, "gross"), status(arrays, 1, "worst_loss")) == (Status.OK, Status.OK)
    assert (status(arrays, 1, "var_95"), status(arrays, 1, "hhi")) == (Status.DEGRADED, Status.DEGRADED)
    arrays.suspect[held] = 1.0
    measure(arrays, 1)
    assert status(arrays, 1, "gross") is Status.DEGRADED


@pytest.mark.parametrize(("name", "value"), [("missing", 1), ("known", 0)])
def test_a_book_that_is_not_known_whole_has_no_valid_number(name: str, value: int) -> None:
    arrays = measured(9, **{name: value})
    computed = ("gross", "net", "var_95", "worst_loss", "top_share", "gross_leverage", "drawdown", "day_loss")
    assert {status(arrays, 1, each) for each in computed} == {Status.INVALID}


def test_an_empty_book_has_no_risk_and_is_ok() -> None:
    arrays = random_arrays(10)
    arrays.quantity[1] = 0.0
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    zeros = [*HISTORICAL, "var_999", "es_999", "worst_loss", "failures", "gross", "net", "top_share", "hhi", *MONEY[:2]]
    assert {name: metric(arrays, 1, name) for name in zeros} == dict.fromkeys(zeros, 0.0)
    assert {status(arrays, 1, name) for name in zeros} == {Status.OK}


def test_without_a_nav_what_needs_one_is_insufficient() -> None:
    arrays = measured(11, has_nav=0)
    assert {status(arrays, 1, name) for name in MONEY} == {Status.INSUFFICIENT}
    assert all(np.isnan(metric(arrays, 1, name)) for name in MONEY)
    assert status(arrays, 1, "gross") is Status.OK


def test_a_nav_at_or_under_zero_is_infinite_leverage_and_a_broken_index_invalid() -> None:
    arrays = measured(12, value=0.0, index_valid=0)
    assert (metric(arrays, 1, "gross_leverage"), metric(arrays, 1, "net_leverage")) == (np.inf, np.inf)
    assert (status(arrays, 1, "drawdown"), status(arrays, 1, "gross_leverage")) == (Status.INVALID, Status.OK)


def test_an_empty_book_has_no_leverage_whatever_its_nav() -> None:
    """A fund that sold out at a loss must not read a missing number with a good status."""
    arrays = random_arrays(12)
    arrays.quantity[1], arrays.value[1] = 0.0, -1e6
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    assert (metric(arrays, 1, "gross_leverage"), metric(arrays, 1, "net_leverage")) == (0.0, 0.0)
    assert status(arrays, 1, "gross_leverage") is Status.OK


def test_few_names_are_held_against_the_nav() -> None:
    arrays = random_arrays(13)
    arrays.quantity[1] = 0.0
    arrays.quantity[1, :7] = 10.0
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    x = np.abs(arrays.exposure[1])
    assert metric(arrays, 1, "top_share") == x.max() / arrays.value[1]
    arrays.quantity[1, 7] = 10.0
    move_exposure(arrays, 1, 7)
    measure(arrays, 1)
    assert metric(arrays, 1, "top_share") == pytest.approx(x.max() / np.abs(arrays.exposure[1]).sum(), rel=1e-12)


def test_scenarios_that_cover_too_little_do_not_count_as_passed() -> None:
    arrays = random_arrays(14)
    gross = np.abs(arrays.exposure[1]).sum()
    arrays.covered_gross[1, 0] = 0.79 * gross
    measure(arrays, 1)
    assert (status(arrays, 1, "worst_loss"), status(arrays, 1, "failures")) == (Status.DEGRADED, Status.DEGRADED)
    assert metric(arrays, 1, "worst_loss") == arrays.stress[1, 1:].max()
    arrays.covered_gross[1] = 0.0
    measure(arrays, 1)
    assert status(arrays, 1, "worst_loss") is Status.INSUFFICIENT
    assert np.isnan(metric(arrays, 1, "worst_loss"))


def test_stress_is_the_worse_of_the_mark_and_the_price_in_quarantine() -> None:
    arrays = random_arrays(15)
    measure(arrays, 1)
    worst = metric(arrays, 1, "worst_loss")
    arrays.stress_suspect[1] = -1e6  # a suspect gain is not believed
    measure(arrays, 1)
    assert metric(arrays, 1, "worst_loss") == worst
    arrays.stress_suspect[1] = 1e6
    measure(arrays, 1)
    assert metric(arrays, 1, "worst_loss") == (arrays.stress[1] + 1e6).max()
    assert metric(arrays, 1, "failures") == SCENARIOS


def test_a_tail_fit_scales_with_volatility_keeps_infinity_and_is_asked_for_when_the_book_moves() -> None:
    arrays = random_arrays(16)
    measure(arrays, 1)
    assert status(arrays, 1, "var_999") is Status.INSUFFICIENT
    variance = float(arrays.variance[1])
    gross = np.abs(arrays.exposure[1]).sum()
    arrays.fit[1] = (1e5, np.inf, variance / 4.0, Status.INVALID, Status.OK, gross, np.inf, 1.6)
    arrays.fit_exposure[1] = arrays.exposure[1]
    measure(arrays, 1)
    assert (metric(arrays, 1, "var_999"), metric(arrays, 1, "es_999")) == (2e5, np.inf)
    assert (status(arrays, 1, "var_999"), status(arrays, 1, "es_999")) == (Status.INVALID, Status.OK)
    assert (metric(arrays, 1, "tail_ratio"), metric(arrays, 1, "tail_ratio_sure")) == (np.inf, 1.6)
    assert (status(arrays, 1, "tail_ratio"), status(arrays, 1, "tail_ratio_sure")) == (Status.OK, Status.OK)
    arrays.fit[1, Fit.RATIO] = np.nan  # VaR 99 % was no loss
    measure(arrays, 1)
    assert status(arrays, 1, "tail_ratio") is Status.INSUFFICIENT
    arrays.scalars[Scalar.ROWS] = ROWS
    arrays.fit[1, Fit.GROSS] = 1.0
    arrays.fit_exposure[1] = 0.0
    measure(arrays, 1)
    assert arrays.refit[1] == 0, "a window under 250 rows is not fitted"


def test_a_scope_wakes_over_a_level_on_a_changed_status_and_while_it_is_alive() -> None:
    arrays = measured(17)
    arrays.woken[1] = 0
    measure(arrays, 1)
    assert arrays.woken[1] == 0
    gross = METRIC_INDEX["gross"]
    arrays.wake[1, gross] = metric(arrays, 1, "gross")
    measure(arrays, 1)
    assert arrays.woken[1] == 0, "at the level is not over it"
    arrays.wake[1, gross] = np.nextafter(metric(arrays, 1, "gross"), 0.0)
    measure(arrays, 1)
    assert arrays.woken[1] == 1
    arrays.wake[1, gross], arrays.woken[1], arrays.known[1] = np.inf, 0, 0
    measure(arrays, 1)
    assert arrays.woken[1] == 1
    arrays.woken[1], arrays.alive[1] = 0, 1
    measure(arrays, 1)
    assert arrays.woken[1] == 1


def test_scaling_a_book_scales_its_money_and_leaves_its_shares() -> None:
    arrays = random_arrays(18)
    measure(arrays, 1)
    before = arrays.metrics[1].copy()
    arrays.quantity[1] *= 4.0
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    for name in (*HISTORICAL, "gross", "net", "worst_loss", "gross_leverage"):
        np.testing.assert_allclose(metric(arrays, 1, name), 4.0 * before[METRICS.index(name)], rtol=1e-9)
    np.testing.assert_allclose(metric(arrays, 1, "hhi"), before[METRICS.index("hhi")], rtol=1e-9)
