"""The life of one level: every transition, and what must never happen."""

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import NoDataPolicy
from enforcement.life import NEW_LIFE, Clock, Life, Look, Rule, is_acting, is_breaching, step, timer_due_ns
from enforcement.moment import Moment, Wake
from enforcement.records import LifeState
from risk.measures import Status
from tests.enforcement.desk import MINUTE, SECOND, START, AlwaysOpen, ClosedUntil

RULE = Rule(0, 2, 60 * SECOND, 5, latch=False, no_data_after_ns=15 * MINUTE, on_no_data=None)
OVER, BETWEEN, UNDER = 120.0, 95.0, 80.0


def look(statistic: float, status: Status = Status.OK) -> Look:
    return Look(statistic, status, 100.0, 90.0)


def clock(
    ts: int = START, cause: Wake = "price", *, n: int | None = None, suspect: bool = False, quoted: bool = True,
    rows: int = 0, opens: AlwaysOpen | ClosedUntil | None = None,
) -> Clock:  # fmt: skip
    number = ts // SECOND if n is None else n
    moment = Moment(number, ts, cause, suspect, lambda: quoted, rows, False, 0, (), str)
    return Clock(moment, opens or AlwaysOpen(), "firm")


def walk(life: Life, *steps: tuple[Look, Clock], rule: Rule = RULE) -> Life:
    for each, at in steps:
        life = step(life, each, rule, at)
    return life


FIRING = walk(NEW_LIFE, (look(OVER), clock(START, "other")))
RECOVERING = walk(FIRING, (look(UNDER), clock(START + SECOND)))


def test_a_breach_by_a_price_waits_for_a_second_price() -> None:
    pending = walk(NEW_LIFE, (look(OVER), clock(START)))
    assert (pending.state, pending.confirmed) == (LifeState.PENDING, 1)
    firing = walk(pending, (look(OVER), clock(START + SECOND)))
    assert (firing.state, firing.acting_since_ns) == (LifeState.FIRING, START + SECOND)


def test_the_same_input_seen_twice_confirms_once() -> None:
    assert walk(NEW_LIFE, (look(OVER), clock(START, n=5)), (look(OVER), clock(START, n=5))).state is LifeState.PENDING


def test_a_breach_that_a_position_makes_is_confirmed_at_once() -> None:
    assert FIRING.state is LifeState.FIRING


def test_time_confirms_nothing_that_one_price_began() -> None:
    """One bad price must not halt a book because nothing else came before `for` was over, or a timer fired."""
    rule = replace(RULE, for_ns=MINUTE)
    pending = walk(NEW_LIFE, (look(OVER), clock(START)), (look(OVER), clock(START + MINUTE, "time", n=7)), rule=rule)
    assert (pending.state, pending.confirmed) == (LifeState.PENDING, 1)
    assert walk(pending, (look(OVER), clock(START + 61 * SECOND)), rule=rule).state is LifeState.FIRING


def test_another_cause_completes_a_confirmation_that_a_price_began() -> None:
    assert walk(NEW_LIFE, (look(OVER), clock()), (look(OVER), clock(START + 1, "other"))).state is LifeState.FIRING


def test_a_price_back_at_the_level_resets_the_confirmation() -> None:
    life = walk(NEW_LIFE, (look(OVER), clock()), (look(100.0), clock(START + SECOND)))
    assert (life.state, life.confirmed) == (LifeState.OK, 0)


def test_where_fits_confirm_nothing_else_does() -> None:
    """Five fits in a row, not five quotes on one fit, nor a fill, which makes no tail heavier."""
    rule = replace(RULE, confirm=3, by_fits=True)
    seen = [replace(look(OVER), fits=fits) for fits in (4, 4, 4, 5, 5, 6)]
    causes: list[Wake] = ["other", "price", "other", "other", "other", "price"]
    life, states = NEW_LIFE, []
    for at, (each, cause) in enumerate(zip(seen, causes, strict=True)):
        life = step(life, each, rule, clock(START + at, cause))
        states.append((life.state, life.confirmed))
    pending, firing = LifeState.PENDING, LifeState.FIRING
    assert states == [(pending, 1), (pending, 1), (pending, 1), (pending, 2), (pending, 2), (firing, 0)]


def test_one_fit_under_the_level_begins_the_count_anew() -> None:
    rule = replace(RULE, confirm=2, by_fits=True)
    under, over = replace(look(UNDER), fits=2), [replace(look(OVER), fits=fits) for fits in (1, 3)]
    life = walk(NEW_LIFE, (over[0], clock(START)), (under, clock(START + 1)), (over[1], clock(START + 2)), rule=rule)
    assert (life.state, life.confirmed) == (LifeState.PENDING, 1)


def test_a_statistic_at_its_level_does_not_trip() -> None:
    assert walk(NEW_LIFE, (look(100.0), clock(cause="other"))) is NEW_LIFE


def test_infinity_trips_whatever_its_status() -> None:
    assert walk(NEW_LIFE, (look(inf, Status.INVALID), clock(cause="other"))).state is LifeState.FIRING


