"""Time on the charts: spans of rows that fit the width, and axes that show dates."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from daemon.report_html.run_data import Dates
from risk.measures import Vector

LINE_POINTS_MAX = 900  # a line over more rows than this is drawn by its extremes
_NS_A_DAY = 86_400 * 10**9
_UNITS = ("D", "W", "M", "Q", "Y")


@dataclass(frozen=True, slots=True)
class Spans:
    """Consecutive rows that are shown as one: rows starts[j]..stops[j]-1; labels say which."""

    starts: tuple[int, ...]
    stops: tuple[int, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def worst(self, values: Vector) -> Vector:
        """Return the largest value of each span, NaN where it has none."""
        return np.array([_largest(values[a:b]) for a, b in zip(self.starts, self.stops, strict=True)])

    def least(self, values: Vector) -> Vector:
        """Return the smallest value of each span, NaN where it has none."""
        return -self.worst(-values)


def spans(dates: Dates, count_max: int) -> Spans:
    """Return the finest of days, weeks, months, quarters and years with at most `count_max` spans; years at worst."""
    for unit in _UNITS:
        keys = _keys(dates, unit)
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        if len(starts) <= count_max or unit == "Y":
            stops = [*starts[1:].tolist(), len(dates)]
            labels = tuple(_label(dates[start], unit) for start in starts)
            return Spans(tuple(starts.tolist()), tuple(stops), labels)
    raise AssertionError("years always fit")


def place_of(ts_ns: int) -> float:
    """Return where a time lies on a date axis: days since the epoch of `house_style`."""
    return ts_ns / _NS_A_DAY


def place_of_date(date: np.datetime64) -> float:
    """Return where the begin of a date lies on a date axis."""
    return float(date.astype("datetime64[D]").astype(np.int64))


def date_axis(axes: Axes) -> None:
    """Label the axis with dates, as few as are needed."""
    locator = AutoDateLocator(minticks=4, maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.margins(x=0.01)


def _keys(dates: Dates, unit: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a number for each date that is the same within the unit."""
    if unit == "Q":
        return dates.astype("datetime64[M]").astype(np.int64) // 3
    if unit == "W":
        return (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    return dates.astype(f"datetime64[{unit}]").astype(np.int64)


def _label(date: np.datetime64, unit: str) -> str:
    text = str(date)
    if unit == "Y":
        return text[:4]
    if unit == "Q":
        return f"{text[:4]} Q{(int(text[5:7]) + 2) // 3}"
    return text[:7] if unit == "M" else text


def _largest(values: Vector) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else np.nan
