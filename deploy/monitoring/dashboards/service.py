"""Service: does the daemon take in, keep up, and let out; where the time goes."""

from grafana_foundation_sdk.builders import stat, table, timeseries

from deploy.monitoring.dashboards.codes import HOLDS
from deploy.monitoring.dashboards.frame import Dashboard
from deploy.monitoring.dashboards.panels import GREEN_THEN_RED_ABOVE_0, Query, Step, graph, number, timeline, words
from deploy.monitoring.dashboards.tables import Column, rows

_HOW_TO_READ = """
Follow a record from left to right, line by line: it **comes in** (rate, lag, silence), is **decided** (busy, latency),
and **goes out** (oldest output, leases, audit).

- **Lag grows, busy near 100 %**: the machine is too small or too busy.
- **Lag grows, busy low**: the brokers, or a partition that holds back the others (*waiting*).
- **Oldest output grows**: brokers or rights; it leaves by itself, in order. Leases end 30 s after the last renewal.
- **Sync slow**: the journal's disk. **Publish slow**: the brokers.
- **Refusals**: a producer's fault; the dead-letter topic has each record with its reason.

A restart is always safe: riskd replays its journal and publishes what is missing, once.
"""


def service() -> Dashboard:
    """Return the dashboard; it is the same for every configuration but for the prefix."""
    return Dashboard(
        uid="riskd-service",
        title="riskd: service",
        says="The daemon itself: inputs, speed, outputs, audit, memory.",
        lines=(
            (
                timeline(
                    "Ready: each condition",
                    "Which condition of /readyz does not hold. known restricts a portfolio, not riskd.",
                    Query("min by (instance, condition) (riskd_ready)", "{{instance}} {{condition}}"),
                    HOLDS,
                    width=16,
                    height=9,
                ),
                words("How to read this", _HOW_TO_READ, width=8, height=9),
            ),
            (_build(), *_figures()),
            (_taken_in(), _lag(), _silence()),
            (_busy(), _latency(), _age()),
            (_waiting_to_leave(), _leases(), _audit()),
            (_refusals(), _trust(), _memory()),
            (_order_checks(),),
        ),
    )


def _build() -> table.Panel:
    config = "max by (instance, config_hash, mode, clock) (riskd_config_info)"
    version = "max by (instance, version) (riskd_build_info)"
    joined = f"({version}) * on (instance) group_left (config_hash, mode, clock) ({config})"
    columns = [Column(name, name.replace("_", " ")) for name in ("instance", "version", "mode", "clock", "config_hash")]
    return rows("What runs", "Version, mode, and the hash of the configuration that decisions carry.", [Query(joined)],
                columns, width=12, height=5, sorted_by="instance")  # fmt: skip


def _figures() -> tuple[stat.Panel, ...]:
    zero = GREEN_THEN_RED_ABOVE_0
    up = Query('max by (instance) (time() - process_start_time_seconds{job="riskd"})', "{{instance}}")
    return (
        number("Up for", "Since the process started.", up, width=3, unit="s", names=False),
        number("Audit degraded", "1: the disk takes no more audit lines.",
               Query("max by (instance) (riskd_audit_degraded)", "{{instance}}"), width=3, steps=zero, names=False),
        number("Log lines dropped", "In the last hour; journal and audit are not touched by this.",
               Query("sum by (instance) (increase(riskd_log_lines_dropped_total[1h]))", "{{instance}}"),
               width=3, steps=zero, names=False),
        number("Epoch", "Of the journaled assignment: one more at every start.",
               Query("max by (instance) (riskd_epoch)", "{{instance}}"), width=3, names=False),
    )  # fmt: skip


def _taken_in() -> timeseries.Panel:
    query = Query("sum by (topic) (instance:riskd_events:rate_1m)", "{{topic}}")
    return graph("Records read a second", "Accepted and refused, by kind of topic.", [query], unit="reqps", width=8)


def _lag() -> timeseries.Panel:
    queries = [
        Query("sum by (topic) (riskd_consumer_lag_records)", "lag {{topic}}"),
        Query("sum (riskd_merge_waiting_records)", "waiting for a slower partition"),
    ]
    return graph("Records not applied yet", "lag: still on the brokers. waiting: read, and held for another partition.",
                 queries, width=8)  # fmt: skip


def _silence() -> timeseries.Panel:
    query = Query("max by (source) (riskd_source_silence_seconds)", "{{source}}")
    return graph("Silence of the sources", "Since the last record or heartbeat of each watched source.", [query],
                 unit="s", width=8)  # fmt: skip


