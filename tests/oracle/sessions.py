"""Sessions of one calendar as plain lists: dates, opens, closes, and open time between two moments."""

import datetime
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from config.setup import Calendar

DAY_NS = 86_400 * 10**9
EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Sessions:
    """One exchange's sessions; dates are ordinals of `datetime.date`, opens and closes ns since the epoch, UTC."""

    code: str
    dates: list[int]
    opens: list[int]
    closes: list[int]

    def index_of_date(self, date: int) -> int | None:
        """Return the index of the session of that date, None where the market is closed on it."""
        index = bisect_left(self.dates, date)
        return index if index < len(self.dates) and self.dates[index] == date else None

    def first_with_date_from(self, date: int) -> int:
        """Return the index of the first session with a date not before `date`."""
        return bisect_left(self.dates, date)

    def first_closing_after(self, ts: int) -> int:
        """Return the index of the first session that closes strictly after `ts`."""
        return bisect_right(self.closes, ts)

    def close_time(self, date: int) -> int:
        """Return the close of the session of that date, or the end of that day in UTC where there is no session."""
        index = self.index_of_date(date)
        return self.closes[index] if index is not None else (date + 1 - EPOCH_ORDINAL) * DAY_NS

    def last_closed(self, ts: int, date_max: int) -> int | None:
        """Return the date of the last session that closes at or before `ts` and is not dated after `date_max`."""
        index = min(bisect_right(self.closes, ts), bisect_right(self.dates, date_max)) - 1
        return self.dates[index] if index >= 0 else None

    def closed_between(self, start: int, end: int) -> int:
        """Count the sessions whose close lies in (start, end]."""
        return bisect_right(self.closes, end) - bisect_right(self.closes, start)

    def open_ns_between(self, start: int, end: int) -> int:
        """Sum the open time in [start, end], session by session."""
        total = 0
        index = bisect_right(self.closes, start)
        while index < len(self.opens) and self.opens[index] < end:
            total += min(self.closes[index], end) - max(self.opens[index], start)
            index += 1
        return total


def sessions_of(calendar: Calendar) -> Sessions:
    """Return a configured calendar as plain lists."""
    return Sessions(
        code=calendar.code,
        dates=[int(value) for value in calendar.dates],
        opens=[int(value) for value in calendar.opens],
        closes=[int(value) for value in calendar.closes],
    )


def ordinal_of(date: str) -> int:
    """Return the ordinal of an ISO date."""
    return datetime.date.fromisoformat(date).toordinal()


def ordinal_at(ts: int) -> int:
    """Return the ordinal of the UTC day that holds `ts`."""
    return ts // DAY_NS + EPOCH_ORDINAL
