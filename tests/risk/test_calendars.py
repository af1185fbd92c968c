"""Open time against brute force on small calendars, and against datetime for dates."""

import datetime
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.setup import Calendar
from risk.calendars import (
    FAR_FUTURE_NS,
    advance_open,
    open_ns_between,
    ordinal_of_iso,
    session_at_or_after,
    session_index_of_date,
    sessions_after,
    union,
)

END = 60  # the small calendars live in [0, 60)


def calendar_of(*sessions: tuple[int, int]) -> Calendar:
    array = np.array(sessions, dtype=np.int64).reshape(-1, 2)
    dates = np.arange(len(sessions), dtype=np.int64) * 3 + 100
    return Calendar("test", dates, array[:, 0].copy(), array[:, 1].copy())


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Up to six sessions whose bounds are distinct or touch."""
    bounds = sorted(draw(st.lists(st.integers(0, END - 1), max_size=12, unique=True)))
    pairs = list(zip(bounds[0::2], bounds[1::2], strict=False))
    touching = draw(st.booleans())
    return calendar_of(*(itertools.pairwise(bounds) if touching else pairs))


def open_at(some: tuple[Calendar, ...], moment: int) -> bool:
    """Say whether any calendar is open in [moment, moment + 1)."""
    return any(
        opened <= moment < closed
        for calendar in some
        for opened, closed in zip(calendar.opens_sorted, calendar.closes_sorted, strict=True)
    )


@given(calendars(), st.integers(-5, END + 5), st.integers(0, END))
def test_open_time_is_the_count_of_open_moments(calendar: Calendar, start: int, length: int) -> None:
    counted = sum(open_at((calendar,), moment) for moment in range(start, start + length))
    assert open_ns_between(calendar, start, start + length) == counted


@given(st.lists(calendars(), max_size=4), st.integers(-5, END + 5), st.integers(0, END))
def test_advancing_stops_when_that_much_open_time_of_any_calendar_has_passed(
    some: list[Calendar], start: int, length: int
) -> None:
    moment, passed = start, 0
    while passed < length and moment < END:
        passed += open_at(tuple(some), moment)
        moment += 1
    expected = moment if passed == length else FAR_FUTURE_NS
    assert advance_open(tuple(some), start, length) == expected


@given(st.lists(calendars(), min_size=1, max_size=4))
def test_a_union_is_open_when_any_is_and_its_sessions_never_touch(some: list[Calendar]) -> None:
    merged = union(tuple(some))
    for moment in range(-1, END + 1):
        assert open_at((merged,), moment) == open_at(tuple(some), moment)
    assert (merged.opens[1:] > merged.closes[:-1]).all()


@given(calendars(), st.integers(-5, END + 5), st.integers(1, 8))
def test_the_nth_close_after_a_moment_is_counted_strictly(calendar: Calendar, moment: int, count: int) -> None:
    later = [closed for closed in calendar.closes_sorted if closed > moment]
    assert sessions_after(calendar, moment, count) == (later[count - 1] if count <= len(later) else FAR_FUTURE_NS)


@given(calendars(), st.integers(-5, END + 5))
def test_a_session_owns_its_close_and_the_time_before_its_open(calendar: Calendar, moment: int) -> None:
    indices = [k for k, closed in enumerate(calendar.closes_sorted) if closed >= moment]
    assert session_at_or_after(calendar, moment) == (indices[0] if indices else len(calendar.dates))


@given(calendars(), st.integers(95, 140))
def test_a_date_without_a_session_has_no_index(calendar: Calendar, ordinal: int) -> None:
    dates = calendar.dates.tolist()
    assert session_index_of_date(calendar, ordinal) == (dates.index(ordinal) if ordinal in dates else None)


def test_no_time_to_pass_is_now_even_when_closed() -> None:
    assert advance_open((calendar_of((10, 20)),), 5, 0) == 5
    assert advance_open((), 5, 0) == 5


def test_a_scope_without_calendars_never_gets_there() -> None:
    assert advance_open((), 5, 1) == FAR_FUTURE_NS


def test_open_time_ends_at_the_close_and_not_at_the_next_open() -> None:
    calendar = calendar_of((10, 20), (30, 40))
    assert advance_open((calendar,), 10, 10) == 20
    assert advance_open((calendar,), 10, 11) == 31


def test_negative_spans_are_broken_invariants() -> None:
    calendar = calendar_of((10, 20))
    with pytest.raises(AssertionError, match="start_ns must not be after end_ns"):
        open_ns_between(calendar, 2, 1)
    with pytest.raises(AssertionError, match="open_ns must be at least 0"):
        advance_open((calendar,), 0, -1)
    with pytest.raises(AssertionError, match="count must be at least 1"):
        sessions_after(calendar, 0, 0)


def test_every_day_from_1900_to_2200_has_the_ordinal_of_datetime() -> None:
    first, last = datetime.date(1900, 1, 1).toordinal(), datetime.date(2200, 12, 31).toordinal()
    for ordinal in range(first, last + 1):
        assert ordinal_of_iso(datetime.date.fromordinal(ordinal).isoformat()) == ordinal


@given(st.dates())
def test_any_date_has_the_ordinal_of_datetime(date: datetime.date) -> None:
    assert ordinal_of_iso(date.isoformat()) == date.toordinal()


@pytest.mark.parametrize(
    "text",
    ["", "2024-8-9", "20240809", "2024-13-01", "2024-00-10", "2024-04-31", "2023-02-29", "1900-02-29", "0000-01-01",
     "2024/08/09", "2024-08-0x", "2024-08-00", "٢٠٢٤-08-09", "2024-08-09T"],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date must"):
        ordinal_of_iso(text)
