"""Stress: what each scenario would cost, against its limits."""

from grafana_foundation_sdk.builders import table, timeseries

from config.schema import Config
from deploy.monitoring.dashboards.frame import Dashboard
from deploy.monitoring.dashboards.limits import graph_with_bounds
from deploy.monitoring.dashboards.nightly import nightly_panels
from deploy.monitoring.dashboards.panels import Query, Step, graph, money, words
from deploy.monitoring.dashboards.tables import Column, rows
from deploy.monitoring.limit_words import in_figures, limits_of_metric

_SCENARIOS_DRAWN_MAX = 8
_COVERED_MIN = 0.8  # under it a scenario's result is INSUFFICIENT (semantics.md, Scenarios)

_HOW_TO_READ = """
Each scenario moves prices at once by what is written in its provenance; the loss is that of the book as it is now.

- **Over its own limit** a scenario counts as failed; too many failed ones are a limit of their own.
- **Coverage** is the share of the book that the scenario says anything about. Under 80 % its result is INSUFFICIENT:
  it does **not** count as passed.
- While a price is in quarantine (trust *suspect*) stress is also computed at that price.

**Once a night**, after the row of the base calendar is complete, every book is also held against multiples of
scenarios, raised correlations and past crises: the tables below. They speak of that book until the next night.

To bring the worst loss down, reduce what carries the worst scenario; the action record lists the instruments and the
targets.
"""


def stress(config: Config) -> Dashboard:
    """Return the dashboard for the configuration's scenarios and limits."""
    worst = limits_of_metric(config, "worst_loss")
    failures = limits_of_metric(config, "failures")
    bounded = []
    if worst:
        title, width = "Worst scenario's loss", 12 if failures else 24
        bounded.append(graph_with_bounds(config, "stress_failure", "worst_loss", title, money(config), width=width))
    if failures:
        width = 12 if worst else 24
        bounded.append(
            graph_with_bounds(config, "stress_failure", "failures", "Failed scenarios", "short", width=width)
        )
    return Dashboard(
        uid="riskd-stress",
        title="riskd: stress",
        says="Losses of the present books in the scenarios, and how much of each book a scenario covers.",
        lines=(
            (_losses(config), words("How to read this", _HOW_TO_READ, width=8, height=13)),
            *([tuple(bounded)] if bounded else []),
            (_worst_over_time(config),),
            *nightly_panels(config),
        ),
    )


def _losses(config: Config) -> table.Panel:
    most = config.enforcement.max_stress_loss
    by = 'max by (portfolio, scenario) (%s{portfolio=~"$portfolio"})'
    covered = (Step(None, "orange"), Step(_COVERED_MIN, "green"))
    steps = (Step(None, "green"), Step(0.8 * most, "yellow"), Step(most, "red"))
    return rows(
        "Loss by scenario, largest first",
        f"Red: over max_stress_loss, {in_figures(most)} {config.base_currency}. Gains are negative.",
        [Query(by % "riskd_stress_loss"), Query(by % "riskd_stress_coverage_ratio")],
        [
            Column("portfolio", "Portfolio"),
            Column("scenario", "Scenario"),
            Column("A", "Loss", shape="coloured", unit=money(config), steps=steps, width=160),
            Column("B", "Covered", shape="coloured", unit="percentunit", decimals=0, steps=covered, width=110),
        ],
        width=16,
        height=13,
        sorted_by="Loss",
    )


def _worst_over_time(config: Config) -> timeseries.Panel:
    query = f'topk({_SCENARIOS_DRAWN_MAX}, max by (portfolio, scenario) (riskd_stress_loss{{portfolio=~"$portfolio"}}))'
    return graph(
        f"The {_SCENARIOS_DRAWN_MAX} worst scenarios over time",
        "Which scenario the book is most exposed to, and since when.",
        [Query(query, "{{portfolio}} {{scenario}}")],
        unit=money(config),
        width=24,
    )
