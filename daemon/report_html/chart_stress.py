"""Stress losses as a heat map: scenario by time, in units of the scenario's own limit."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from daemon.report_html.chart_time import spans
from daemon.report_html.run_data import RunData, ScopeSeries
from daemon.report_html.shown import label
from daemon.report_html.svg import HEAT_STEPS, INKS, frame, house_style, to_svg
from risk.measures import Matrix

_COLUMNS_MAX = 36
_EDGES = (0.1, 0.5, 0.9, 1.0, 2.0)  # of the scenario's limit: where the colour changes
LEGEND = ("under 10 %", "10 to 50 %", "50 to 90 %", "90 to 100 %", "over the limit", "over twice the limit")


def stress_chart(run: RunData, series: ScopeSeries, *, name: str) -> str:
    """Return the heat map of the largest loss of each span; a number in each cell says what its colour says."""
    scenarios = run.head.scenarios
    parts = spans(run.dates, _COLUMNS_MAX)
    table = np.array([parts.worst(series.stress[:, k]) for k in range(len(scenarios))])
    use = table / np.array([scenario.limit for scenario in scenarios])[:, None]
    with house_style():
        figure = Figure(figsize=(10.0, 0.45 + 0.26 * len(scenarios)))
        axes = figure.add_subplot()
        scale = _scale(table)
        for k in range(len(scenarios)):
            for j in range(len(parts)):
                if not np.isnan(table[k, j]):
                    step = int(np.searchsorted(_EDGES, use[k, j], side="right"))
                    axes.add_patch(Rectangle((j, k), 1, 1, facecolor=INKS[f"h{step}"], edgecolor=INKS["paper"]))
                    axes.text(
                        j + 0.5, k + 0.52, _cell(table[k, j] / scale), ha="center", va="center", fontsize=6.5,
                        color=INKS[f"t{step}"],
                    )  # fmt: skip
        axes.set_xlim(0, len(parts))
        axes.set_ylim(len(scenarios), 0)
        axes.set_yticks(np.arange(len(scenarios)) + 0.5, [label(scenario.id) for scenario in scenarios], fontsize=8.0)
        every = max(1, len(parts) // 12)
        places = range(0, len(parts), every)
        axes.set_xticks([place + 0.5 for place in places], [parts.labels[place] for place in places], fontsize=8.0)
        axes.grid(visible=False)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        frame(figure, names=[label(scenario.id) for scenario in scenarios])
        worst = _worst(run, table, parts.labels)
        title = f"Stress losses: {series.scope}"
        description = f"Largest loss of each scenario in {len(parts)} spans of time, in units of {scale:,.0f}. {worst}"
        return to_svg(figure, name=name, title=title, description=description)


def stress_scale(series: ScopeSeries) -> float:
    """Return the unit of the numbers in the cells, base currency."""
    return _scale(series.stress)


def _scale(table: Matrix) -> float:
    known = table[np.isfinite(table)]
    top = float(known.max()) if known.size else 0.0
    return 1e6 if top >= 1e5 else 1e3 if top >= 1e2 else 1.0


def _cell(value: float) -> str:
    """Return a number of at most four characters."""
    if abs(value) < 0.05:
        return "0"
    return f"{value:.1f}".replace("-", "−") if abs(value) < 99.95 else f"{value:.0f}".replace("-", "−")


def _worst(run: RunData, table: Matrix, labels: tuple[str, ...]) -> str:
    if np.all(np.isnan(table)):
        return "No scenario had a number."
    k, j = np.unravel_index(int(np.nanargmax(table)), table.shape)
    return f"The largest is {table[k, j]:,.0f} {run.head.base_currency} in {run.head.scenarios[k].id}, {labels[j]}."


assert len(LEGEND) == HEAT_STEPS == len(_EDGES) + 1
