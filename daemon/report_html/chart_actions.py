"""All episodes of all limits on one timeline: what was enforced, and what would have been done."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from daemon.report_html.chart_time import date_axis, place_of, place_of_date
from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import RunData
from daemon.report_html.shown import label
from daemon.report_html.svg import INKS, frame, house_style, to_svg

LETTERS = {"warn": "w", "throttle": "t", "reduce_position": "r", "halt": "H", "none": "·"}
_ROW_INCHES = 0.24
_LETTERED_MAX = 120  # more letters than this would lie on each other
_SHORT_DAYS, _SHORTEST_DAYS = 4.0, 1.0 / 1440.0
_NARROWEST = 0.0025  # of the width: a bar that lasted minutes must still be seen


def timeline_chart(run: RunData, episodes: list[Episode], first: int, last: int, *, name: str, title: str) -> str:
    """Return the timeline of rows `first`..`last`; raises ValueError where it would be empty."""
    if not episodes:
        raise ValueError("a timeline needs at least one episode")
    keys = sorted({_key(episode) for episode in episodes})
    with house_style():
        figure = Figure(figsize=(10.0, 0.7 + _ROW_INCHES * len(keys)))
        axes = figure.add_subplot()
        left, right = (place_of_date(run.dates[row]) for row in (first, last))
        if last == len(run.dates) - 1:
            right = max(right, place_of(run.end_ns))
        if right - left < _SHORT_DAYS:  # what happened within hours fills the width
            left = max(left, place_of(min(episode.start_ns for episode in episodes)))
        width = max(right - left, _SHORTEST_DAYS) * _NARROWEST
        for episode in episodes:
            _bar(axes, run, episode, keys.index(_key(episode)), (left, right, width), lettered=len(episodes))
        axes.set_ylim(len(keys) - 0.4, -0.6)
        axes.set_yticks(range(len(keys)), [_named(key) for key in keys], fontsize=8.0)
        axes.set_xlim(left - 2 * width, right + 2 * width)
        axes.xaxis_date()
        legend = [
            Patch(facecolor=INKS["alarm"], edgecolor=INKS["alarm"], label="enforced"),
            Patch(facecolor="none", edgecolor=INKS["c0"], hatch="////", label="would have acted (shadow)"),
        ]
        figure.legend(handles=legend, loc="upper left", ncols=2, fontsize=8.5)
        date_axis(axes)
        frame(figure, names=[_named(key) for key in keys], legend_rows=1)
        axes.set_xlim(left - 2 * width, right + 2 * width)
        enforced = sum(1 for episode in episodes if episode.is_enforced)
        description = (
            f"{len(episodes)} episodes of {len(keys)} levels, {enforced} enforced. "
            "Letters: w warn, t throttle, r reduce, H halt."
        )
        return to_svg(figure, name=name, title=title, description=description)


def _bar(
    axes: Axes, run: RunData, episode: Episode, row: int, frame: tuple[float, float, float], *, lettered: int
) -> None:
    left, right, narrowest = frame
    end_ns = run.end_ns if episode.end_ns is None else episode.end_ns
    start = max(left, place_of(episode.start_ns))
    stop = min(right, place_of(end_ns))
    size = max(stop - start, narrowest)
    if episode.is_enforced:
        axes.barh(row, size, left=start, height=0.62, color=INKS["alarm"], linewidth=0.0)
    else:
        axes.barh(row, size, left=start, height=0.62, color="none", edgecolor=INKS["c0"], hatch="////", linewidth=0.8)
    if lettered <= _LETTERED_MAX:
        axes.annotate(
            LETTERS[episode.first.decided_type], (start, row), xytext=(-2, 0), textcoords="offset points", ha="right",
            va="center", fontsize=7.0,
        )  # fmt: skip


def _named(key: tuple[str, str, str]) -> str:
    scope, limit, level = map(label, key)
    return f"{scope}  {limit} · {level}"


def _key(episode: Episode) -> tuple[str, str, str]:
    return episode.first.scope, episode.first.limit, episode.first.level
