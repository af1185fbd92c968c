"""What all dashboards share: variables, links between them, marks of restarts, and their JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.monitoring.dashboards.panels import DATASOURCE

AnyPanel = stat.Panel | statetimeline.Panel | table.Panel | text.Panel | timeseries.Panel
TAG = "riskd"
_GRID_UNITS_WIDE = 24


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard as its file declares it.

    uid   : stays the same over versions: links and bookmarks use it
    lines : panels from the top, each line 24 grid units wide
    """

    uid: str
    title: str
    says: str
    lines: Sequence[Sequence[AnyPanel]]
    refresh: str = "10s"
    since: str = "now-3h"


def dashboard_json(declared: Dashboard) -> str:
    """Return the dashboard as Grafana imports it; raises ValueError where a line is not 24 units wide."""
    built = builders.Dashboard(declared.title).uid(declared.uid).description(declared.says).tags([TAG])
    built = built.refresh(declared.refresh).time(declared.since, "now").timezone("browser").readonly()
    built = built.tooltip(DashboardCursorSync.CROSSHAIR)
    for variable in _variables():
        built = built.with_variable(variable)
    built = built.link(_links()).annotation(_restarts()).annotation(_halts())
    number = 0
    for line in declared.lines:
        wide = 0
        for panel in line:
            number += 1
            built = built.with_panel(panel.id(number))
            position = panel.build().grid_pos
            wide += 0 if position is None else position.w
        if wide != _GRID_UNITS_WIDE:
            raise ValueError(f"line {[panel.build().title for panel in line]} must be 24 units wide, got {wide}")
    return json.dumps(built.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _variables() -> list[builders.DatasourceVariable | builders.QueryVariable]:
    everything = VariableOption(True, ["All"], ["$__all"])
    portfolio = builders.QueryVariable("portfolio").label("Portfolio").datasource(DATASOURCE)
    portfolio = portfolio.query("label_values(riskd_trading_state, portfolio)").multi(True).include_all(True)
    portfolio = portfolio.all_value(".*").current(everything).sort(VariableSort.ALPHABETICAL_ASC)
    return [
        builders.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        portfolio.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED),
    ]


def _links() -> builders.DashboardLink:
    link = builders.DashboardLink("riskd").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(False).include_vars(True).keep_time(True)


def _restarts() -> builders.AnnotationQuery:
    return _mark("Restarts", 'changes(process_start_time_seconds{job="riskd"}[1m]) > 0', "blue")


def _halts() -> builders.AnnotationQuery:
    return _mark("Halts", 'max by (portfolio) (riskd_trading_state{topic="actions"}) == 3', "red")


def _mark(name: str, expression: str, colour: str) -> builders.AnnotationQuery:
    query = builders.AnnotationQuery().name(name).datasource(DataSourceRef("prometheus", "${datasource}"))
    return query.enable(True).hide(False).icon_color(colour).expr(expression)
