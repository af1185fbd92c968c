"""Bounds on how much of an order may be left: never under a size that passes, and near the size that does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import Arrays, Fit
from risk.kernels.bounding import lots_at_ceiling, lots_until_quantile
from risk.kernels.filled import HeldBooks, Trade, fill_scope
from risk.measures import METRIC_INDEX, Status
from tests.risk.random_arrays import ROWS, random_arrays
from tests.risk.test_kernels_filled import PATH, python_of, rows_of, trade_of

LOTS = 60
CONVEX = ("es_95", "es_975", "es_99", "var_999", "es_999", "worst_loss", "gross", "gross_leverage")
COUNTED = ("var_95", "var_975", "var_99")
UNBOUND = ("hhi", "top_share", "net", "vol_ratio", "liquidity_cost")


def with_tail_fit(arrays: Arrays) -> Arrays:
    """The same with a fitted 99.9 % tail of the leaf, which is scaled by the deviation."""
    leaf = arrays.fit[PATH[0]]
    leaf[[Fit.VAR_999, Fit.ES_999]] = 4e4, 6e4
    leaf[Fit.REFERENCE_VARIANCE], leaf[Fit.GROSS] = arrays.variance[PATH[0]], 1e9
    leaf[[Fit.VAR_STATUS, Fit.ES_STATUS]] = Status.OK
    return arrays


def valued(books: Arrays, held: HeldBooks, trade: Trade, lots: int, at: int) -> float:
    """The number with so many lots, each in rows of its own."""
    fill_scope(books, held, trade, 0, lots, False, np.zeros(ROWS))
    return float(books.metrics[0, at])


@pytest.mark.parametrize("name", [*CONVEX, *COUNTED])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 49), i=st.integers(0, 10), side=st.sampled_from([1.0, -1.0]), share=st.floats(0.5, 1.0))
def test_no_size_over_the_bound_is_under_the_ceiling(name: str, seed: int, i: int, side: float, share: float) -> None:
    """Every size down from the whole order is tried: the first that passes is at or under the bound."""
    arrays, at = with_tail_fit(random_arrays(seed)), METRIC_INDEX[name]
    trade = trade_of(arrays, i, side * 1_500.0, lots=LOTS)._replace(lot=25.0)
    books, held = rows_of(arrays)
    tried = [valued(books, held, trade, lots, at) for lots in range(LOTS + 1)]
    ceiling = min(tried) + share * (tried[LOTS] - min(tried))
    if not tried[LOTS] > ceiling * (1.0 + 1e-9) or not ceiling > 0.0:
        return
    fill_scope(books, held, trade, 0, LOTS, False, np.zeros(ROWS))
    bound = lots_at_ceiling(books, trade, 0, at, LOTS, ceiling, np.zeros(ROWS))
    assert not np.isnan(bound)
    assert bound < LOTS
    passing = [lots for lots in range(LOTS) if tried[lots] <= ceiling * (1.0 - 1e-9)]
    assert bound >= max(passing, default=-1) - 1e-6


@pytest.mark.parametrize("name", [*CONVEX, *COUNTED, *UNBOUND])
@pytest.mark.parametrize("units", [900.0, -900.0])
def test_a_bound_is_as_its_python_twin_has_it(name: str, units: float) -> None:
    arrays, at = with_tail_fit(random_arrays(7)), METRIC_INDEX[name]
    trade = trade_of(arrays, 4, units)
    books, held = rows_of(arrays)
    fill_scope(books, held, trade, 0, trade.sizes_max, False, np.zeros(ROWS))
    ceiling = 0.8 * float(books.metrics[0, at])
    with np.errstate(all="ignore"):
        slow = python_of(lots_at_ceiling)(books, trade, 0, at, trade.sizes_max, ceiling, np.zeros(ROWS))
    found = lots_at_ceiling(books, trade, 0, at, trade.sizes_max, ceiling, np.zeros(ROWS))
    assert found == pytest.approx(slow, rel=1e-12, nan_ok=True)
    assert np.isnan(found) == (name in UNBOUND)


@given(
    lines=st.lists(st.tuples(st.integers(-20, 20), st.integers(-5, 5)), min_size=1, max_size=40),
    ceiling=st.integers(-10, 10), p_ppm=st.sampled_from([950_000, 975_000, 990_000]),
)  # fmt: skip
def test_a_quantile_is_over_its_ceiling_until_enough_rows_have_left(
    lines: list[tuple[int, int]], ceiling: int, p_ppm: int
) -> None:
    """Losses are lines in the size; before the time that is told, no quantile is at the ceiling."""
    loss, slope = (np.array(column, dtype=np.float64) for column in zip(*lines, strict=True))
    rows, spare, chosen = len(lines), np.zeros(len(lines)), np.zeros(len(lines), dtype=np.int64)
    back = lots_until_quantile(loss, -slope, rows, p_ppm, float(ceiling), 1.0, spare, chosen)
    rank = (rows * p_ppm + 999_999) // 1_000_000
    for lots in np.arange(0.0, min(back, 45.0) - 1e-9, 0.25).tolist():
        assert np.sort(loss - lots * slope)[rank - 1] > ceiling
    if np.all(slope >= 0.0) and np.isfinite(back):  # nothing rises: then it is the very time
        assert np.sort(loss - back * slope)[rank - 1] <= ceiling + 1e-9
