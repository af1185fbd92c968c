"""The table panel: several expressions of this moment, joined by their labels into rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, ValueMapping

from deploy.monitoring.dashboards.codes import Code, mapped, told
from deploy.monitoring.dashboards.panels import DATASOURCE, Query, Step, target, thresholds


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    source : a label, or the letter of the query whose value it shows (A is the first)
    title  : unique within the table
    shape  : gauge needs steps; coloured needs codes or steps; wrapped is for sentences
    texts  : what to show in place of a label's value
    width  : pixels; None leaves it to Grafana
    """

    source: str
    title: str
    shape: Literal["plain", "gauge", "coloured", "wrapped"] = "plain"
    unit: str | None = None
    decimals: int | None = None
    codes: tuple[Code, ...] = ()
    steps: tuple[Step, ...] = ()
    texts: Mapping[str, str] | None = None
    width: int | None = None


def rows(title: str, says: str, queries: Sequence[Query], columns: Sequence[Column], *, width: int, height: int,
         sorted_by: str, largest_first: bool = True, nothing: str = "nothing") -> table.Panel:  # fmt: skip
    """Return a table whose rows are the label sets of the queries, sorted by the column of a title.

    Each query must return the columns' labels and no others. `nothing` is shown where there is no row.
    """
    panel = table.Panel().title(title).description(says).datasource(DATASOURCE).span(width).height(height)
    for index, query in enumerate(queries):
        panel = panel.with_target(target(query, chr(ord("A") + index), at="now, as table"))
    fields = {column.title: _field(column.source, len(queries)) for column in columns}
    panel = panel.with_transformation(DataTransformerConfig("merge", options={}))
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {field: index for index, field in enumerate(fields.values())},
        "renameByName": {field: name for name, field in fields.items()},
    }
    panel = panel.with_transformation(DataTransformerConfig("organize", options=organize))
    for column in columns:
        panel = panel.override_by_name(column.title, _properties(column))
    order = common_builders.TableSortByFieldState().display_name(sorted_by).desc(largest_first)
    return panel.sort_by([order]).no_value(nothing).show_header(True)


def _field(source: str, queries: int) -> str:
    """Return Grafana's name of the field: a single query's value is called without its letter."""
    if len(source) == 1 and source.isupper():
        return f"Value #{source}" if queries > 1 else "Value"
    return source


def _properties(column: Column) -> list[DynamicConfigValue]:
    values: dict[str, object | None] = {
        "unit": column.unit,
        "decimals": column.decimals,
        "custom.width": column.width,
        "mappings": _mappings(column),
        "thresholds": thresholds(column.steps).build() if column.steps else None,
        "color": {"mode": "thresholds"} if column.steps else None,
        "custom.cellOptions": _cell(column),
    }
    if column.shape == "gauge":
        values |= {"min": 0, "max": 1.2}
    return [DynamicConfigValue(name, value) for name, value in values.items() if value is not None]


def _mappings(column: Column) -> list[ValueMapping] | None:
    if column.codes:
        return mapped(column.codes)
    return None if column.texts is None else told(column.texts)


def _cell(column: Column) -> dict[str, object] | None:
    match column.shape:
        case "gauge":
            return {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        case "coloured":
            return {"type": "color-background", "mode": "basic"}
        case "wrapped":
            return {"type": "auto", "wrapText": True}
        case "plain":
            return None
