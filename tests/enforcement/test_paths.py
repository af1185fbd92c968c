"""The paths along which a book may shrink."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.paths import CapPath, Path, component_path, whole_book_path
from tests.enforcement.desk import row_book


@given(st.integers(0, 1_000), st.floats(0.0, 1.5), st.sampled_from(["var_99", "top_share", "whole"]))
def test_a_path_only_makes_positions_smaller_and_never_turns_them(seed: int, t: float, metric: str) -> None:
    book = row_book(seed, 6, lot=10.0)
    path = whole_book_path(book) if metric == "whole" else component_path(book, metric)
    assert path is not None
    after = path.at(min(t, path.length))
    assert (np.abs(after) <= np.abs(book.quantity)).all()
    assert (after * book.quantity >= 0.0).all()


def test_quantities_are_rounded_toward_zero_to_whole_lots() -> None:
    path = Path(np.array([105.0, -105.0, 7.0]), np.array([1.0, 1.0, 0.0]), np.full(3, 10.0), 1.0)
    assert path.at(0.05).tolist() == [90.0, -90.0, 7.0]
    cap = CapPath(np.array([105.0, -40.0]), np.array([105.0, -40.0]), np.full(2, 10.0))
    assert cap.at(0.05).tolist() == [90.0, -40.0]


def test_a_whole_number_of_lots_stays_whole() -> None:
    path = Path(np.array([0.3]), np.array([1.0]), np.array([0.1]), 1.0)
    assert path.at(0.0).tolist() == [pytest.approx(0.3)]


def test_the_traded_exposure_is_proportional_to_the_contribution() -> None:
    book = row_book(5, 6, lot=1e-9)
    path = component_path(book, "es_99")
    parts = np.maximum(book.components("es_99"), 0.0)
    assert isinstance(path, Path)
    traded = np.abs((book.quantity - path.at(0.1)) * book.unit)
    assert traded / traded.sum() == pytest.approx(parts / parts.sum(), abs=1e-6)
    assert (path.at(path.length)[parts > 0] == 0.0).all()


def test_without_a_contributor_there_is_no_path() -> None:
    book = row_book(5, 3)
    assert component_path(replace(book, quantity=np.zeros(3)), "gross") is None
    assert component_path(replace(book, quantity=np.zeros(3)), "top_share") is None