@pytest.mark.parametrize(
    "life", [NEW_LIFE, replace(NEW_LIFE, state=LifeState.PENDING, confirmed=1), FIRING, RECOVERING]
)
def test_a_suspect_price_neither_advances_nor_resets_anything(life: Life) -> None:
    for statistic in (UNDER, BETWEEN, OVER, inf):
        assert step(life, look(statistic), RULE, clock(START + 10 * MINUTE, suspect=True)) is life


def test_for_is_counted_in_open_time() -> None:
    rule = replace(RULE, for_ns=MINUTE)
    closed = ClosedUntil(START + 8 * MINUTE)
    pending = walk(NEW_LIFE, (look(OVER), clock(START, "other", opens=closed)), rule=rule)
    assert timer_due_ns(pending) == START + 9 * MINUTE
    later = walk(pending, (look(OVER), clock(START + 8 * MINUTE, "other", opens=closed)), rule=rule)
    assert later.state is LifeState.PENDING
    assert (
        walk(later, (look(OVER), clock(START + 9 * MINUTE, "other", opens=closed)), rule=rule).state is LifeState.FIRING
    )


def test_a_recovery_lasts_sixty_seconds_where_prices_come() -> None:
    assert RECOVERING.state is LifeState.RECOVERING
    assert timer_due_ns(RECOVERING) == START + 61 * SECOND
    assert walk(RECOVERING, (look(UNDER), clock(START + 60 * SECOND))).state is LifeState.RECOVERING
    ended = walk(RECOVERING, (look(UNDER), clock(START + 61 * SECOND)))
    assert (ended.state, ended.acting_since_ns) == (LifeState.OK, 0)


def test_a_recovery_lasts_five_rows_where_no_price_comes() -> None:
    life = walk(FIRING, (look(UNDER), clock(START + SECOND, "other", quoted=False, rows=10)))
    for rows in (11, 14):
        life = walk(life, (look(UNDER), clock(START + 99 * MINUTE, "other", quoted=False, rows=rows)))
        assert life.state is LifeState.RECOVERING
    assert walk(life, (look(UNDER), clock(START + 99 * MINUTE, "other", quoted=False, rows=15))).state is LifeState.OK


def test_a_recovery_over_its_clear_level_fires_again_in_the_same_breach() -> None:
    again = walk(RECOVERING, (look(BETWEEN), clock(START + 2 * SECOND)))
    assert (again.state, again.acting_since_ns) == (LifeState.FIRING, START)


def test_a_firing_level_between_clear_and_limit_stays() -> None:
    assert walk(FIRING, (look(BETWEEN), clock(START + SECOND))) is FIRING


def test_without_a_keep_time_a_level_ends_at_once() -> None:
    assert walk(FIRING, (look(UNDER), clock()), rule=replace(RULE, keep_ns=0)).state is LifeState.OK


def test_a_latched_level_acts_until_it_is_reinstated_and_fires_again_over_its_level() -> None:
    rule = replace(RULE, latch=True)
    latched = walk(RECOVERING, (look(UNDER), clock(START + 2 * MINUTE)), rule=rule)
    assert latched.state is LifeState.LATCHED
    assert is_breaching(latched)
    assert walk(latched, (look(BETWEEN), clock(START + 3 * MINUTE)), rule=rule) is latched
    assert walk(latched, (look(OVER), clock(START + 3 * MINUTE)), rule=rule).state is LifeState.FIRING


@pytest.mark.parametrize("held", [NEW_LIFE, FIRING, RECOVERING])
@pytest.mark.parametrize("status", [Status.INSUFFICIENT, Status.INVALID])
def test_missing_data_holds_the_state_and_gives_it_back(held: Life, status: Status) -> None:
    blind = walk(held, (look(nan, status), clock(START + 2 * SECOND)))
    assert (blind.state, blind.held) == (LifeState.NO_DATA, held.state)
    assert is_acting(blind) == is_acting(held)
    back = walk(blind, (look(BETWEEN), clock(START + 3 * SECOND)))
    expected = LifeState.FIRING if is_breaching(held) else LifeState.OK
    assert (back.state, back.acting_since_ns) == (expected, held.acting_since_ns)


def test_a_recovery_starts_anew_when_data_is_back() -> None:
    blind = walk(RECOVERING, (look(nan, Status.INVALID), clock(START + 2 * SECOND)))
    back = walk(blind, (look(UNDER), clock(START + 5 * MINUTE)))
    assert (back.state, back.due_ns) == (LifeState.RECOVERING, START + 6 * MINUTE)


def test_data_back_over_the_level_goes_straight_on() -> None:
    blind = walk(NEW_LIFE, (look(nan, Status.INVALID), clock()))
    assert walk(blind, (look(OVER), clock(START + SECOND, "other"))).state is LifeState.FIRING


