"""What is skipped: only looks that would change nothing."""

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.promotion import PromotionConfig
from config.schema import Level, Limit
from enforcement.attention import has_moved, is_calm, is_settled
from enforcement.builtin import Freshness, Silence
from enforcement.judgement import judge
from enforcement.ladder import Unit
from enforcement.life import Clock
from enforcement.limits import bind_built_in, bind_configured
from enforcement.retarget import LazyBook, Sight
from enforcement.scopes import new_scope
from risk.measures import Status
from sensors.catalogue import SHIPPED
from tests.enforcement.desk import (
    MINUTE,
    SECOND,
    START,
    AlwaysOpen,
    Desk,
    config_with,
    limit_with,
    measures_with,
    row_book,
)

ACTIONS = ("none", "warn", "throttle", "reduce_position", "halt")
LIMITS = [
    limit_with("l", "stress_failure", "worst_loss", levels=[
        Level(name="soft", at=1e5, action="warn"), Level(name="hard", at=2e5, action=action),
    ], latch=latch, **{"for": wait})
    for action in ACTIONS for latch in (False, True) for wait in (0, MINUTE)
] + [limit_with("l", "concentration", "top_share", at=1.5e5, action="warn")]  # fmt: skip
LOOKS = st.tuples(
    st.sampled_from([5e4, 9.5e4, 1.5e5, 1.51e5, 1.85e5, 2.5e5, 2.6e5, inf, nan]), st.sampled_from(list(Status)),
    st.sampled_from(["price", "other"]), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([SECOND, MINUTE, 20 * MINUTE]),
)  # fmt: skip


@settings(max_examples=200)
@given(st.sampled_from(LIMITS), st.lists(LOOKS, max_size=12))
def test_a_look_that_is_skipped_would_have_changed_nothing(limit: Limit, looks) -> None:
    """Walk a life through every state with full looks; wherever a skip is offered, the full look must agree."""
    freshness = Freshness()
    built_in = bind_built_in("firm", is_root=True, listed=True, freshness=freshness)
    bound = (*built_in, *bind_configured((limit,), "firm", "USD", SHIPPED))
    holder = new_scope("firm", bound, [Unit(each.limit.id, "firm", PromotionConfig(), 1.0) for each in bound])
    book = LazyBook(lambda: row_book(3, 5))
    desk = Desk(config_with())
    for value, status, cause, suspect, known, silent, opens_session, passed_ns in looks:
        freshness.silences = (Silence("market", START, MINUTE),) if silent else ()
        desk.n, desk.now_ns, desk.session = desk.n + 1, desk.now_ns + passed_ns, desk.session + opens_session
        moment = desk.moment(cause, suspect=suspect)
        shown = measures_with(known=known, statuses={limit.metric: status}, **{limit.metric: value})
        sight = Sight(shown, book, Clock(moment, AlwaysOpen(), "firm"))
        for index, each in enumerate(bound):
            reading = each.reader.read(shown)
            here = shown.value(limit.metric), int(shown.status(limit.metric))
            skipped = (
                is_calm(each, known, *here)
                if holder.quiet[index]
                else is_settled(each, holder.lives[index], moment, known=known, value=here[0], status=here[1])
            )
            for level, life in enumerate(list(holder.lives[index])):
                after, change = judge(holder, index, level, reading, sight)
                assert not skipped or (after is life and change is None)
                holder.store(index, level, after, moment.ts)


def test_a_level_that_stays_firing_and_one_that_stays_blind_are_skipped() -> None:
    """Otherwise a book in breach would cost a whole look at every tick."""
    desk = Desk(config_with(limit_with()))
    bound = bind_configured((limit_with(),), "firm", "USD", SHIPPED)[0]
    desk.see(var_99=3e5)
    firing = desk.enforcer._scopes["firm"].lives[-1]
    assert is_settled(bound, firing, desk.moment("price"), known=True, value=3e5, status=0)
    desk.see(measures=measures_with(statuses={"var_99": Status.INVALID}))
    blind = desk.enforcer._scopes["firm"].lives[-1]
    assert is_settled(bound, blind, desk.moment("price"), known=True, value=nan, status=3)
    assert is_settled(bound, blind, desk.moment("price"), known=False, value=3e5, status=0)
    late = replace(desk.moment("price"), ts=START + 60 * MINUTE)
    assert not is_settled(bound, blind, late, known=True, value=nan, status=3)


@pytest.mark.parametrize(
    ("old", "new", "does"),
    [
        (100.0, 101.0, False),
        (100.0, 101.1, True),
        (nan, 1.0, True),
        (inf, inf, False),
        (1.0, inf, True),
        (inf, 1.0, True),
    ],
)
def test_a_statistic_has_moved_by_more_than_one_percent(old: float, new: float, does: bool) -> None:
    assert has_moved(old, new) == does
