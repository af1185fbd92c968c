"""Which limits hold where, at which levels, and in which order."""

import re
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Level
from enforcement.builtin import Freshness
from enforcement.limits import (
    bind_built_in,
    bind_configured,
    matches,
    may_match_below,
    unwatched_limits,
    watched_limits,
)
from enforcement.limits import scaled_clear as scaled
from sensors.catalogue import SHIPPED
from tests.enforcement.desk import config_with, limit_with, measures_with

CONCENTRATION = limit_with("top", "concentration", "top_share", at=0.25, action="reduce_position")
HHI = limit_with("hhi", "concentration", "hhi", at=0.18, action="warn")
TAIL = limit_with("tail", "nobody", "tail_ratio", at=1.5)


def bound_one(limit):
    return bind_configured((limit,), "firm", "USD", SHIPPED)[0]


@pytest.mark.parametrize(
    ("pattern", "scope", "does"),
    [
        ("*", "firm", True), ("*", "firm/eq", False), ("firm", "firm", True), ("firm", "firm/eq", False),
        ("firm/*", "firm/eq", True), ("firm/*", "firm/eq/arb", False), ("firm/**", "firm", True),
        ("firm/**", "firm/eq/arb", True), ("**", "firm/eq", True), ("**/arb", "firm/eq/arb", True),
        ("**/arb", "firm/eq", False), ("fi?m/eq*", "firm/eq-us", True), ("firm/eq", "firm", False),
    ],
)  # fmt: skip
def test_a_glob_stays_within_one_element_unless_it_is_doubled(pattern: str, scope: str, does: bool) -> None:
    assert matches(pattern, scope) == does


PARTS = st.lists(st.sampled_from(["a", "b", "ab", "*", "?", "a*", "**"]), min_size=1, max_size=6)


@given(PARTS, st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=6))
def test_a_glob_matches_what_the_same_regular_expression_matches(pattern: list[str], path: list[str]) -> None:
    parts = {"**": "(?:[^/]+/)*", "*": "[^/]*/", "?": "[^/]/"}
    expression = "".join(parts.get(part, part.replace("*", "[^/]*") + "/") for part in pattern)
    expected = re.fullmatch(expression, "/".join(path) + "/") is not None
    assert matches("/".join(pattern), "/".join(path)) == expected


def test_a_glob_of_many_double_stars_does_not_try_every_way() -> None:
    """A command may name a glob of 256 characters; the longest path has 128 parts. Every way: 10^37."""
    assert not matches("**/" * 84 + "zz", "/".join("a" * 128))
    assert matches("**/a/" * 50 + "**", "/".join("a" * 128))


@pytest.mark.parametrize(
    ("pattern", "does"), [("*", True), ("**/x", True), ("firm/eq/*", True), ("f*/a", True), ("other/**", False)]
)
def test_a_glob_may_match_below_a_root(pattern: str, does: bool) -> None:
    assert may_match_below(pattern, "firm") == does


def test_limits_are_evaluated_by_sensor_then_as_configured_and_built_in_ones_first() -> None:
    cap = limit_with("cap", "exposure", "gross")
    config = config_with(CONCENTRATION, limit_with("b"), limit_with("a"), cap)
    limits = watched_limits(config.enforcement.limits, SHIPPED)
    assert [limit.id for limit in limits] == ["cap", "b", "a", "top"]
    root = bind_configured(limits, "firm", "USD", SHIPPED)
    assert [bound.limit.id for bound in root] == ["cap", "b", "a", "top"]
    assert bind_configured(limits, "firm/eq", "USD", SHIPPED) == ()
    unwatched = bind_built_in("firm", is_root=True, listed=True)
    assert [bound.limit.id for bound in unwatched] == ["model_available", "operator_halt"]
    watched = bind_built_in("firm", is_root=True, listed=True, freshness=Freshness())
    assert [bound.limit.id for bound in watched] == ["model_available", "data_fresh", "operator_halt"]
    child = bind_built_in("firm/eq", is_root=False, listed=False, freshness=Freshness())
    assert [bound.limit.id for bound in child] == ["operator_halt"]


def test_a_limit_of_a_sensor_that_this_release_lacks_is_listed_and_never_bound() -> None:
    config = config_with(TAIL, limit_with())
    assert [limit.id for limit in unwatched_limits(config, SHIPPED)] == ["tail"]
    assert [limit.id for limit in watched_limits(config.enforcement.limits, SHIPPED)] == ["var_99"]


@pytest.mark.parametrize(
    "limits",
    [(limit_with("a"), limit_with("a")), (limit_with("operator_halt"),)],
)
def test_an_id_given_twice_or_built_in_is_refused(limits) -> None:
    with pytest.raises(ValueError, match="limit id must be given once"):
        watched_limits(limits, SHIPPED)


def test_two_levels_of_one_name_are_refused() -> None:
    twice = limit_with(levels=[Level(at=1, action="warn"), Level(at=2, action="halt")])
    with pytest.raises(ValueError, match="names of levels must differ"):
        watched_limits((twice,), SHIPPED)


def test_a_metric_of_another_sensor_is_refused() -> None:
    with pytest.raises(ValueError, match="metric of the sensor var_breach must be one of"):
        bound_one(limit_with(metric="drawdown"))


def test_a_clear_level_over_its_level_is_refused() -> None:
    with pytest.raises(ValueError, match=r"clear_at of hard must be <= 2\.0, got 3"):
        bound_one(limit_with(levels=[Level(at=2, action="warn", clear_at=3)]))


def test_a_limit_wakes_at_eighty_percent_of_its_lowest_level() -> None:
    levels = [Level(name="soft", at=100, action="warn"), Level(name="hard", at=200, action="halt")]
    assert bound_one(limit_with(levels=levels)).wake_at == 80.0
    assert bound_one(CONCENTRATION).wake_at == 0.2
    lower = limit_with("top", "concentration", "top_share", at=0.25, small_book_at=0.1)
    assert bound_one(lower).wake_at == pytest.approx(0.08)


def test_a_small_book_clears_in_proportion_to_its_own_level() -> None:
    bound = bound_one(CONCENTRATION)
    small = bound.reader.read(measures_with(names=5, top_share=0.6))
    assert bound.effective(0, small) == (0.5, pytest.approx(0.45))
    large = bound.reader.read(measures_with(names=8, top_share=0.6))
    assert bound.effective(0, large) == (0.25, 0.225)
    assert bound.clear_at_of_reduced(0, large, 7) == pytest.approx(0.45)
    assert bound.clear_at_of_reduced(0, large, 8) == 0.225
    assert scaled(0.9, 1.0, inf) == inf


def test_selling_names_away_is_no_way_under_an_hhi() -> None:
    bound = bound_one(HHI)
    small = bound.reader.read(measures_with(names=5, hhi=0.6))
    assert bound.effective(0, small) == (inf, inf)
    assert bound.clear_at_of_reduced(0, small, 5) == pytest.approx(0.162)


def test_other_limits_ask_a_reduced_book_for_the_same_level() -> None:
    bound = bound_one(limit_with())
    assert bound.clear_at_of_reduced(0, bound.reader.read(measures_with(var_99=1.0)), 3) == 180_000.0
