"""Sessions, opens and closes of the world's exchanges, from the package `exchange_calendars`."""

import datetime
import warnings
from typing import Protocol

import numpy as np

from config.setup import Calendar, Times

# Day number of 1970-01-01 in `datetime.date.toordinal`.
_EPOCH_ORDINAL = 719_163
# A year in which every calendar of the package has sessions; it is built only to learn the calendar's own bounds.
_PROBE_START, _PROBE_END = "2024-01-02", "2024-12-31"


class UnknownCalendarError(ValueError):
    """There is no calendar of that name, it cannot be built, or it has no session in the range."""


class _Timestamps(Protocol):
    def to_numpy(self, dtype: str) -> Times: ...


def build_calendar(code: str, start: str, end: str) -> Calendar:
    """Return the sessions of `code` from `start` to `end`, clipped to the bounds that the calendar itself has.

    code       : a name or an alias of `exchange_calendars`, such as XNYS, NYSE, BVMF, 24/7; case matters
    start, end : ISO dates, both included
    Raises UnknownCalendarError with the reason; also for a calendar with special trading weeks (XBOM, XKRX, XMOS,
    XTAE) under pandas 3, which drops their sessions without a word (4.13.2 with 3.1.1: 693 of XKRX).
    Fifty years take 0.05 to 0.7 s; no warning of pandas leaks out.
    """
    first, last = (_iso_date(name, value) for name, value in (("start", start), ("end", end)))
    if first >= last:
        raise UnknownCalendarError(f"calendar {code}: start must be before end, got {start} and {end}")
    import exchange_calendars  # it brings pandas, half a second
    import pandas
    from exchange_calendars.errors import CalendarError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations between exchange_calendars and pandas are not our user's
        try:
            probe = exchange_calendars.get_calendar(code, start=_PROBE_START, end=_PROBE_END)
            kind = type(probe)
            if getattr(probe, "special_weekmasks", None) and int(pandas.__version__.split(".")[0]) >= 3:
                raise UnknownCalendarError(
                    f"calendar {code!r}: its special trading weeks need pandas < 3, got {pandas.__version__}"
                )
            low, high = kind.bound_min(), kind.bound_max()
            built = kind(
                start=start if low is None else max(first, low.date()).isoformat(),
                end=end if high is None else min(last, high.date()).isoformat(),
            )
        except UnknownCalendarError:
            raise
        except NotImplementedError as error:
            raise UnknownCalendarError(f"calendar {code!r} cannot be built by pandas {pandas.__version__}") from error
        except (CalendarError, ValueError) as error:
            raise UnknownCalendarError(f"calendar {code!r} from {start} to {end}: {_short(error)}") from error
        return Calendar(
            code=code,
            dates=_nanoseconds(built.schedule.index) // (86_400 * 10**9) + _EPOCH_ORDINAL,
            opens=_nanoseconds(built.opens.dt.tz_convert(None)),
            closes=_nanoseconds(built.closes.dt.tz_convert(None)),
        )


def _iso_date(name: str, value: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value)
    except ValueError as error:
        raise UnknownCalendarError(f"calendar {name} must be an ISO date such as 1985-01-01, got {value!r}") from error


def _nanoseconds(times: _Timestamps) -> Times:
    return times.to_numpy("datetime64[ns]").astype(np.int64)


def _short(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= 200 else text[:200] + "..."
