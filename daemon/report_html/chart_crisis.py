"""One crisis: the value of every portfolio through it, with the worst day and the low of the root."""

from typing import Literal, TypedDict

import numpy as np
from matplotlib.figure import Figure

from daemon.report_html.chart_time import date_axis, place_of, place_of_date
from daemon.report_html.crises import Crisis
from daemon.report_html.run_data import RunData, ScopeSeries
from daemon.report_html.shown import label
from daemon.report_html.svg import INKS, LINES, frame, house_style, to_svg
from risk.measures import Vector

_STYLES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (7, 2, 1, 2)), (0, (3, 3)), (0, (1, 3)))
_LINES_MAX = len(LINES)


class _Side(TypedDict):
    ha: Literal["left", "right"]
    xytext: tuple[int, int]


_LABEL = {"facecolor": INKS["paper"], "edgecolor": "none", "pad": 0.8, "alpha": 0.85}


def value_chart(run: RunData, crisis: Crisis, *, name: str) -> str | None:
    """Return the chart of the flow-adjusted value, 100 at the start; None where no portfolio has one."""
    start, stop = max(0, crisis.window.first - 1), crisis.window.last + 1
    shown = [(series, path) for series in run.scopes if (path := _rebased(series, start, stop)) is not None]
    if not shown:
        return None
    with house_style():
        figure = Figure(figsize=(10.0, 3.2))
        axes = figure.add_subplot()
        for place, (series, path) in enumerate(shown[:_LINES_MAX]):
            axes.plot(
                run.dates[start:stop], path, color=INKS[LINES[place]], linestyle=_STYLES[place],
                linewidth=2.0 if "/" not in series.scope else 1.3, label=label(series.scope),
            )  # fmt: skip
        ends = place_of_date(run.dates[start]), place_of_date(run.dates[stop - 1])
        root = run.roots[0]
        fall = crisis.falls[root.scope]
        for row, text in ((fall.worst, "worst day"), (fall.low, "low")):
            if row is not None:
                at = place_of_date(run.dates[row])
                axes.axvline(at, color=INKS["alarm"], linewidth=1.0, linestyle=(0, (2, 2)))
                axes.annotate(
                    f"{text} {run.dates[row]}", (at, 0.02 if text == "low" else 0.1),
                    xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=8.0, **_side(at, ends),
                    bbox=_LABEL,
                )  # fmt: skip
        spoken = crisis.first
        if spoken is not None and spoken.first is not None:
            at = place_of(spoken.first.start_ns)
            axes.axvline(at, color=INKS["c0"], linewidth=1.2)
            axes.annotate(
                f"first to speak: {label(spoken.limit)}", (at, 0.98), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", fontsize=8.0, bbox=_LABEL, **_side(at, ends),
            )  # fmt: skip
        axes.set_ylabel("value, start = 100")
        figure.legend(loc="upper left", ncols=4, fontsize=8.5)
        date_axis(axes)
        frame(figure, legend_rows=2 if len(shown) > 4 else 1)
        title = f"Value through {crisis.window.name}, {crisis.window.title}"
        lows = "; ".join(f"{series.scope} at least {np.nanmin(path):.0f}" for series, path in shown[:_LINES_MAX])
        return to_svg(figure, name=name, title=title, description=f"Value with 100 at the start: {lows}.")


def _side(at: float, ends: tuple[float, float]) -> _Side:
    """Return on which side of its line a label stands: where it has room."""
    is_late = at - ends[0] > 0.75 * (ends[1] - ends[0])
    return {"ha": "right", "xytext": (-3, 0)} if is_late else {"ha": "left", "xytext": (3, 0)}


def _rebased(series: ScopeSeries, start: int, stop: int) -> Vector | None:
    """Return the index with 100 at its first value in the rows, None where there is none."""
    path = series.index[start:stop]
    known = path[np.isfinite(path)]
    if known.size < 2 or known[0] <= 0.0:
        return None
    return np.where(np.isfinite(path), 100.0 * path / known[0], np.nan)
