"""The overview: where to look first. What fired, why, and what to do."""

from grafana_foundation_sdk.builders import table

from config.schema import Config
from deploy.monitoring.dashboards.codes import DATA_TRUST, HOLDS, LIMIT_LIFE, LIMIT_STAGE, SEVERITY, TRADING_STATE
from deploy.monitoring.dashboards.frame import Dashboard
from deploy.monitoring.dashboards.panels import GREEN_THEN_RED_ABOVE_0, USE_STEPS, Query, graph, number, timeline, words
from deploy.monitoring.dashboards.tables import Column, rows
from deploy.monitoring.limit_words import limit_words
from deploy.monitoring.rules import what_to_do

_ON_LEVEL = "on (job, instance, portfolio, limit, level)"
_LEVELS = "max by (portfolio, limit, level)"
# Sums of ones and zeros: 0 where riskd says that none does, no value where it says nothing.
_FIRING = 'sum(riskd_limit_life{portfolio=~"$portfolio"} >= bool 5)'
_BLIND = f'sum(riskd_limit_life{{portfolio=~"$portfolio"}} >= bool 3) - {_FIRING}'
# What fires, and what has no number: both may restrict.
_SPEAKS = 'riskd_limit_life{portfolio=~"$portfolio"} >= 3'

_HOW_TO_READ = """
1. **Alerts** (left) say what is wrong, gravest first, and the first thing to do.
2. **Limits that fire** (above) say why: how far over, at what bound, what it asks for. *no_data* restricts too, after
   15 min of open time: the data is the trouble then, not the book. *SHADOW* acts on nothing;
   *SOFT* at most throttles; *FULL* acts.
3. **Trading state** is what the trading systems were told. `REDUCING` and `HALTED` refuse orders that open;
   **cancels and reducing orders always pass**. Never stop riskd to trade again: its leases end and consumers restrict.
4. **Ready: NO** or **trust** above *fresh*: the numbers may be of the past. Mend the feed first, then read them.
   **riskd does not answer**: it is down, or has just started; nothing here speaks of now.
5. On the machine: `riskd status` names instruments and reasons. An operator's halt and reinstate are commands on
   the control topic.

Each alert has its section in `docs/operations.md`. Figures: *VaR and limits*, *Stress*. Evidence: *Enforcement*.
Nothing arrives or leaves: *Service*.
"""


def overview(config: Config) -> Dashboard:
    """Return the overview for the configuration's limits."""
    return Dashboard(
        uid="riskd-overview",
        title="riskd: overview",
        says="What fired, why, and what to do. Start here.",
        since="now-1h",
        lines=(
            (
                number(
                    "Trading state", "As told to the trading systems, with parents' restrictions.",
                    Query('max by (portfolio) (riskd_trading_state{topic="actions", portfolio=~"$portfolio"})',
                          "{{portfolio}}"),
                    width=6, codes=TRADING_STATE,
                ),
                number(
                    "Limits that fire", "Levels that fire or are latched, also in shadow.",
                    Query(_FIRING), width=3, steps=GREEN_THEN_RED_ABOVE_0, names=False,
                ),
                number(
                    "Without a number", "Levels in no_data or error: riskd does not know, holds, and tightens later.",
                    Query(_BLIND), width=3, steps=GREEN_THEN_RED_ABOVE_0, names=False,
                ),
                number(
                    "Ready", "Every condition of /readyz. NO: see the service dashboard for which.",
                    Query('min by (instance) (riskd_ready{condition!="known"})', "{{instance}}"),
                    width=4, codes=HOLDS, names=False,
                ),
                number(
                    "Positions known", "NO: its root waits for a positions_snapshot and may only reduce.",
                    Query('min by (portfolio) (riskd_known{portfolio=~"$portfolio"})', "{{portfolio}}"),
                    width=4, codes=HOLDS,
                ),
                number(
                    "Data trust", "The worst price among what each portfolio holds.",
                    Query('max by (portfolio) (riskd_data_trust{portfolio=~"$portfolio"})', "{{portfolio}}"),
                    width=4, codes=DATA_TRUST,
                ),
            ),
            (_firing_limits(config),),
            (_alerts(), words("What to do at night", _HOW_TO_READ, width=8, height=11)),
            (
                graph(
                    "Use of limits", "Each portfolio's most used limit, also in shadow: over 100 % it fires.",
                    [Query('max by (portfolio) (portfolio:riskd_limit_utilisation_ratio:max{portfolio=~"$portfolio"})',
                           "{{portfolio}}")],
                    unit="percentunit", steps=USE_STEPS,
                ),
                timeline(
                    "Trading state over time", "When was whom allowed what, as told to the trading systems.",
                    Query('max by (portfolio) (riskd_trading_state{topic="actions", portfolio=~"$portfolio"})',
                          "{{portfolio}}"),
                    TRADING_STATE,
                ),
            ),
        ),
    )  # fmt: skip


