"""Enforcement and false positives: what was decided and published, and which limits earn the right to act."""

from grafana_foundation_sdk.builders import table, timeseries

from config.schema import Config
from deploy.monitoring.dashboards.codes import LIMIT_STAGE, TRADING_STATE
from deploy.monitoring.dashboards.frame import Dashboard
from deploy.monitoring.dashboards.panels import Query, Step, graph, timeline, words
from deploy.monitoring.dashboards.tables import Column, rows

READY_AT = 20.0  # the e-process: at most 5 % of useless limits ever pass it (models.md, 22.5)

_HOW_TO_READ = """
**shadow** is what every limit would have done; **actions** is what the trading systems were told. They differ where a
limit is in SHADOW, or in SOFT (at most a throttle).

A limit climbs SHADOW, SOFT, FULL in mode *gradual* by evidence gathered in that stage:
**readiness of {ready:g} or more**, with at most {threshold:g} false positive a week.

- An episode without a label **counts as false** (label commands come with a later release).
- Weeks count only while the number was known and the limit's life was *ok*. No weeks, no rate: *no evidence*.
- A rate over the bound: move the limit, or mend the data, in daylight. Rehearse a change with `riskd replay` on the
  journal.
"""


def enforcement(config: Config) -> Dashboard:
    """Return the dashboard for the configuration's threshold of false positives."""
    threshold = config.enforcement.false_positive_threshold_per_week
    text = _HOW_TO_READ.format(ready=READY_AT, threshold=threshold)
    return Dashboard(
        uid="riskd-enforcement",
        title="riskd: enforcement and false positives",
        says="What riskd decided and told, and the evidence for letting each limit act.",
        since="now-24h",
        lines=(
            (
                timeline(
                    "Trading state: told, and as it would be",
                    "actions: what consumers follow. shadow: with every limit enforced.",
                    Query(
                        'max by (portfolio, topic) (riskd_trading_state{portfolio=~"$portfolio"})',
                        "{{portfolio}} {{topic}}",
                    ),
                    TRADING_STATE,
                    width=16,
                    height=10,
                ),
                words("How to read this", text, width=8, height=10),
            ),
            (_evidence(threshold),),
            (_published(), _decided()),
            (_acknowledged(), _ack_times(), _followed()),
            (_rates(threshold), _readiness()),
            (_judged_false(),),
            (_exceptions(), _until_their_end()),
        ),
    )


def _evidence(threshold: float) -> table.Panel:
    rate = (Step(None, "green"), Step(threshold, "red"))
    ready = (Step(None, "text"), Step(READY_AT, "green"))
    return rows(
        "Evidence by limit",
        "Figures of a limit over all its portfolios; readiness is that of the portfolio that lags most. A stage is "
        "lost at a CUSUM of 3.0. Right about: share of its episodes after which what it warns of came.",
        [
            Query('max by (limit) (riskd_limit_stage{portfolio=~"$portfolio"})'),
            Query("sum by (limit) (riskd_episodes_total)"),
            Query("sum by (limit) (riskd_live_exposure_weeks)"),
            Query("sum by (limit) (riskd_live_weeks)"),
            Query("max by (limit) (riskd_fp_rate_per_week)"),
            Query("max by (limit) (riskd_fp_ucb95)"),
            Query("min by (limit) (riskd_fp_evalue)"),
            Query("max by (limit) (riskd_fp_cusum)"),
            Query("min by (limit) (riskd_ppv)"),
        ],
        [
            Column("limit", "Limit"),
            Column("A", "Stage", shape="coloured", codes=LIMIT_STAGE, width=110),
            Column("B", "Episodes", decimals=0, width=110),
            Column("C", "Live weeks", decimals=1, width=110),
            Column("D", "In this stage", decimals=1, width=110),
            Column("E", "False a week", shape="coloured", decimals=2, steps=rate, width=120),
            Column("F", "At most (95 %)", decimals=2, width=120),
            Column("G", "Readiness", shape="coloured", decimals=2, steps=ready, width=110),
            Column("H", "CUSUM", decimals=2, width=90),
            Column("I", "Right about", decimals=2, width=110),
        ],
        width=24,
        height=10,
        sorted_by="False a week",
    )


