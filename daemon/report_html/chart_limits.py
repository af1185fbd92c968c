"""How far each limit was used through time, one strip for each level, with the times at which it fired."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from daemon.report_html.chart_time import LINE_POINTS_MAX, Spans, date_axis, place_of, spans
from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import LevelKey, LevelSeries, RunData, ScopeSeries
from daemon.report_html.shown import label
from daemon.report_html.svg import INKS, frame, house_style, to_svg

_SHOWN_MAX = 2.0  # utilisation over this is cut: the strip says that it was over
_STRIP_INCHES = 0.62


def risk_levels(run: RunData, series: ScopeSeries) -> list[LevelKey]:
    """Return the levels of the limits on risk that hold the scope, in the order of the configuration."""
    order = {limit.id: place for place, limit in enumerate(run.head.limits)}
    keys = [key for key in series.limits if key[0] in order]
    return sorted(keys, key=lambda key: (order[key[0]], keys.index(key)))


def limits_chart(run: RunData, series: ScopeSeries, *, name: str) -> str:
    """Return the strips; raises ValueError where no limit holds the scope."""
    keys = risk_levels(run, series)
    if not keys:
        raise ValueError(f"scope must be held by a limit, {series.scope} has none")
    with house_style():
        figure = Figure(figsize=(10.0, 0.5 + _STRIP_INCHES * len(keys)))
        strips = figure.subplots(len(keys), 1, sharex=True, squeeze=False)[:, 0]
        parts = spans(run.dates, LINE_POINTS_MAX)
        for axes, key in zip(strips, keys, strict=True):
            own = [e for e in run.episodes if (e.first.scope, e.first.limit, e.first.level) == (series.scope, *key)]
            _strip(axes, run, parts, key, series.limits[key], own)
        date_axis(strips[-1])
        frame(figure)
        fired = sum(1 for e in run.episodes if e.first.scope == series.scope and not e.is_built_in)
        title = f"Use of each limit: {series.scope}"
        description = f"{len(keys)} levels of limits, 100 % is the level; together they fired {fired} times."
        return to_svg(figure, name=name, title=title, description=description)


def _strip(axes: Axes, run: RunData, parts: Spans, key: LevelKey, level: LevelSeries, episodes: list[Episode]) -> None:
    at = run.dates[np.array(parts.starts)]
    use = np.minimum(parts.worst(level.utilisation), _SHOWN_MAX)
    axes.fill_between(at, 0.0, use, color=INKS["c5"], linewidth=0.0, step="post")
    axes.fill_between(
        at, 1.0, use, where=np.nan_to_num(use) > 1.0, color=INKS["alarm"], linewidth=0.0, step="post"
    )  # fmt: skip
    axes.axhline(1.0, color=INKS["ink"], linewidth=0.8, linestyle=(0, (5, 3)))
    end_ns = run.end_ns
    for episode in episodes:
        start, stop = (place_of(ts) for ts in (episode.start_ns, episode.end_ns or end_ns))
        axes.plot(
            [start, stop], [-0.16, -0.16], color=INKS["ink"], linewidth=3.0 if episode.is_enforced else 1.2,
            solid_capstyle="butt", marker="|", markersize=5.0, markeredgewidth=1.0,
        )  # fmt: skip
    top = float(np.nanmax(use, initial=1.1))
    axes.set_ylim(-0.35, max(1.25, top * 1.08))
    axes.set_yticks([0.0, 1.0], ["0", "100 %"], fontsize=7.5)
    axes.grid(axis="y", visible=False)
    worst = float(np.nanmax(level.utilisation, initial=0.0))
    told = "no number" if np.all(np.isnan(level.utilisation)) else f"most {min(worst, 99.99):.0%}, now {_now(level)}"
    axes.text(
        0.004, 0.97, f"{label(key[0])} · {label(key[1])}   {told}", transform=axes.transAxes, va="top", fontsize=8.5,
        bbox={"facecolor": INKS["paper"], "edgecolor": "none", "pad": 1.0, "alpha": 0.8},
    )  # fmt: skip


def _now(level: LevelSeries) -> str:
    last = float(level.utilisation[-1])
    return "no number" if np.isnan(last) else f"{min(last, 99.99):.0%}"
