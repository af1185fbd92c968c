"""The shapes of panel that the dashboards are made of, on Grafana's own types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, text, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from config.schema import Config
from deploy.monitoring.dashboards.codes import NO_ANSWER, Code, mapped, unanswered

DATASOURCE = DataSourceRef("prometheus", "${datasource}")
LIMIT_LINE = "^limit .*"  # legends that start so are bounds: red, dashed
_GRID_UNITS_WIDE = 24

_Panel = TypeVar("_Panel", stat.Panel, statetimeline.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression with the metric names of docs/metrics.md; the legend is Grafana's, with {{label}}."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on, this colour; None: from below."""

    at: float | None
    colour: str


GREEN_THEN_RED_ABOVE_0 = (Step(None, "green"), Step(1, "red"))
USE_STEPS = (Step(None, "green"), Step(0.8, "yellow"), Step(1.0, "red"))


def number(title: str, says: str, query: Query, *, width: int, codes: tuple[Code, ...] = (), height: int = 5,
           unit: str = "short", steps: Sequence[Step] = (), names: bool = True) -> stat.Panel:  # fmt: skip
    """Return big figures of this moment, one per series, coloured by code or by step.

    names : also where there is one series. A figure without a value says that riskd does not answer, in red: the query
    must have none where riskd is dead, and none of the past is shown.
    """
    panel = stat.Panel().color_mode(common.BigValueColorMode.BACKGROUND).graph_mode(common.BigValueGraphMode.NONE)
    panel = panel.text_mode(common.BigValueTextMode.VALUE_AND_NAME if names else common.BigValueTextMode.AUTO)
    panel = panel.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    panel = panel.mappings([*(mapped(codes) if codes else ()), unanswered()]).no_value(NO_ANSWER)
    panel = panel.with_target(target(query, "A", at="now"))
    return _finished(panel, title, says, [], width=width, height=height, unit=unit, steps=steps)


def graph(title: str, says: str, queries: Sequence[Query], *, width: int = 12, height: int = 8, unit: str = "short",
          steps: Sequence[Step] = (), is_stacked: bool = False,
          is_logarithmic: bool = False) -> timeseries.Panel:  # fmt: skip
    """Return lines over time; series whose legend starts with `limit` are bounds, and steps are drawn as lines."""
    legend = common_builders.VizLegendOptions().show_legend(True).placement(common.LegendPlacement.BOTTOM)
    legend = legend.display_mode(common.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = timeseries.Panel().legend(legend).tooltip(tooltip.sort(common.SortOrder.DESCENDING))
    panel = panel.line_width(1).fill_opacity(0).show_points(common.VisibilityMode.NEVER).axis_soft_min(0)
    dashed = [
        DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "red"}),
        DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
        DynamicConfigValue("custom.lineWidth", 2),
    ]
    panel = panel.override_by_regexp(LIMIT_LINE, dashed)
    if steps:
        style = common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    if is_stacked:
        stacking = common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
        panel = panel.draw_style(common.GraphDrawStyle.BARS).fill_opacity(60).stacking(stacking)
    if is_logarithmic:
        scale = common_builders.ScaleDistributionConfig().type(common.ScaleDistribution.LOG).log(10)
        panel = panel.scale_distribution(scale)
    return _finished(panel, title, says, queries, width=width, height=height, unit=unit, steps=steps)


def timeline(title: str, says: str, query: Query, codes: tuple[Code, ...], *, width: int = 12,
             height: int = 8) -> statetimeline.Panel:  # fmt: skip
    """Return one coloured bar per series: when was it in which state."""
    legend = common_builders.VizLegendOptions().show_legend(False).placement(common.LegendPlacement.BOTTOM)
    panel = statetimeline.Panel().legend(legend.display_mode(common.LegendDisplayMode.LIST).calcs([]))
    panel = panel.merge_values(True).show_value(common.VisibilityMode.AUTO).row_height(0.85).mappings(mapped(codes))
    return _finished(panel, title, says, [query], width=width, height=height, unit="short", steps=())


def words(title: str, markdown: str, *, width: int, height: int) -> text.Panel:
    """Return a panel that only speaks."""
    return text.Panel().title(title).mode(TextMode.MARKDOWN).content(markdown).span(width).height(height)


def target(query: Query, ref: str, *, at: Literal["time shown", "now", "now, as table"]) -> prometheus.Dataquery:
    """Return the query as Grafana keeps it: over the time shown, or of this moment, where what ended has no value."""
    dataquery = prometheus.Dataquery().expr(query.expression).legend_format(query.legend or "__auto").ref_id(ref)
    dataquery = dataquery.datasource(DATASOURCE)
    match at:
        case "time shown":
            return dataquery.range()
        case "now":
            return dataquery.instant()
        case "now, as table":
            return dataquery.instant().format(PromQueryFormat.TABLE)


def money(config: Config) -> str:
    """Return Grafana's unit for amounts in the base currency."""
    return f"currency:{config.base_currency} "


def thresholds(steps: Sequence[Step]) -> dashboard_builders.ThresholdsConfig:
    """Return Grafana's form of the steps; none is one colour."""
    found = [Threshold(step.at, step.colour) for step in steps] or [Threshold(None, "text")]
    return dashboard_builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _finished(panel: _Panel, title: str, says: str, queries: Sequence[Query], *, width: int, height: int, unit: str,
              steps: Sequence[Step]) -> _Panel:  # fmt: skip
    if not 1 <= width <= _GRID_UNITS_WIDE:
        raise ValueError(f"width of panel {title!r} must be in 1..{_GRID_UNITS_WIDE}, got {width}")
    for index, query in enumerate(queries):
        panel = panel.with_target(target(query, chr(ord("A") + index), at="time shown"))
    panel = panel.title(title).description(says).datasource(DATASOURCE).span(width).height(height)
    return panel.unit(unit).thresholds(thresholds(steps))
