"""The loss of each day against the VaR and ES of the evening before, with the exceptions marked."""

import numpy as np
from matplotlib.figure import Figure

from daemon.report_html.backtest import LevelBacktest, level_name, trusted
from daemon.report_html.chart_time import date_axis, spans
from daemon.report_html.run_data import RunData, ScopeSeries
from daemon.report_html.svg import INKS, frame, house_style, to_svg
from risk.measures import Vector

_ES = "es_975"
_BARS_MAX = 1_800  # 33 years of weeks


def losses_chart(run: RunData, series: ScopeSeries, test: LevelBacktest, *, name: str) -> str:
    """Return the chart: P&L as bars from a span's largest loss to its largest gain, VaR and ES as lines below zero."""
    with house_style():
        figure = Figure(figsize=(10.0, 3.6))
        axes = figure.add_subplot()
        parts = spans(run.dates, _BARS_MAX)
        at = run.dates[np.array(parts.starts)]
        scale, unit = _scale(series.loss, test.value_at_risk)
        low, high = -parts.worst(series.loss) / scale, -parts.least(series.loss) / scale
        axes.fill_between(
            at, np.minimum(low, 0.0), np.maximum(high, 0.0), color=INKS["c5"], linewidth=0.4,
            label="P&L of the book held (largest loss to largest gain)", step="post",
        )  # fmt: skip
        label = f"VaR {level_name(test.level)} of the day before"
        axes.plot(at, -parts.worst(test.value_at_risk) / scale, color=INKS["c0"], linewidth=1.3, label=label)
        shortfall = np.concatenate(([np.nan], trusted(run, series, _ES)[:-1]))
        finite = np.where(np.isfinite(shortfall), shortfall, np.nan)
        if np.any(~np.isnan(finite)):
            axes.plot(
                at, -parts.worst(finite) / scale, color=INKS["c1"], linewidth=1.3, linestyle=(0, (4, 2)),
                label=f"ES {level_name(_ES[3:])} of the day before",
            )  # fmt: skip
        rows = np.flatnonzero(test.exceeded)
        axes.plot(
            run.dates[rows], -series.loss[rows] / scale, linestyle="none", marker="v", markersize=4.5,
            markerfacecolor=INKS["alarm"], markeredgecolor=INKS["paper"], markeredgewidth=0.4,
            label=f"exception: the loss passed VaR {level_name(test.level)} ({len(rows)} times)",
        )  # fmt: skip
        axes.axhline(0.0, color=INKS["soft"], linewidth=0.8)
        axes.set_ylabel(f"{run.head.base_currency}, {unit}" if unit else run.head.base_currency)
        figure.legend(loc="upper left", ncols=2, fontsize=8.5)
        date_axis(axes)
        frame(figure, legend_rows=2)
        title = f"Daily P&L against VaR and ES: {series.scope}"
        description = (
            f"{test.observations} days compared with VaR {level_name(test.level)}; {test.exceptions} losses passed it, "
            f"{test.expected:.1f} were expected."
        )
        return to_svg(figure, name=name, title=title, description=description)


def _scale(*values: Vector) -> tuple[float, str]:
    """Return what to divide by, and its name."""
    top = max((float(np.nanmax(np.abs(each[np.isfinite(each)]), initial=0.0)) for each in values), default=0.0)
    for scale, unit in ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands")):
        if top >= scale:
            return scale, unit
    return 1.0, ""