def test_a_suspect_price_gives_the_held_state_back_and_no_more() -> None:
    blind = walk(FIRING, (look(nan, Status.INVALID), clock()))
    assert walk(blind, (look(UNDER), clock(START + SECOND, suspect=True))).state is LifeState.FIRING


@pytest.mark.parametrize(
    ("status", "policy", "asked"),
    [
        (Status.INSUFFICIENT, None, "warn"),
        (Status.INVALID, None, "reduce_position"),
        (Status.INVALID, "warn", "warn"),
        (Status.INSUFFICIENT, "reduce", "reduce_position"),
        (Status.INVALID, "halt", "halt"),
    ],
)
def test_data_missing_for_fifteen_minutes_asks_what_the_policy_says(
    status: Status, policy: NoDataPolicy | None, asked: str
) -> None:
    rule = replace(RULE, on_no_data=policy)
    blind = walk(NEW_LIFE, (look(nan, status), clock()), rule=rule)
    assert (blind.escalated, timer_due_ns(blind)) == ("none", START + 15 * MINUTE)
    late = walk(blind, (look(nan, status), clock(START + 15 * MINUTE)), rule=rule)
    assert (late.escalated, timer_due_ns(late), late.acting_since_ns) == (asked, None, START + 15 * MINUTE)
    assert walk(late, (look(nan, status), clock(START + 99 * MINUTE)), rule=rule) is late


def test_the_policy_hold_never_asks_for_anything() -> None:
    rule = replace(RULE, on_no_data="hold")
    blind = walk(NEW_LIFE, (look(nan, Status.INVALID), clock()), rule=rule)
    assert (timer_due_ns(blind), blind.escalated) == (None, "none")


def test_a_second_of_invalid_data_does_not_restrict_a_book_that_has_long_been_insufficient() -> None:
    warned = walk(
        NEW_LIFE,
        (look(nan, Status.INSUFFICIENT), clock()),
        (look(nan, Status.INSUFFICIENT), clock(START + 60 * MINUTE)),
        (look(nan, Status.INVALID), clock(START + 61 * MINUTE)),
    )
    assert (warned.escalated, timer_due_ns(warned)) == ("warn", START + 76 * MINUTE)
    better = walk(warned, (look(nan, Status.INSUFFICIENT), clock(START + 62 * MINUTE)))
    assert (better.escalated, timer_due_ns(better)) == ("warn", None)
    worse = walk(better, (look(nan, Status.INVALID), clock(START + 63 * MINUTE)))
    assert walk(worse, (look(nan, Status.INVALID), clock(START + 78 * MINUTE))).escalated == "reduce_position"


@pytest.mark.parametrize("statistic", [nan, -inf])
def test_a_status_that_promises_a_missing_number_is_an_error_and_counts_as_invalid(statistic: float) -> None:
    life = walk(FIRING, (look(statistic), clock()))
    assert (life.state, life.held) == (LifeState.ERROR, LifeState.FIRING)
    plain = walk(life, (look(nan, Status.INVALID), clock(START + SECOND)))
    assert (plain.state, plain.held, plain.invalid_since_ns) == (LifeState.NO_DATA, LifeState.FIRING, START)


LOOKS = st.builds(
    look, st.sampled_from([UNDER, 90.0, BETWEEN, 100.0, OVER, inf]), st.sampled_from([Status.OK, Status.DEGRADED])
) | st.builds(look, st.just(nan), st.sampled_from(list(Status)))
EVENTS = st.tuples(
    LOOKS, st.integers(0, 20 * MINUTE), st.sampled_from(["price", "other"]), st.booleans(), st.booleans(),
    st.integers(0, 2),
)  # fmt: skip
RULES = st.builds(
    Rule, st.sampled_from([0, MINUTE]), st.integers(1, 3), st.sampled_from([0, MINUTE]), st.integers(1, 3),
    latch=st.booleans(), no_data_after_ns=st.sampled_from([0, 15 * MINUTE]),
    on_no_data=st.sampled_from([None, "hold", "warn", "reduce", "halt"]),
)  # fmt: skip


@given(RULES, st.lists(EVENTS, max_size=30))
def test_looking_again_at_the_same_moment_changes_nothing(
    rule: Rule, events: list[tuple[Look, int, Wake, bool, bool, int]]
) -> None:
    """The core may look as often as it likes; blind looks never trip or clear; acting always has a beginning."""
    life, ts, rows = NEW_LIFE, START, 0
    for n, (each, passed, cause, suspect, quoted, new_rows) in enumerate(events, 1):
        ts, rows = ts + passed, rows + new_rows
        at = clock(ts, cause, n=n, suspect=suspect, quoted=quoted, rows=rows)
        after = step(life, each, rule, at)
        assert step(after, each, rule, at) is after
        if each.is_blind:
            assert is_breaching(after) == is_breaching(life)
        if suspect:
            assert is_breaching(after) == is_breaching(life)
        assert is_acting(after) == (after.acting_since_ns > 0)
        assert (after.state in (LifeState.NO_DATA, LifeState.ERROR)) == (after.no_data_since_ns > 0)
        life = after
