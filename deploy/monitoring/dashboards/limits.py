"""VaR and limits: the numbers, their bounds drawn beside them, and whether they can be believed."""

from grafana_foundation_sdk.builders import statetimeline, table, timeseries

from config.schema import Config
from deploy.monitoring.dashboards.codes import LIMIT_LIFE, LIMIT_STAGE, NUMBER_STATUS
from deploy.monitoring.dashboards.frame import AnyPanel, Dashboard
from deploy.monitoring.dashboards.panels import USE_STEPS, Query, Step, graph, money, timeline, words
from deploy.monitoring.dashboards.tables import Column, rows
from deploy.monitoring.limit_words import limits_of_metric
from sensors.var_breach import VarBreach

_LIMITS_SHOWN_MAX = 50
_RED_ZONE = 3.72  # standard deviations: probability 0.9999, the red zone of Basel 1996
_YELLOW_ZONE = 1.645

_HOW_TO_READ = """
**A dashed red line is the bound**; the number fires when it stays over it. It clears only under its clearing level
(90 % of the bound unless configured otherwise), and stays *recovering* for a while.

- **The number jumped, positions did not**: look at *Status of the numbers* and at data trust first.
- **INSUFFICIENT**: too little history. **INVALID**: stale or missing prices. Both hold what was enforced and tighten
  after 15 min of open time; they never clear a limit.
- **VaR is slow**: historical simulation sees a new regime after weeks. In a fall, trust the loss of the day, drawdown
  and stress.
- **Exceptions** far over what is expected: the VaR understates this book.

To bring a number down: the action record names the smallest reduction that clears it.
"""


def limits(config: Config) -> Dashboard:
    """Return the dashboard; a graph for every metric of VaR and ES that the configuration limits."""
    bounded = [
        graph_with_bounds(config, "var_breach", metric, title, money(config))
        for metric, title in _titles().items()
        if limits_of_metric(config, metric)
    ]
    paired: list[tuple[AnyPanel, ...]] = [tuple(bounded[i : i + 2]) for i in range(0, len(bounded) - 1, 2)]
    last: list[AnyPanel] = [bounded[-1]] if len(bounded) % 2 else []
    return Dashboard(
        uid="riskd-limits",
        title="riskd: VaR and limits",
        says="Value at risk and every limit, with the bounds drawn in.",
        lines=(
            (_all_limits(), words("How to read this", _HOW_TO_READ, width=8, height=11)),
            *paired,
            (*last, *_methods(config, width=12 if last else 24)),
            (_shortfall(config), _values(config)),
            (_lives(), _statuses()),
            (_backtest(),),
        ),
    )


def graph_with_bounds(config: Config, sensor: str, metric: str, title: str, unit: str, *,
                      width: int = 12) -> timeseries.Panel:  # fmt: skip
    """Return the statistic of each portfolio as the limits see it, and the bounds of the limits on it."""
    ids = "|".join(limits_of_metric(config, metric))
    return graph(
        f"{title}, and its limits",
        f"The number that the limits {ids.replace('|', ', ')} read. Dashed red: their bounds.",
        [
            Query(
                f'max by (portfolio) (riskd_sensor_statistic{{sensor="{sensor}", metric="{metric}", '
                'portfolio=~"$portfolio"})',
                "{{portfolio}}",
            ),
            Query(
                f'max by (portfolio, limit, level) (riskd_limit_threshold{{limit=~"{ids}", portfolio=~"$portfolio"}})',
                "limit {{limit}} {{level}} of {{portfolio}}",
            ),
        ],
        unit=unit,
        width=width,
    )


def _titles() -> dict[str, str]:
    kinds = {"var": "VaR", "es": "ES"}
    levels = {"95": "95 %", "975": "97.5 %", "99": "99 %", "999": "99.9 %"}
    split = {metric: metric.split("_") for metric in VarBreach.facts.metric_names}
    return {metric: f"{kinds[kind]} {levels[level]}" for metric, (kind, level) in split.items()}


