"""How far the numbers could be trusted: the status of each portfolio's VaR, and the prices that it rested on."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from daemon.report_html.chart_time import date_axis, spans
from daemon.report_html.run_data import RunData
from daemon.report_html.shown import label
from daemon.report_html.svg import INKS, frame, house_style, to_svg
from daemon.trust_report import TRUSTS
from risk.measures import METRIC_INDEX, Status

_COLUMNS_MAX = 400
_LOOKS: dict[Status, tuple[str, str]] = {
    Status.OK: ("c5", ""), Status.DEGRADED: ("c2", "..."), Status.INSUFFICIENT: ("c1", "///"),
    Status.INVALID: ("alarm", "xxx"),
}  # fmt: skip
METRIC = "var_99"


def trust_chart(run: RunData, *, name: str) -> str:
    """Return a band for each portfolio, coloured and hatched by the worst status of its VaR 99 % in each span."""
    parts = spans(run.dates, _COLUMNS_MAX)
    edges = [*(run.dates[start] for start in parts.starts), run.dates[-1] + np.timedelta64(1, "D")]
    column = run.metric(METRIC)
    assert column is not None, f"{METRIC} is one of {METRIC_INDEX}"
    with house_style():
        figure = Figure(figsize=(10.0, 1.9 + 0.28 * len(run.scopes)))
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[0.28 * len(run.scopes), 1.0])
        for row, series in enumerate(run.scopes):
            worst = parts.worst(np.where(series.is_there, series.statuses[:, column].astype(float), np.nan))
            for status, (ink, hatch) in _LOOKS.items():
                axes.fill_between(
                    edges, row + 0.1, row + 0.9, where=np.append(worst == status, False), step="post",
                    facecolor=INKS[ink], edgecolor=INKS["paper"], hatch=hatch, linewidth=0.0,
                )  # fmt: skip
        axes.set_yticks(np.arange(len(run.scopes)) + 0.5, [label(series.scope) for series in run.scopes], fontsize=8.0)
        axes.set_ylim(len(run.scopes), 0)
        axes.grid(visible=False)
        doubted = np.array([sum(trust.values()) - trust["fresh"] for trust in run.trust], dtype=float)
        held = np.array([max(1, sum(trust.values())) for trust in run.trust], dtype=float)
        share = parts.worst(100.0 * doubted / held)
        below.fill_between(edges, 0.0, np.append(share, share[-1]), step="post", color=INKS["c0"], linewidth=0.0)
        below.set_ylim(0.0, max(10.0, float(np.nanmax(share, initial=0.0)) * 1.1))
        below.set_ylabel("% not fresh", fontsize=8.0)
        legend = [
            Patch(facecolor=INKS[ink], edgecolor=INKS["paper"], hatch=hatch, label=f"VaR 99 % {status.name}")
            for status, (ink, hatch) in _LOOKS.items()
        ]
        figure.legend(handles=legend, loc="upper left", ncols=4, fontsize=8.5)
        date_axis(below)
        frame(figure, names=[label(series.scope) for series in run.scopes], legend_rows=1)
        most = int(np.nanmax(doubted, initial=0.0))
        description = f"At most {most} held instruments were not fresh at the end of a row ({', '.join(TRUSTS[1:])})."
        return to_svg(figure, name=name, title="Status of VaR 99 %, and prices not fresh", description=description)
