"""Turnover over one rolling session: fills by side, by path, by currency; cancels, late fills, and time that passes."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendars import build_calendar
from risk.calendars import FAR_FUTURE_NS
from risk.turnover import session_later
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    EventDict,
    Played,
    at_place,
    calendar,
    check,
    close,
    close_of,
    fill,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(20) + 2 * HOUR_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA"), stock("BB"), snapshot({("firm/a", "AA"): 100.0, ("firm/b", "BB"): 100.0}, NOON - 30),
    quote("AA", 20.0, NOON - 29), quote("BB", 50.0, NOON - 28), nav("firm/a", 10_000.0, NOON - 27),
    nav("firm/b", 30_000.0, NOON - 26),
)  # fmt: skip


def turnover(played: Played, scope: str = "firm/a") -> object:
    return at_place(played.state(scope), "metrics.turnover.value")


def test_both_sides_count_and_a_parent_is_the_sum_of_its_books() -> None:
    fills = [fill("firm/a", "AA", 100.0, 21.0, "f1", NOON), fill("firm/b", "BB", -50.0, 50.0, "f2", NOON + 1)]
    events = [*OPENING, *fills, fill("firm/a", "AA", -100.0, 19.0, "f3", NOON + 2)]
    played = check(events, {"firm": {"metrics.turnover.status": "OK"}})
    for scope, traded in (("firm/a", 4_000.0), ("firm/b", 2_500.0), ("firm", 6_500.0)):
        value = at_place(played.state(scope), "nav")
        assert isinstance(value, float)
        assert turnover(played, scope) == pytest.approx(traded / value, rel=1e-12)


def test_the_same_fill_again_counts_once_and_a_cancel_takes_it_back() -> None:
    once = fill("firm/a", "AA", 100.0, 20.0, "f1", NOON)
    other = fill("firm/a", "AA", 10.0, 20.0, "f2", NOON + 1)
    cancel: EventDict = {"type": "fill_cancel", "ts": NOON + 2, "portfolio": "firm/a", "fill_id": "f1"}
    assert turnover(play([*OPENING, once, once], small_setup())) == pytest.approx(0.2)
    assert turnover(play([*OPENING, once, other, cancel], small_setup())) == pytest.approx(0.02)
    assert turnover(play([*OPENING, once, cancel, cancel], small_setup())) == 0.0


def test_a_fill_stops_counting_a_session_later_without_any_event_of_the_book() -> None:
    events = [*OPENING, fill("firm/a", "AA", 100.0, 20.0, "f1", NOON)]
    due = session_later(calendar(), NOON)
    assert due == open_of(21) + 2 * HOUR_NS
    assert turnover(play([*events, heartbeat(due - 1)], small_setup())) == pytest.approx(0.2)
    played = play([*events, heartbeat(due)], small_setup())
    assert turnover(played) == turnover(played, "firm") == 0.0
    assert not played.core.state.turnover.fills


def test_a_late_fill_counts_for_what_is_left_of_its_session() -> None:
    later = open_of(21) + HOUR_NS
    late = fill("firm/a", "AA", 100.0, 20.0, "f1", NOON)
    assert turnover(play([*OPENING, heartbeat(later), late], small_setup())) == pytest.approx(0.2)
    assert turnover(play([*OPENING, heartbeat(later + 2 * HOUR_NS), late], small_setup())) == 0.0


def test_without_a_nav_there_is_no_turnover_and_under_water_it_is_invalid() -> None:
    events = [*OPENING[:5], fill("firm/a", "AA", 100.0, 20.0, "f1", NOON)]
    check(events, {"firm/a": {"metrics.turnover.status": "INSUFFICIENT", "metrics.turnover.value": None}})
    under = [*events, nav("firm/a", -5.0, NOON + 1)]
    check(under, {"firm/a": {"metrics.turnover.status": "INVALID", "metrics.turnover.value": None}})


def test_it_is_held_against_the_mean_of_the_navs_of_the_last_row_and_of_now() -> None:
    rows = [
        close(name, 20, price, close_of(20) + step)
        for step, (name, price) in enumerate((("AA", 20.0), ("BB", 50.0)), 1)
    ]
    at = open_of(21) + MINUTE_NS
    events = [*OPENING, *rows, quote("AA", 30.0, at), quote("AA", 30.0, at + 1), quote("AA", 30.0, at + 2),
              fill("firm/a", "AA", 100.0, 30.0, "f1", at + 3)]  # fmt: skip
    check(events, {"firm/a": {"nav": 11_000.0, "metrics.turnover.value": 3_000.0 / 10_500.0}})


def test_a_fill_in_another_currency_counts_in_base_and_has_no_value_before_a_rate() -> None:
    paris = stock("PARIS", currency="EUR")
    pair = stock("EURUSD", kind="fx", base="EUR", quote="USD")
    traded = fill("firm/a", "PARIS", 10.0, 100.0, "f1", NOON + 1)
    blind = play([paris, pair, *OPENING, quote("PARIS", 100.0, NOON), traded], small_setup())
    assert isnan(blind.core.state.arrays.traded[blind.core.state.scope_index["firm"]])
    assert at_place(blind.state("firm/a"), "metrics.turnover.value") is None
    seen = [paris, pair, *OPENING, quote("EURUSD", 1.2, NOON - 1), quote("PARIS", 100.0, NOON), traded]
    assert turnover(play(seen, small_setup())) == pytest.approx(0.12)
    late = [quote("EURUSD", 1.1, NOON + 2), *(close(name, 20, 50.0, close_of(20) + step) for step, name in
            enumerate(("AA", "BB", "PARIS"), 1)), heartbeat(close_of(20) + 2 * HOUR_NS)]  # fmt: skip
    valued = play([paris, pair, *OPENING, quote("PARIS", 100.0, NOON), traded, *late], small_setup()).core.state
    assert valued.arrays.traded[valued.scope_index["firm/a"]] == pytest.approx(1_100.0), "the row valued it"


def test_a_book_that_gets_a_child_keeps_what_it_traded() -> None:
    events = [
        *OPENING,
        fill("firm/a", "AA", 100.0, 20.0, "f1", NOON),
        fill("firm/a/x", "AA", 10.0, 20.0, "f2", NOON + 1),
    ]
    played = play([*events, heartbeat(NOON + 2)], small_setup())
    state = played.core.state
    found = {path: float(state.arrays.traded[p]) for path, p in state.scope_index.items()}
    assert found == {"firm": 2_200.0, "firm/a": 2_200.0, "firm/a/_self": 2_000.0, "firm/a/x": 200.0, "firm/b": 0.0}
    done = play([*events, heartbeat(NOON + DAY_NS + 9)], small_setup()).core.state
    assert not done.arrays.traded[: len(done.scopes)].any()


@given(st.integers(0, 490), st.integers(-12 * 3600, 12 * 3600))
def test_a_session_later_is_as_far_into_the_next_one(day: int, seconds: int) -> None:
    ts = open_of(day) + seconds * 10**9
    made = calendar()
    due = session_later(made, ts)
    at = max(index for index in range(len(made.opens)) if made.opens[index] <= ts or index == 0)
    share = min(max(ts - open_of(at), 0) / (close_of(at) - open_of(at)), 1.0)
    expected = open_of(at + 1) + share * (close_of(at + 1) - open_of(at + 1))
    assert abs(due - expected) < 10_000


def test_around_the_clock_a_session_is_a_day_and_the_last_one_has_no_next() -> None:
    around = build_calendar("24/7", "2019-01-02", "2019-02-01")
    start = int(around.opens[3]) + 5 * HOUR_NS + 7
    assert session_later(around, start) == start + DAY_NS
    assert session_later(around, int(around.opens[-1]) + 5) == FAR_FUTURE_NS