def _all_limits() -> table.Panel:
    levels = "max by (portfolio, limit, level)"
    top = f'topk({_LIMITS_SHOWN_MAX}, {levels} (riskd_limit_utilisation_ratio{{portfolio=~"$portfolio"}}))'
    kept = f"and on (portfolio, limit, level) {top}"
    lives = 'riskd_limit_life{portfolio=~"$portfolio"}'
    stage = f"({lives} * 0) + on (job, instance, portfolio, limit) group_left () riskd_limit_stage"
    return rows(
        f"All limits, the {_LIMITS_SHOWN_MAX} most used first",
        "Use = number / bound. no_data: riskd does not know, and holds.",
        [
            Query(top),
            Query(f'{levels} (riskd_limit_threshold{{portfolio=~"$portfolio"}}) {kept}'),
            Query(f"{levels} ({lives}) {kept}"),
            Query(f"{levels} ({stage}) {kept}"),
        ],
        [
            Column("portfolio", "Portfolio"),
            Column("limit", "Limit"),
            Column("level", "Level", width=70),
            Column("C", "Life", shape="coloured", codes=LIMIT_LIFE, width=90),
            Column("D", "Stage", shape="coloured", codes=LIMIT_STAGE, width=90),
            Column("A", "Use", shape="gauge", unit="percentunit", decimals=0, steps=USE_STEPS, width=180),
            Column("B", "Bound", unit="short", decimals=2, width=100),
        ],
        width=16,
        height=11,
        sorted_by="Use",
    )


def _methods(config: Config, *, width: int) -> tuple[timeseries.Panel]:
    query = 'max by (portfolio, method) (riskd_value_at_risk{confidence="99", portfolio=~"$portfolio"})'
    says = (
        "One day, the same book by each method. Far apart: normal says what the tail of the history does not, or late."
    )
    return (
        graph("VaR 99 % by method", says, [Query(query, "{{portfolio}} {{method}}")], unit=money(config), width=width),
    )


def _shortfall(config: Config) -> timeseries.Panel:
    query = (
        'max by (portfolio, confidence) (riskd_expected_shortfall{method=~"historical|pot", portfolio=~"$portfolio"})'
    )
    says = "Mean loss of the days beyond VaR: 95, 97.5 and 99 % historical, 99.9 % by its fitted tail."
    return graph("Expected shortfall", says, [Query(query, "{{portfolio}} ES {{confidence}}")], unit=money(config))


def _values(config: Config) -> timeseries.Panel:
    return graph(
        "Net asset value",
        "What leverage and drawdown are measured against. It moves with marks and fills and is set by nav events.",
        [Query('max by (portfolio) (riskd_nav{portfolio=~"$portfolio"})', "{{portfolio}}")],
        unit=money(config),
    )


def _lives() -> statetimeline.Panel:
    return timeline(
        "Life of the limits",
        "Worst level of each limit, in the order ok, pending, recovering, no_data, error, firing, latched.",
        Query('max by (portfolio, limit) (riskd_limit_life{portfolio=~"$portfolio"})', "{{portfolio}} {{limit}}"),
        LIMIT_LIFE,
        height=12,
    )


def _statuses() -> statetimeline.Panel:
    return timeline(
        "Status of the numbers",
        "Worst metric of each sensor. DEGRADED numbers count; INSUFFICIENT and INVALID hold what is enforced.",
        Query('max by (portfolio, sensor) (riskd_sensor_status{portfolio=~"$portfolio"})', "{{portfolio}} {{sensor}}"),
        NUMBER_STATUS,
        height=12,
    )


def _backtest() -> table.Panel:
    by = 'max by (portfolio, confidence) (%s{portfolio=~"$portfolio"})'
    zones = (Step(None, "green"), Step(_YELLOW_ZONE, "yellow"), Step(_RED_ZONE, "red"))
    return rows(
        "Backtest: days whose loss passed the VaR of the day before",
        "Since the journal began. Over 1.645 standard deviations is Basel's yellow zone, over 3.72 its red one "
        "(normal approximation of the binomial); say nothing of fewer than 250 days.",
        [
            Query(by % "riskd_backtest_exceptions_total"),
            Query(by % "portfolio:riskd_backtest_exceptions:expected"),
            Query(by % "riskd_backtest_observations_total"),
            Query(by % "portfolio:riskd_backtest_exceptions:sigmas"),
        ],
        [
            Column("portfolio", "Portfolio"),
            Column("confidence", "Confidence"),
            Column("A", "Exceptions", decimals=0),
            Column("B", "Expected", decimals=1),
            Column("C", "Days compared", decimals=0),
            Column("D", "Over expected, in standard deviations", shape="coloured", decimals=1, steps=zones),
        ],
        width=24,
        height=8,
        sorted_by="Over expected, in standard deviations",
    )
