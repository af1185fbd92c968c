"""Calendars from exchange_calendars, and the setup that holds them as JSON."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from config.calendars import UnknownCalendarError, build_calendar
from config.loader import load_shipped_config
from config.scenarios import load_scenarios
from config.setup import (
    Calendar,
    Setup,
    calendar_from_json,
    calendar_to_json,
    setup_digest,
    setup_from_json,
    setup_to_json,
)
from sensors.catalogue import SHIPPED

NEW_YORK = build_calendar("XNYS", "2024-01-01", "2024-12-31")


def utc_ns(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    return int(datetime.datetime(year, month, day, hour, minute, tzinfo=datetime.UTC).timestamp()) * 10**9


def session(calendar: Calendar, year: int, month: int, day: int) -> tuple[int, int]:
    index = calendar.dates_sorted.index(datetime.date(year, month, day).toordinal())
    return calendar.opens_sorted[index], calendar.closes_sorted[index]


def test_summer_winter_and_early_closes_are_the_exchanges_own() -> None:
    assert session(NEW_YORK, 2024, 7, 2) == (utc_ns(2024, 7, 2, 13, 30), utc_ns(2024, 7, 2, 20))
    assert session(NEW_YORK, 2024, 12, 2) == (utc_ns(2024, 12, 2, 14, 30), utc_ns(2024, 12, 2, 21))
    assert session(NEW_YORK, 2024, 7, 3) == (utc_ns(2024, 7, 3, 13, 30), utc_ns(2024, 7, 3, 17))


def test_a_holiday_is_no_session() -> None:
    assert datetime.date(2024, 7, 4).toordinal() not in NEW_YORK.dates_sorted
    assert len(NEW_YORK.dates) == 252


def test_the_round_the_clock_calendar_has_no_gap() -> None:
    calendar = build_calendar("24/7", "2024-01-01", "2024-12-31")
    assert len(calendar.dates) == 366
    assert (calendar.closes[:-1] == calendar.opens[1:]).all()


def test_a_range_is_clipped_to_the_calendars_own_bounds() -> None:
    calendar = build_calendar("XTKS", "1985-01-01", "1998-12-31")  # this one begins in 1997
    assert datetime.date.fromordinal(calendar.dates_sorted[0]) == datetime.date(1997, 1, 6)


@pytest.mark.parametrize(("code", "special"), [("XKRX", "1985-01-05"), ("XBOM", "2024-01-20"), ("XMOS", "2000-05-06")])
def test_a_calendar_with_special_trading_weeks_is_whole_or_refused(code: str, special: str) -> None:
    """Under pandas 3 its Saturdays vanish without a word; a calendar that is quietly wrong is worse than none."""
    try:
        calendar = build_calendar(code, "1985-01-01", "2025-12-31")
    except UnknownCalendarError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert datetime.date.fromisoformat(special).toordinal() in calendar.dates_sorted
    assert refusal == "" or "need pandas < 3" in refusal


def test_thirty_years_ago_is_not_lost() -> None:
    calendar = build_calendar("XNYS", "1990-01-01", "1990-12-31")
    assert len(calendar.dates) == 253


@pytest.mark.parametrize("code", ["MARS", "", "xnys", "XNYS "])
def test_an_unknown_calendar_is_an_error_that_names_it(code: str) -> None:
    with pytest.raises(UnknownCalendarError, match=f"calendar '{code}' .* does not exist"):
        build_calendar(code, "2024-01-01", "2024-12-31")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2024-01-01", "2023-01-01", "start must be before end"),
        ("2024-13-01", "2025-01-01", "calendar start must be an ISO date"),
        ("1985-01-01", "1990-01-01", "calendar 'XTKS' from 1985-01-01 to 1990-01-01"),
    ],
)
def test_a_range_without_sessions_is_an_error(start: str, end: str, words: str) -> None:
    with pytest.raises(UnknownCalendarError, match=words):
        build_calendar("XTKS", start, end)


def test_sessions_out_of_order_are_refused() -> None:
    def times(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    for dates, opens, closes, words in (
        (times(1, 1), times(0, 10), times(5, 15), "dates must increase strictly, broken at session 0"),
        (times(1, 2), times(0, 10), times(5, 10), "must open before it closes, broken at session 1"),
        (times(1, 2), times(0, 4), times(5, 10), "must not open before the last one closed"),
        (times(1, 2), times(0), times(5), "must be equally long, got 2, 1 and 1"),
    ):
        with pytest.raises(ValueError, match=words):
            Calendar("X", dates, opens, closes)


def test_a_calendars_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        NEW_YORK.opens[0] = 0


def test_a_calendar_survives_json() -> None:
    again = calendar_from_json(calendar_to_json(NEW_YORK))
    assert again.code == NEW_YORK.code
    for name in ("dates", "opens", "closes"):
        assert np.array_equal(getattr(again, name), getattr(NEW_YORK, name))
    assert again.open_before == NEW_YORK.open_before


def test_a_setup_survives_json_exactly() -> None:
    setup = Setup(load_shipped_config(SHIPPED.known), (NEW_YORK,), load_scenarios(None))
    payload = setup_to_json(setup)
    again = setup_from_json(payload)
    assert (again.config, again.scenarios) == (setup.config, setup.scenarios)
    assert setup_to_json(again) == payload
    assert setup_digest(again) == setup_digest(setup)
    assert len(setup_digest(setup)) == 32


def test_another_setup_has_another_digest() -> None:
    setup = Setup(load_shipped_config(SHIPPED.known), (NEW_YORK,), load_scenarios(None))
    assert setup_digest(replace(setup, scenarios=setup.scenarios[:5])) != setup_digest(setup)


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1]", b'{"version":1}'])
def test_what_is_no_setup_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        setup_from_json(payload)


def test_another_version_of_setup_is_refused() -> None:
    payload = setup_to_json(Setup(load_shipped_config(SHIPPED.known), (), ())).replace(b'"version":1', b'"version":2')
    with pytest.raises(ValueError, match="setup version must be 1, got 2"):
        setup_from_json(payload)
