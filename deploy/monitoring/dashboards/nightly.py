"""The nightly stress: how near ruin is, what stressed correlations cost, and what past crises would have done."""

from grafana_foundation_sdk.builders import table

from config.schema import Config
from deploy.monitoring.dashboards.panels import Query, Step, money
from deploy.monitoring.dashboards.tables import Column, rows

_HEIGHT = 10
_BY = 'max by (portfolio, %s) (%s{portfolio=~"$portfolio"})'


def nightly_panels(config: Config) -> tuple[tuple[table.Panel, ...], ...]:
    """Return the lines of panels that show the last night's stress."""
    return (_reverse(config), _crises(config)), (_correlation(config), _plausible(config))


def _reverse(config: Config) -> table.Panel:
    share = config.stress.reverse_loss
    steps = (Step(None, "red"), Step(1.0, "yellow"), Step(2.0, "green"))
    return rows(
        f"How many times a scenario must come to cost {share:.0%} of NAV",
        "Of the last night, nearest first. Red: the scenario alone does. +Inf: not within five times it.",
        [Query(_BY.replace("max by", "min by") % ("scenario", "riskd_reverse_stress_multiplier"))],
        [
            Column("portfolio", "Portfolio"),
            Column("scenario", "Scenario"),
            Column("A", "Times", shape="coloured", unit="none", decimals=2, steps=steps, width=130),
        ],
        width=12,
        height=_HEIGHT,
        sorted_by="Times",
        largest_first=False,
    )


def _crises(config: Config) -> table.Panel:
    return rows(
        "Worst loss of the untouched book in past crises",
        "Bought and held from the last close before the crisis; crises that riskd has no history of are left out.",
        [Query(_BY % ("crisis", "riskd_crisis_replay_loss") + " > -Inf")],
        [
            Column("portfolio", "Portfolio"),
            Column("crisis", "Crisis"),
            Column("A", "Loss", unit=money(config), width=160),
        ],
        width=12,
        height=_HEIGHT,
        sorted_by="Loss",
    )


def _correlation(config: Config) -> table.Panel:
    return rows(
        "VaR 99 where correlations rise",
        "The worst of names that move together and positions that move against the book, at each level.",
        [Query(_BY % ("correlation", "riskd_correlation_stress_var"))],
        [
            Column("portfolio", "Portfolio"),
            Column("correlation", "Correlations"),
            Column("A", "VaR 99", unit=money(config), width=160),
        ],
        width=12,
        height=_HEIGHT,
        sorted_by="VaR 99",
    )


def _plausible(config: Config) -> table.Panel:
    share = config.stress.plausible_loss
    steps = (Step(None, "red"), Step(5.0, "yellow"), Step(10.0, "green"))
    by = 'min by (portfolio) (%s{portfolio=~"$portfolio"})'
    return rows(
        f"Distance to the most plausible loss of {share:.0%} of NAV",
        "In standard deviations of one day at today's covariance; and the moment of the book that the night looked at.",
        [
            Query(by % "riskd_plausible_stress_distance"),
            Query(by % "riskd_nightly_stress_time_seconds" + " * 1000"),
        ],
        [
            Column("portfolio", "Portfolio"),
            Column("A", "Sigmas", shape="coloured", unit="none", decimals=1, steps=steps, width=130),
            Column("B", "Book of", unit="dateTimeAsIso", width=190),
        ],
        width=12,
        height=_HEIGHT,
        sorted_by="Sigmas",
        largest_first=False,
    )
