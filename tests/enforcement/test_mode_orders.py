"""Modes that operators have ordered, against a slow reading of the rule: named beats general, later beats earlier."""

from hypothesis import given
from hypothesis import strategies as st

from enforcement.limits import matches
from enforcement.modes import ModeOrder, Modes
from tests.enforcement.desk import limit_with

MODES = ("monitoring", "gradual", "full")
PATTERNS = (None, "firm", "firm/*", "firm/**", "**")
ORDERS = st.lists(
    st.tuples(st.sampled_from(MODES), st.sampled_from([None, "a", "b"]), st.sampled_from(PATTERNS)), max_size=8
)


def test_a_mode_given_at_a_limit_beats_the_general_one() -> None:
    assert Modes("monitoring").of(limit_with(mode="full"), "firm") == "full"
    assert Modes("full").of(limit_with(mode="monitoring"), "firm") == "monitoring"


@given(ORDERS, st.sampled_from([None, *MODES]), st.sampled_from(MODES), st.sampled_from(["firm", "firm/eq", "other"]))
def test_the_last_word_on_the_limit_counts_then_its_own_mode_then_the_last_word_on_all(
    said: list[tuple[str, str | None, str | None]], own: str | None, general: str, scope: str
) -> None:
    modes = Modes(general)
    for place, (mode, limit, pattern) in enumerate(said):
        modes.take(ModeOrder(mode, limit, pattern, str(place)))
    in_force: list[tuple[str, str | None, str | None]] = []
    for mode, limit, pattern in said:
        in_force = [
            each
            for each in in_force
            if not ((limit is None or limit == each[1]) and (pattern is None or pattern == each[2]))
        ]
        in_force.append((mode, limit, pattern))
    expected: str = own or general
    if own is None:
        for mode, limit, pattern in in_force:
            if limit is None and (pattern is None or matches(pattern, scope)):
                expected = mode
    for mode, limit, pattern in in_force:
        if limit == "a" and (pattern is None or matches(pattern, scope)):
            expected = mode
    assert modes.of(limit_with("a", mode=own), scope) == expected


def test_a_root_may_be_enforced_by_an_order_on_a_book_that_is_not_there_yet() -> None:
    modes = Modes("monitoring")
    modes.take(ModeOrder("full", "a", "firm/eq/**", "m"))
    assert modes.may_be_full_below(limit_with("a"), "firm")
    assert not modes.may_be_full_below(limit_with("a"), "other")
    assert not modes.may_be_full_below(limit_with("b"), "firm")
    assert modes.general == "monitoring"
