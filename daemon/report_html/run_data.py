"""One run as arrays: every row of every scope, with the decisions and the books that limits fired on."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.report_html.episodes import Episode, find_episodes
from daemon.report_html.run_files import (
    Decided,
    Published,
    ReportError,
    Summary,
    count_rejections,
    read_decisions,
    read_published,
    read_series,
    read_summary,
)
from daemon.series_lines import BookLine, HeadLine, LevelUse, NamesLine, RowLine, ScopeLine
from enforcement.records import Number
from risk.measures import Matrix, Vector

Dates = NDArray[np.datetime64]
LevelKey = tuple[str, str]  # limit, level


@dataclass(frozen=True, slots=True)
class LevelSeries:
    """One level of one limit in one scope: utilisation and life after each row, NaN and "" before it was bound."""

    utilisation: Vector
    at: Vector
    life: list[str]


@dataclass(frozen=True, slots=True)
class ScopeSeries:
    """One scope after each of R rows; NaN where there is no number. Losses are positive, money in base currency.

    loss     : (R,) hypothetical loss over the row, of the book of the row before
    metrics  : (R, K); statuses: (R, K) as risk.measures.Status, 3 where the scope was not there
    stress   : (R, S) loss by scenario; exposure, component: (R, N)
    is_there : (R,) the scope existed
    """

    scope: str
    nav: Vector
    index: Vector
    loss: Vector
    metrics: Matrix
    statuses: NDArray[np.int8]
    stress: Matrix
    coverage: Matrix
    exposure: Matrix
    component: Matrix
    trust: list[str]
    is_there: NDArray[np.bool_]
    limits: dict[LevelKey, LevelSeries]
    counts: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class RunData:
    """Everything that a report is made from.

    dates, ts : (R,) of the rows; returns: (R, N); trust: held instruments by trust after each row
    books     : by the number of the decision that fired on it
    """

    head: HeadLine
    summary: Summary
    instruments: tuple[str, ...]
    dates: Dates
    ts: NDArray[np.int64]
    returns: Matrix
    trust: list[dict[str, int]]
    scopes: tuple[ScopeSeries, ...]
    books: dict[int, BookLine]
    decisions: list[Decided]
    published: dict[int, Published]
    episodes: list[Episode]
    rejections: dict[tuple[str, str], int]

    def metric(self, name: str) -> int | None:
        """Return the column of a metric, None where the run knew none of that name."""
        return self.head.metrics.index(name) if name in self.head.metrics else None

    @property
    def end_ns(self) -> int:
        """Core time at the end: of the last input, or of the last row."""
        return max(self.summary.last_ts, int(self.ts[-1]))

    def scope(self, path: str) -> ScopeSeries:
        """Return the series of a scope."""
        return next(each for each in self.scopes if each.scope == path)

    @property
    def roots(self) -> tuple[ScopeSeries, ...]:
        """The scopes that are part of no other."""
        return tuple(each for each in self.scopes if "/" not in each.scope)


@dataclass(slots=True)
class _Collected:
    """Lines of the series as they come."""

    head: HeadLine | None = None
    names: tuple[str, ...] = ()
    rows: list[RowLine] = field(default_factory=list)
    scopes: dict[str, dict[int, ScopeLine]] = field(default_factory=dict)
    books: dict[int, BookLine] = field(default_factory=dict)


def read_run(folder: Path) -> RunData:
    """Read a replay's folder; raises ReportError where something is missing or damaged."""
    summary = read_summary(folder)
    found = _collect(folder)
    if found.head is None or not found.rows:
        raise ReportError(f"{folder}: the recording completed no row of returns, so there is nothing to report")
    decisions, published = read_decisions(folder), read_published(folder)
    n = len(found.names)
    return RunData(
        head=found.head,
        summary=summary,
        instruments=found.names,
        dates=np.array([row.date for row in found.rows], dtype="datetime64[D]"),
        ts=np.array([row.ts for row in found.rows], dtype=np.int64),
        returns=_table([row.returns for row in found.rows], n),
        trust=[row.trust for row in found.rows],
        scopes=tuple(_scope_series(path, lines, found, n) for path, lines in sorted(found.scopes.items())),
        books=found.books,
        decisions=decisions,
        published=published,
        episodes=find_episodes(decisions, published),
        rejections=count_rejections(folder),
    )


def _collect(folder: Path) -> _Collected:
    found = _Collected()
    for line in read_series(folder):
        match line:
            case HeadLine():
                found.head = line
            case NamesLine():
                found.names = line.instruments
            case RowLine():
                if not found.scopes:  # history from before the first book says nothing of any
                    found.rows.clear()
                found.rows.append(line)
            case ScopeLine():
                found.scopes.setdefault(line.scope, {})[len(found.rows) - 1] = line
            case BookLine():
                found.books[line.d] = line
    return found


def _scope_series(path: str, lines: dict[int, ScopeLine], found: _Collected, n: int) -> ScopeSeries:
    assert found.head is not None
    rows, k, s = len(found.rows), len(found.head.metrics), len(found.head.scenarios)
    empty_levels: dict[LevelKey, LevelSeries] = {}
    series = ScopeSeries(
        scope=path,
        nav=_blank(rows), index=_blank(rows), loss=_blank(rows),
        metrics=_blank(rows, k), statuses=np.full((rows, k), 3, dtype=np.int8),
        stress=_blank(rows, s), coverage=_blank(rows, s), exposure=np.zeros((rows, n)), component=np.zeros((rows, n)),
        trust=[""] * rows, is_there=np.zeros(rows, dtype=np.bool_), limits=empty_levels,
        counts=lines[max(lines)].counts,
    )  # fmt: skip
    for row, line in lines.items():
        series.is_there[row] = True
        series.nav[row], series.index[row], series.loss[row] = map(as_float, (line.nav, line.index, line.loss))
        series.metrics[row] = [as_float(value) for value in line.metrics]
        series.statuses[row] = [int(digit) for digit in line.statuses]
        series.stress[row] = [as_float(value) for value in line.stress]
        series.coverage[row] = [as_float(value) for value in line.coverage]
        series.exposure[row, : len(line.exposure)] = line.exposure
        series.component[row, : len(line.component)] = [as_float(value) for value in line.component]
        series.trust[row] = line.trust
        for use in line.limits:
            _note_level(series.limits, use, row, rows)
    return series


def _note_level(limits: dict[LevelKey, LevelSeries], use: LevelUse, row: int, rows: int) -> None:
    key = (use.limit, use.level)
    level = limits.get(key)
    if level is None:
        level = limits[key] = LevelSeries(_blank(rows), _blank(rows), [""] * rows)
    level.utilisation[row], level.at[row] = as_float(use.utilisation), as_float(use.at)
    level.life[row] = use.life


def _table(lists: list[tuple[float, ...]], width: int) -> Matrix:
    """Return the lists as rows; what joined later has zeros before."""
    table = np.zeros((len(lists), width))
    for row, values in enumerate(lists):
        table[row, : len(values)] = values
    return table


def _blank(*shape: int) -> Matrix:
    return np.full(shape, np.nan)


def as_float(value: Number) -> float:
    """Return a number of a record as a float: NaN where it is missing."""
    return math.nan if value is None else float(value)
