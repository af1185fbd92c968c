"""Each crisis: how far each portfolio fell, on which day worst, and which limits had spoken by then."""

import math
from dataclasses import dataclass

import numpy as np

from daemon.firing import CRISES, CRISIS_NAMES
from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import LevelKey, RunData, ScopeSeries
from risk.portfolios import root_of

_NS_A_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `first`..`last` of the run; whole calendar years, so that nobody can pick the days that suit the limits."""

    name: str
    title: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Fall:
    """What one scope went through in a window; rows are indices into the run.

    worst     : row of the largest hypothetical loss of a day, None where no day was compared or none lost
    loss      : that loss, base currency; share: of the NAV before it, NaN where there is none
    peak, low : rows of the deepest fall of the flow-adjusted index; None where there is no index
    depth     : of that fall, a share; total: hypothetical P&L from the peak to the low, base currency
    """

    worst: int | None
    loss: float
    share: float
    peak: int | None
    low: int | None
    depth: float
    total: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one level of one limit said in a window.

    verdict : early, same_day, late, held (it fired already when the window began), silent, blind (no number at all)
    first   : its first episode that began in the window
    lead    : calendar days from its beginning to the worst day of its root, negative where it came after
    lead_low: the same to the root's low; None where there is none
    """

    scope: str
    limit: str
    level: str
    sensor: str
    verdict: str
    first: Episode | None
    episodes: int
    lead: int | None
    lead_low: int | None


@dataclass(frozen=True, slots=True)
class Crisis:
    """One window with the falls of all scopes and what every level said, those that spoke first."""

    window: Window
    falls: dict[str, Fall]
    spoken: tuple[Spoken, ...]

    @property
    def first(self) -> Spoken | None:
        """The level that spoke first; what fired already when the window began brought no news."""
        return next((each for each in self.spoken if each.first is not None and each.verdict != "held"), None)

    @property
    def first_enforced(self) -> Spoken | None:
        """The first whose beginning was enforced."""
        return next((each for each in self.spoken if each.first is not None and each.first.is_enforced), None)

    @property
    def first_acting(self) -> Spoken | None:
        """The first that asked for more than a warning."""
        return next(
            (
                each
                for each in self.spoken
                if each.first and each.verdict != "held" and each.first.first.decided_type not in ("none", "warn")
            ),
            None,
        )

    def of(self, verdict: str) -> tuple[Spoken, ...]:
        """Return those of one verdict."""
        return tuple(each for each in self.spoken if each.verdict == verdict)


def windows(run: RunData) -> list[Window]:
    """Return the named crises of which the run has rows; the whole run where it has none of any."""
    years = run.dates.astype("datetime64[Y]").astype(int) + 1970
    found = []
    for name, first, last in CRISES:
        rows = np.flatnonzero((years >= first) & (years <= last))
        if rows.size:
            found.append(Window(name, CRISIS_NAMES[name], int(rows[0]), int(rows[-1])))
    return found or [Window("run", "the whole recording", 0, len(run.dates) - 1)]


def crisis(run: RunData, window: Window) -> Crisis:
    """Return what happened in a window."""
    falls = {series.scope: fall(series, window) for series in run.scopes}
    spoken = [
        _spoken(run, series, key, window, falls[root_of(series.scope)])
        for series in run.scopes
        for key in sorted(series.limits)
    ]
    risk = [each for each in spoken if each is not None]
    risk.sort(key=_order)
    return Crisis(window, falls, tuple(risk))


def window_end_ns(run: RunData, window: Window) -> int:
    """Return the last moment of a window; what follows the last row of the run belongs to it."""
    return run.end_ns if window.last == len(run.dates) - 1 else int(run.ts[window.last])


def fall(series: ScopeSeries, window: Window) -> Fall:
    """Return what the scope went through."""
    rows = slice(window.first, window.last + 1)
    losses = series.loss[rows]
    worst, loss, share = None, math.nan, math.nan
    if np.any(losses > 0.0):
        worst = window.first + int(np.nanargmax(losses))
        loss = float(series.loss[worst])
        nav = float(series.nav[worst - 1]) if worst > 0 else math.nan
        share = loss / nav if nav > 0.0 else math.nan
    start = max(0, window.first - 1)  # the year begins at the last level of the year before
    index = series.index[start : window.last + 1]
    if not np.any(np.isfinite(index)):
        return Fall(worst, loss, share, None, None, math.nan, math.nan)
    filled = np.where(np.isfinite(index), index, -np.inf)
    peaks = np.maximum.accumulate(filled)
    with np.errstate(invalid="ignore", divide="ignore"):
        down = np.where(np.isfinite(index) & (peaks > 0.0), 1.0 - index / peaks, -np.inf)
    low = int(np.argmax(down))
    peak = int(np.argmax(filled[: low + 1]))
    total = -math.fsum(np.nan_to_num(series.loss[start + peak + 1 : start + low + 1]).tolist())
    return Fall(worst, loss, share, start + peak, start + low, float(down[low]), total)


def _spoken(run: RunData, series: ScopeSeries, key: LevelKey, window: Window, fell: Fall) -> Spoken | None:
    limit, level = key
    terms = next((each for each in run.head.limits if each.id == limit), None)
    if terms is None:  # built in: it speaks of data, not of risk
        return None
    start_ns = int(run.ts[window.first - 1]) + 1 if window.first > 0 else 0
    end_ns = window_end_ns(run, window)
    own = [e for e in run.episodes if (e.first.scope, e.first.limit, e.first.level) == (series.scope, limit, level)]
    begun = [episode for episode in own if start_ns <= episode.start_ns <= end_ns]
    held = any(e.start_ns < start_ns and (e.end_ns is None or e.end_ns > start_ns) for e in own)
    first = begun[0] if begun else None
    lead = None if first is None or fell.worst is None else days_between(run, first, fell.worst)
    lead_low = None if first is None or fell.low is None else days_between(run, first, fell.low)
    if held:  # whatever it did afterwards, it had warned before
        verdict = "held"
    elif first is None:
        rows = slice(window.first, window.last + 1)
        has_number = bool(np.any(~np.isnan(series.limits[key].utilisation[rows])))
        verdict = "silent" if has_number else "blind"
    else:
        verdict = "early" if lead is None or lead > 0 else "same_day" if lead == 0 else "late"
    return Spoken(series.scope, limit, level, terms.sensor, verdict, first, len(begun), lead, lead_low)


def days_between(run: RunData, episode: Episode, row: int) -> int:
    """Return the calendar days from an episode's beginning to a row's session, negative where it began after."""
    began = np.datetime64(episode.start_ns // _NS_A_DAY, "D")
    return int((run.dates[row] - began).astype(int))


def _order(spoken: Spoken) -> tuple[int, int, str, str, str]:
    rank = {"held": 1, "silent": 2, "blind": 3}.get(spoken.verdict, 0)
    start = spoken.first.start_ns if spoken.first is not None else 2**62
    number = spoken.first.first.d if spoken.first is not None else 0
    return (0 if spoken.first is not None else rank, start, f"{number:09d}", spoken.scope, spoken.limit)
