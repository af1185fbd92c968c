"""Open time: how long an exchange, or any of several, has been open between two moments; O(log n) each."""

from bisect import bisect_left, bisect_right
from functools import lru_cache

import numpy as np

from config.setup import Calendar

# What lies beyond the last session that a calendar knows: later than any time of an input.
FAR_FUTURE_NS = 2**62

_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def ordinal_of_iso(date: str) -> int:
    """Return the proleptic Gregorian ordinal of an ISO date (0001-01-01 is 1), as `datetime.date.toordinal` does.

    Raises ValueError where the text is not YYYY-MM-DD or no such day exists. Counted in years that begin in March
    (Hinnant 2013, days_from_civil), so that the leap day is a year's last.
    """
    parts = (date[0:4], date[5:7], date[8:10])
    if len(date) != 10 or date[4] + date[7] != "--" or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"date must look like 2024-08-09, got {date!r}")
    year, month, day = int(parts[0]), int(parts[1]), int(parts[2])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1] - (month == 2 and not leap):
        raise ValueError(f"date must be a day of the calendar, got {date!r}")
    years = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day
    return 365 * years + years // 4 - years // 100 + years // 400 + day_of_year - 306


def session_at_or_after(calendar: Calendar, ts: int) -> int:
    """Return the index of the session that `ts` lies in, its very close included, else of the next one to open.

    Returns the count of sessions where `ts` (ns) is after the last close.
    """
    return bisect_left(calendar.closes_sorted, ts)


def session_index_of_date(calendar: Calendar, ordinal: int) -> int | None:
    """Return the index of the session of that date (`ordinal_of_iso`), or None where the exchange was closed."""
    dates = calendar.dates_sorted
    index = bisect_left(dates, ordinal)
    return index if index < len(dates) and dates[index] == ordinal else None


def open_ns_between(calendar: Calendar, start_ns: int, end_ns: int) -> int:
    """Return how many ns of [start_ns, end_ns] the exchange was open; start_ns <= end_ns."""
    assert start_ns <= end_ns, f"start_ns must not be after end_ns, got {start_ns} and {end_ns}"
    return _open_until(calendar, end_ns) - _open_until(calendar, start_ns)


def advance_open(calendars: tuple[Calendar, ...], start_ns: int, open_ns: int) -> int:
    """Return the earliest moment by which `open_ns` of time with any calendar open has passed since `start_ns`.

    open_ns : >= 0; 0 returns start_ns itself, open or closed
    Returns FAR_FUTURE_NS beyond the last session, and where there is no calendar at all.
    """
    assert open_ns >= 0, f"open_ns must be at least 0, got {open_ns}"
    if open_ns == 0:
        return start_ns
    if not calendars:
        return FAR_FUTURE_NS
    calendar = calendars[0] if len(calendars) == 1 else union(calendars)
    target_ns = _open_until(calendar, start_ns) + open_ns
    # The first session whose end brings the sum to the target; open_before[k + 1] is the sum at the end of session k.
    session = bisect_left(calendar.open_before, target_ns, lo=1) - 1
    if session >= len(calendar.opens_sorted):
        return FAR_FUTURE_NS
    return calendar.opens_sorted[session] + target_ns - calendar.open_before[session]


def sessions_after(calendar: Calendar, ts: int, count: int) -> int:
    """Return the close (ns) of the `count`-th session that closes strictly after `ts`; count >= 1.

    Returns FAR_FUTURE_NS beyond the last session.
    """
    assert count >= 1, f"count must be at least 1, got {count}"
    index = bisect_right(calendar.closes_sorted, ts) + count - 1
    return calendar.closes_sorted[index] if index < len(calendar.closes_sorted) else FAR_FUTURE_NS


@lru_cache(maxsize=256)  # a scope's calendars seldom change, and the merge is O(n log n)
def union(calendars: tuple[Calendar, ...]) -> Calendar:
    """Return the times when any of the calendars is open, as a calendar whose sessions neither overlap nor touch.

    Its dates only number its sessions (0, 1, ...): a union has none.
    """
    opens = np.concatenate([calendar.opens for calendar in calendars])
    closes = np.concatenate([calendar.closes for calendar in calendars])
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], np.maximum.accumulate(closes[order])
    gaps = np.flatnonzero(opens[1:] > closes[:-1]) + 1
    count = len(gaps) + 1 if len(opens) else 0
    starts = np.concatenate((np.zeros(1, dtype=np.int64), gaps))[:count]
    ends = np.concatenate((gaps, np.array([len(opens)], dtype=np.int64)))[:count] - 1
    return Calendar(
        code=" | ".join(calendar.code for calendar in calendars),
        dates=np.arange(count, dtype=np.int64),
        opens=opens[starts],
        closes=closes[ends],
    )


def _open_until(calendar: Calendar, ts: int) -> int:
    """Return the open time (ns) from the first session up to `ts`."""
    session = bisect_right(calendar.opens_sorted, ts) - 1
    if session < 0:
        return 0
    opened_ns = calendar.opens_sorted[session]
    return calendar.open_before[session] + min(ts, calendar.closes_sorted[session]) - opened_ns
