"""Business time: bars tile every session, and their shares make a day."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.business_time import bar_at, half_of, power, weight_of
from tests.helpers import HOUR_NS, MINUTE_NS, calendar, close_of, open_of

HALF_DAY = next(day for day in range(200, 300) if close_of(day) - open_of(day) < 4 * HOUR_NS)


@given(
    st.sampled_from([5, 200, HALF_DAY, HALF_DAY + 1]),
    st.sampled_from([1, 5, 7, 30, 60, 24 * 60]),
    st.sampled_from([0.0, 0.2, 0.9]),
    st.sampled_from(["XNYS", "24/7"]),
)
def test_the_bars_of_a_day_follow_each_other_and_their_shares_sum_to_one(
    day: int, minutes: int, night: float, code: str
) -> None:
    """Of a half day and of a weekend's closed time too."""
    sessions = calendar(code)
    at, closed = int(sessions.closes[day - 1]), int(sessions.closes[day])
    passed, ends = 0.0, []
    while at < closed:
        bar = bar_at(sessions, at, minutes * MINUTE_NS, night)
        assert bar is not None
        assert bar.session == day
        assert bar.elapsed == pytest.approx(passed, abs=1e-12)
        assert bar == bar_at(sessions, bar.end_ns - 1, minutes * MINUTE_NS, night)
        assert bar.end_ns - at <= minutes * MINUTE_NS or bar.end_ns == sessions.opens[day]
        passed += bar.share
        ends.append(bar.end_ns)
        at = bar.end_ns
    assert passed == pytest.approx(1.0, abs=1e-12)
    assert ends[-1] == closed
    if code == "XNYS":
        assert ends[0] == open_of(day)


def test_outside_the_calendar_there_is_no_bar() -> None:
    sessions = calendar()
    assert bar_at(sessions, int(sessions.opens[0]) - 1, MINUTE_NS, 0.2) is None
    assert bar_at(sessions, int(sessions.closes[-1]), MINUTE_NS, 0.2) is None
    first = bar_at(sessions, int(sessions.opens[0]), MINUTE_NS, 0.2)
    assert first is not None
    assert first.elapsed == 0.0, "no closed time is known before the first session"


@given(st.floats(0.01, 0.999), st.floats(0.0, 3.0))
def test_powers_are_those_of_the_mathematics_library_but_for_its_last_bit(decay: float, exponent: float) -> None:
    assert power(decay, exponent) == pytest.approx(decay**exponent, rel=1e-15)
    assert half_of(decay, exponent) == pytest.approx(decay ** (exponent / 2.0), rel=1e-15)


@given(st.floats(0.5, 0.999), st.floats(1e-9, 1.0))
def test_a_bar_counts_by_its_share_also_where_the_quotient_cancels(decay: float, share: float) -> None:
    assert weight_of(decay, share) == pytest.approx(-math.expm1(share * math.log(decay)) / share, rel=1e-12)


def test_a_night_without_a_share_counts_its_return_all_the_same() -> None:
    assert weight_of(0.94, 0.0) == -math.log(0.94)
    assert power(0.94, 0.0) == 1.0