def _busy() -> timeseries.Panel:
    queries = [
        Query("max by (instance) (instance:riskd_core_busy:ratio_1m)", "core {{instance}}"),
        Query('max by (instance) (rate(process_cpu_seconds_total{job="riskd"}[1m]))', "process {{instance}}"),
    ]
    steps = (Step(None, "green"), Step(0.9, "red"))
    return graph("Share of time that is busy", "core: the one thread that decides; at 100 % it falls behind.", queries,
                 unit="percentunit", steps=steps, width=8)  # fmt: skip


def _latency() -> timeseries.Panel:
    queries = [
        Query("max (instance:riskd_decision_latency_seconds:p50_5m)", "decision, half are faster"),
        Query("max (instance:riskd_decision_latency_seconds:p99_5m)", "decision, 99 % are faster"),
        Query("max (instance:riskd_journal_sync_seconds:p99_5m)", "journal sync, 99 %"),
        Query("max (instance:riskd_publish_seconds:p99_5m)", "publish, 99 %"),
    ]
    return graph("From record in hand to action acknowledged", "The parts show where the time goes.", queries, unit="s",
                 width=8)  # fmt: skip


def _age() -> timeseries.Panel:
    query = Query("max by (instance) (instance:riskd_event_age_seconds:p99_5m)", "99 % are younger, {{instance}}")
    return graph("Age of what is applied", "Older than the lag explains: the feed is late (clock: wall).", [query],
                 unit="s", width=8)  # fmt: skip


def _waiting_to_leave() -> timeseries.Panel:
    queries = [
        Query("max by (instance) (riskd_journal_lag_seconds)", "oldest output, s, {{instance}}"),
        Query("max by (instance) (riskd_outbox_waiting)", "steps that wait, {{instance}}"),
    ]
    return graph(
        "Outputs that wait to leave", "They are in the journal, and leave once and in order.", queries, width=8
    )


def _leases() -> timeseries.Panel:
    left = Query("min by (instance) (riskd_lease_valid_until_seconds - time())", "{{instance}}")
    return graph("Leases: time left", "Renewed every 10 s for 30 s. At 0 consumers restrict.", [left], unit="s",
                 width=8, steps=(Step(None, "red"), Step(10, "green")))  # fmt: skip


def _audit() -> timeseries.Panel:
    queries = [
        Query("max by (instance) (riskd_audit_lag_records)", "records that wait, {{instance}}"),
        Query("sum by (instance) (rate(riskd_audit_lines_total[1m]))", "lines a second, {{instance}}"),
    ]
    return graph("Audit log", "Records that wait should be near 0.", queries, width=8)


def _refusals() -> timeseries.Panel:
    queries = [
        Query("topk(8, sum by (reason) (increase(riskd_rejections_total[$__rate_interval])))", "{{reason}}"),
        Query("sum (increase(riskd_dead_letters_total[$__rate_interval]))", "dead letters published"),
    ]
    return graph("Refused records by reason", "Each is on the dead-letter topic, with its reason and bytes.", queries,
                 width=8)  # fmt: skip


def _trust() -> timeseries.Panel:
    query = Query("sum by (trust) (riskd_instruments)", "{{trust}}")
    return graph("Instruments by trust", "riskd status names those that are not fresh.", [query], width=8)


def _memory() -> timeseries.Panel:
    queries = [
        Query('max by (instance) (process_resident_memory_bytes{job="riskd"})', "resident, {{instance}}"),
        Query("sum by (instance) (rate(riskd_journal_bytes_total[1m]))", "journal a second, {{instance}}"),
    ]
    return graph("Memory, and growth of the journal", "Memory must be flat once the backlog is read.", queries,
                 unit="bytes", width=8)  # fmt: skip


def _order_checks() -> timeseries.Panel:
    slow = (
        'sum (increase(riskd_order_check_seconds_bucket{le="+Inf"}[$__rate_interval]))'
        ' - sum (increase(riskd_order_check_seconds_bucket{le="0.0001"}[$__rate_interval]))'
    )
    queries = [
        Query("sum by (outcome) (increase(riskd_order_checks_total[$__rate_interval]))", "{{outcome}}"),
        Query(slow, "took over 0.1 ms"),
    ]
    return graph("Orders that were asked about", "Asked by command, HTTP or Kafka: what went, what did not.", queries,
                 width=24)  # fmt: skip