def _published() -> timeseries.Panel:
    query = "sum by (type, effect) (increase(riskd_actions_total[$__rate_interval]))"
    says = "Action records on both topics. Many a minute is flapping: look at the life of the limits."
    return graph("Actions published", says, [Query(query, "{{type}} {{effect}}")], is_stacked=True)


def _decided() -> timeseries.Panel:
    query = "sum by (kind) (increase(riskd_decisions_total[$__rate_interval]))"
    says = "Decisions, the same in every mode: changes of a life, escalations, new targets, reminders while halted."
    return graph("Decisions", says, [Query(query, "{{kind}}")], is_stacked=True)


def _acknowledged() -> timeseries.Panel:
    query = "sum by (result, standing) (increase(riskd_acks_total[$__rate_interval]))"
    says = (
        "What consumers say of actions, and what it is worth. Only what counts, on the newest action of a scope, does "
        "anything; with several shards each hears all, so that those of another shard are unknown."
    )
    return graph("Acknowledgements", says, [Query(query, "{{result}} {{standing}}")], width=8, is_stacked=True)


def _ack_times() -> timeseries.Panel:
    asked = "sum by (le) (rate(riskd_ack_seconds_bucket[$__rate_interval]))"
    queries = [Query(f"histogram_quantile({share}, {asked})", name) for share, name in ((0.5, "median"), (0.99, "p99"))]
    says = "From an action to an acknowledgement that counts; it has to come within `enforcement.acks.within`."
    return graph("Time to acknowledge", says, queries, width=8, unit="s")


def _followed() -> timeseries.Panel:
    queries = [
        Query("sum by (kind) (increase(riskd_follow_ups_total[$__rate_interval]))", "{{kind}}"),
        Query("sum(riskd_acks_open)", "open now"),
    ]
    says = "Acknowledgements that stayed away or came after all, positions that contradict one, and what is open."
    return graph("What followed actions", says, queries, width=8)


def _rates(threshold: float) -> timeseries.Panel:
    query = Query("max by (limit) (riskd_false_positive_rate_per_week)", "{{limit}}")
    says = f"Unresolved episodes count as false. The line is the configured bound, {threshold:g} a week."
    steps = (Step(None, "green"), Step(threshold, "red"))
    return graph("False positives a week", says, [query], steps=steps)


def _judged_false() -> timeseries.Panel:
    query = Query("sum by (sensor, cause) (riskd_fp_episodes_total)", "{{sensor}}: {{cause}}")
    says = (
        "Episodes judged false by now: by people, by verification (data_error, model_error), by outcome, or in no time."
    )
    return graph("Judged false, by cause", says, [query], width=24, is_stacked=True)


def _exceptions() -> timeseries.Panel:
    queries = [
        Query("sum by (kind) (riskd_overrides)", "{{kind}}"),
        Query("sum(riskd_approvals_waiting)", "waiting for a second person"),
    ]
    says = "Overrides in force by kind, and commands that wait for an approval: riskd status names each, and who."
    return graph("Exceptions", says, queries)


def _until_their_end() -> timeseries.Panel:
    query = Query("min by (kind) (riskd_override_ends_seconds) - scalar(min(riskd_core_time_seconds))", "{{kind}}")
    says = (
        "Until the first override of a kind ends, endless where there is none: what then breaches acts at that moment."
    )
    return graph("Next end of an exception", says, [query], unit="s")


def _readiness() -> timeseries.Panel:
    query = Query("min by (limit) (riskd_readiness_value)", "{{limit}}")
    says = f"The e-process 0.5^k exp(0.5 theta T) on a logarithmic scale; promotion needs {READY_AT:g}, the line."
    steps = (Step(None, "text"), Step(READY_AT, "green"))
    return graph("Readiness", says, [query], steps=steps, is_logarithmic=True)
