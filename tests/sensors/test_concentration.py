"""Concentration in large and small books."""

from math import inf

import pytest

from sensors.concentration import Concentration
from tests.enforcement.desk import measures_with

TOP = Concentration("top_share", (0.20, 0.25))


@pytest.mark.parametrize(("names", "levels", "of"), [(8, (0.20, 0.25), "gross"), (7, (0.5, 0.625), "NAV")])
def test_fewer_than_eight_names_are_held_against_their_share_of_nav(names: int, levels, of: str) -> None:
    reading = TOP.read(measures_with(names=names, top_share=0.3))
    assert reading.levels == levels
    assert reading.reason == f"largest position of {of} 30.00%"


def test_the_hhi_of_a_small_book_asks_nothing() -> None:
    reading = Concentration("hhi", (0.18,)).read(measures_with(names=3, hhi=0.9))
    assert (reading.statistic, reading.levels, reading.utilisation) == (0.9, (inf,), 0.0)


def test_the_lowest_level_of_any_book_is_known() -> None:
    assert TOP.lowest_level() == 0.20
    assert Concentration("top_share", (0.25,), small_book_at=0.1).lowest_level() == 0.1
    assert Concentration("hhi", (0.18,)).lowest_level() == 0.18


def test_a_reduced_book_has_to_reach_the_level_of_its_own_size() -> None:
    assert TOP.target_levels(7) == (0.5, 0.625)
    assert Concentration("hhi", (0.18,)).target_levels(7) == (0.18,)
