"""Reductions of books with working orders: cancels come first, and what is left clears with its orders at the worst."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.enforcement.desk import RowBook, row_book
from tests.enforcement.test_targets import METRICS, applied, flat_at, solve


def ordered(seed: int, count: int, *, share: float = 0.6) -> RowBook:
    """Return a random book with open orders on both sides of some of its names, and of one that it does not hold."""
    book = row_book(seed, count)
    draw = np.random.Generator(np.random.Philox(seed + 1))
    size = np.abs(book.quantity)
    buys, sells = (np.round(size * draw.uniform(0.0, 1.5, count)) * (draw.random(count) < share) for _ in range(2))
    quantity = book.quantity.copy()
    quantity[0], buys[0] = 0.0, 300.0
    return replace(book, quantity=quantity, buys=buys, sells=sells)


@settings(max_examples=150)
@given(st.integers(0, 10_000), st.integers(2, 10), st.sampled_from((*METRICS, "failures")), st.floats(0.3, 0.98))
def test_after_the_cancels_the_targets_clear_whatever_of_the_orders_left_is_filled(
    seed: int, count: int, metric: str, share: float
) -> None:
    book = ordered(seed, count)
    statistic = book.evaluate(metric, book.quantity)
    assume(statistic > 0.0)
    level = share * statistic
    found = solve(book, metric, flat_at(level))
    assert found.does_clear
    left = {"none": book, "increasing": book.without("increasing"), "all": book.without("all")}[found.cancels]
    assert left.evaluate(metric, applied(book, found.targets)) <= level
    for target in found.targets:
        assert 0 <= target.max_abs_qty < abs(book.quantity[book.instruments.index(target.instrument)])


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 10), st.sampled_from(METRICS), st.floats(0.5, 1.5))
def test_nothing_is_sold_where_a_cancel_alone_clears(seed: int, count: int, metric: str, share: float) -> None:
    book = ordered(seed, count)
    alone = book.without("all").evaluate(metric, book.quantity)
    level = share * alone
    assume(book.evaluate(metric, book.quantity) > level > 0.0)
    found = solve(book, metric, flat_at(level))
    clears_alone = min(book.without(which).evaluate(metric, book.quantity) for which in ("increasing", "all")) <= level
    assert (found.targets == ()) == clears_alone
    if clears_alone:
        assert found.cancels != "none"
        assert "working orders are cancelled (" in found.clears_if


def one_name(held: float, *, buys: float = 0.0, sells: float = 0.0) -> RowBook:
    return replace(
        row_book(1, 1), instruments=("AA",), quantity=np.array([held]), unit=np.array([10.0]),
        buys=np.array([buys]), sells=np.array([sells]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("book", "level", "cancels", "targets", "text"),
    [
        (one_name(100.0, buys=50.0), 1_200.0, "increasing", {},
         "increasing working orders are cancelled (buy 50 AA)"),
        (one_name(100.0, buys=50.0), 800.0, "increasing", {"AA": 80.0},
         "increasing working orders are cancelled (buy 50 AA) and AA <= 80"),
        (one_name(100.0, sells=40.0), 800.0, "none", {"AA": 80.0}, "AA <= 80"),
        (one_name(100.0, sells=250.0), 1_200.0, "increasing", {},
         "increasing working orders are cancelled (sell 150 AA)"),
        (one_name(-100.0, buys=20.0, sells=30.0), 1_200.0, "increasing", {},
         "increasing working orders are cancelled (sell 30 AA)"),
        (one_name(0.0, buys=20.0), 100.0, "increasing", {}, "increasing working orders are cancelled (buy 20 AA)"),
    ],
)  # fmt: skip
def test_the_record_says_which_orders_go_and_what_is_sold(
    book: RowBook, level: float, cancels: str, targets: dict[str, float], text: str
) -> None:
    found = solve(book, "gross", flat_at(level))
    assert (found.cancels, found.clears_if) == (cancels, text)
    assert {target.instrument: target.max_abs_qty for target in found.targets} == targets


def test_orders_that_close_a_hedge_go_where_the_hedged_book_is_small_enough() -> None:
    """Both orders reduce their positions; what one of them alone would leave is what is too much."""
    book = replace(
        row_book(1, 2), instruments=("AA", "BB"), quantity=np.array([100.0, -100.0]), unit=np.array([10.0, 10.0]),
        buys=np.array([0.0, 100.0]), sells=np.array([100.0, 0.0]),
    )  # fmt: skip
    found = solve(book, "net", flat_at(500.0))
    assert (found.cancels, found.targets) == ("all", ())
    assert found.clears_if == "all working orders are cancelled (sell 100 AA, buy 100 BB)"
