"""What is remembered of a scope: episodes, and the names of timers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.scopes import Episode, scope_of, timer_name


def test_an_episode_that_begins_in_the_session_in_which_the_last_ended_is_the_same() -> None:
    episode = Episode()
    assert episode.ordinal_at(10) == 1
    episode.ordinal, episode.is_open = 1, True
    assert episode.ordinal_at(99) == 1
    episode.is_open, episode.ended_session = False, 12
    assert (episode.ordinal_at(12), episode.ordinal_at(13)) == (1, 2)


@given(st.text(), st.text(), st.text())
def test_the_scope_of_a_timer_is_found_again(limit: str, level: str, scope: str) -> None:
    assert scope_of(timer_name(limit, level, scope)) == scope


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_two_lives_never_share_a_timer(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (timer_name(*one, "firm") == timer_name(*other, "firm")) == (one == other)


@pytest.mark.parametrize("name", ["row|1|2|firm", "life|x"])
def test_a_timer_of_something_else_is_refused(name: str) -> None:
    with pytest.raises(AssertionError, match=r"must be life\|limit\|level\|scope"):
        scope_of(name)
