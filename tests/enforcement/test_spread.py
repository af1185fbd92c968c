"""A parent's reduction over the books under it: together they hold what the parent is to hold, in whole lots."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.records import BookTarget, Target
from enforcement.spread import spread, targets_of
from risk.measures import Matrix
from tests.enforcement.desk import RowBook, row_book


def parent(held: Matrix, lot: float = 1.0) -> RowBook:
    """Return a book over the leaves firm/0, firm/1, ... that hold the rows of `held`."""
    made = replace(row_book(4, held.shape[1]), lot=np.full(held.shape[1], lot))
    leaves = tuple(replace(made, scope=f"firm/{at}", quantity=row) for at, row in enumerate(held))
    return replace(made, quantity=held.sum(axis=0), children=leaves)


@given(st.integers(0, 100_000), st.integers(1, 6), st.integers(1, 5), st.sampled_from([1.0, 10.0, 0.01]))
def test_the_books_hold_together_what_the_parent_is_to_hold(seed: int, leaves: int, names: int, lot: float) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    held = draw.integers(-40, 60, (leaves, names)) * lot
    book = parent(held, lot)
    wanted = np.floor(np.abs(book.quantity / lot) * draw.random(names) + 1e-9) * lot * np.sign(book.quantity)
    found = spread(book, wanted)
    assert found.net == pytest.approx(wanted, abs=1e-9)
    assert found.parts.sum(axis=0) == pytest.approx(wanted, abs=1e-9)
    assert (np.abs(found.parts) <= np.abs(held)).all()
    assert (found.parts * held >= 0.0).all()
    assert (found.parts == held)[held * book.quantity <= 0.0].all(), "the other side gives nothing"
    assert np.abs(found.parts / lot - np.round(found.parts / lot)).max() < 1e-6


@given(st.integers(0, 100_000))
def test_each_book_of_the_side_gives_its_share_to_a_lot(seed: int) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    held = draw.integers(0, 5_000, (5, 1)).astype(np.float64)
    held[0] += 1.0
    book = parent(held)
    wanted = np.floor(book.quantity * draw.random())
    share = wanted[0] / book.quantity[0]
    assert np.abs(spread(book, wanted).parts - held * share).max() <= 1.0


def test_parts_of_lots_are_rounded_so_that_the_parent_is_never_over_what_is_wanted() -> None:
    book = parent(np.array([[109.0], [109.0]]), lot=10.0)
    found = spread(book, np.array([210.0]))
    assert found.net[0] == found.parts.sum() <= 210.0
    assert found.net[0] >= 200.0
    assert set(found.parts[:, 0] % 10.0) <= {0.0, 9.0}, "a whole number of lots, or what was held"


def test_a_spared_book_gives_nothing_where_the_others_hold_enough() -> None:
    book = parent(np.array([[100.0, 100.0], [100.0, 20.0], [-30.0, 0.0]]))
    wanted = np.array([90.0, 70.0])
    spared = spread(book, wanted, frozenset({"firm/0"}))
    assert spared.parts.tolist() == [[100.0, 58.0], [20.0, 12.0], [-30.0, 0.0]]
    assert spread(book, wanted).parts[0, 0] == 60.0


def test_what_a_scope_without_books_is_to_hold_is_what_is_wanted() -> None:
    book = row_book(4, 3)
    found = spread(book, 0.5 * book.quantity)
    assert (found.net.tolist(), found.parts.shape) == ((0.5 * book.quantity).tolist(), (0, 3))


def test_targets_name_what_becomes_smaller_and_the_side_of_each_book() -> None:
    book = parent(np.array([[100.0, -50.0], [40.0, 20.0]]))
    targets, books = targets_of(book, spread(book, np.array([70.0, -20.0])))
    assert targets == (Target("I00", 70.0, "sell"), Target("I01", 20.0, "buy"))
    assert books == (
        BookTarget("firm/0", "I00", 50.0, "sell"),
        BookTarget("firm/0", "I01", 40.0, "buy"),
        BookTarget("firm/1", "I00", 20.0, "sell"),
    )