def _firing_limits(config: Config) -> table.Panel:
    use = f'riskd_limit_utilisation_ratio{{portfolio=~"$portfolio"}} and {_ON_LEVEL} {_SPEAKS}'
    bound = f'riskd_limit_threshold{{portfolio=~"$portfolio"}} and {_ON_LEVEL} {_SPEAKS}'
    stage = f"(({_SPEAKS}) * 0) + on (job, instance, portfolio, limit) group_left () riskd_limit_stage"
    return rows(
        "Limits that fire, most used first, and limits without a number",
        "Why a portfolio is restricted. Use = number / bound; no_data: riskd does not know, holds, and tightens later.",
        [
            Query(f'label_replace({_LEVELS} ({use}), "meaning", "$1", "limit", "(.*)")'),
            Query(f"{_LEVELS} ({bound})"),
            Query(f"{_LEVELS} ({_SPEAKS})"),
            Query(f"{_LEVELS} ({stage})"),
        ],
        [
            Column("portfolio", "Portfolio", width=170),
            Column("limit", "Limit", width=170),
            Column("level", "Level", width=70),
            Column("C", "Life", shape="coloured", codes=LIMIT_LIFE, width=90),
            Column("D", "Stage", shape="coloured", codes=LIMIT_STAGE, width=90),
            Column("A", "Use", shape="gauge", unit="percentunit", decimals=0, steps=USE_STEPS, width=200),
            Column("B", "Bound", unit="short", decimals=2, width=100),
            Column("meaning", "What it is, and what it asks for", shape="wrapped", texts=limit_words(config)),
        ],
        width=24,
        height=9,
        sorted_by="Use",
        nothing="No limit fires, and none is without its number, if riskd answers: see Ready.",
    )


def _alerts() -> table.Panel:
    """List what fires in Prometheus with what to do: the text is a mapping of the alert's name, not a label."""
    firing = 'ALERTS{alertname=~"Riskd.*", alertstate="firing", severity="%s"} * %d'
    ranked = " or ".join(firing % (code.name, code.value) for code in SEVERITY)
    where = '"portfolio", "limit", "level", "source", "topic", "condition", "confidence", "reason"'
    told = f'label_replace(label_join({ranked}, "where", " ", {where}), "do", "$1", "alertname", "(.*)")'
    return rows(
        "Alerts, and what to do",
        "What Prometheus' rules say is wrong now. Sections of docs/operations.md have the alerts' names.",
        [Query(f"max by (alertname, where, do) ({told})")],
        [
            Column("A", "Severity", shape="coloured", codes=SEVERITY, width=90),
            Column("alertname", "Alert", width=190),
            Column("where", "Where", shape="wrapped", width=220),
            Column("do", "What to do", shape="wrapped", texts=dict(what_to_do())),
        ],
        width=16,
        height=11,
        sorted_by="Severity",
        nothing="No alert fires.",
    )
