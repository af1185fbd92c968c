"""Alerts on the daemon itself: is it there, does it keep up, does what it decides leave."""

from deploy.monitoring.alert import Alert

# Before its first report, and where the last is older than 5 s, no condition of readiness holds.
_REPORTS = 'and on (job, instance) riskd_ready{condition="recovered"} == 1'
_STARTS = 'changes(process_start_time_seconds{job="riskd"}['
_UP_FOR_30_MIN = 'time() - process_start_time_seconds{job="riskd"} > 1800'

SERVICE_ALERTS: tuple[Alert, ...] = (
    Alert(
        name="RiskdDown",
        severity="critical",
        expression='up{job="riskd"} == 0 or absent(up{job="riskd"})',
        lasts="30s",
        summary="riskd {{ $labels.instance }} does not answer",
        description="No scrape of riskd {{ $labels.instance }} has succeeded for 30 s (bound 30 s). Its leases end 30 "
        "s after the last renewal; consumers then act as REDUCING where a limit is enforced.",
        what_to_do="Look at the last lines of its log: fatal or fenced says why. Is it the brokers, bring them back: "
        "its service manager starts it again until they answer. Else mend it and start it; it recovers from its "
        "journal by itself. Never start a second one on another copy of the journal.",
    ),
    Alert(
        name="RiskdCrashLooping",
        severity="critical",
        expression=f"{_STARTS}30m]) >= 3 and {_STARTS}10m]) > 0",
        lasts="0s",
        summary="riskd {{ $labels.instance }} starts again and again",
        description="The process started {{ $value }} times again within 30 min (bound under 3), the last time within "
        "10 min. Nothing is lost or repeated; while it is away its leases end and consumers act as REDUCING where a "
        "limit is enforced.",
        what_to_do="Read the fatal line before each start in the log. Names it the brokers, bring them back; riskd is "
        "started again until they answer. Anything else: stop it, keep journal and audit folders as they are, and call "
        "the engineer.",
    ),
    Alert(
        name="RiskdRestarted",
        severity="warning",
        expression=f"{_STARTS}15m]) > 0",
        lasts="0s",
        summary="riskd {{ $labels.instance }} was restarted",
        description="The process started {{ $value }} times again within 15 min (bound 0). Nothing is lost: it "
        "replays its journal and publishes what is missing.",
        what_to_do="If nobody deployed: read the fatal line before the restart in the log. If it repeats, see "
        "RiskdCrashLooping.",
    ),
    Alert(
        name="RiskdNotReady",
        severity="critical",
        expression=f'riskd_ready{{condition!~"known|recovered|caught_up|disk"}} == 0 {_REPORTS}',
        lasts="1m",
        summary="riskd {{ $labels.instance }} is not ready: {{ $labels.condition }}",
        description="Condition {{ $labels.condition }} of /readyz has been {{ $value }} for 1 min (bound 1). Enforced "
        "states are held, nothing is relaxed.",
        what_to_do="Read /readyz: it names the trouble in words. inputs: a source is silent, a topic is in trouble, or "
        "the clock jumped. assigned or publishing: the brokers.",
    ),
    Alert(
        name="RiskdCatchingUpTooLong",
        severity="warning",
        expression='min by (job, instance) (riskd_ready{condition=~"recovered|caught_up"}) == 0',
        lasts="10m",
        summary="riskd {{ $labels.instance }} still works through its backlog",
        description="It replays its journal or reads its backlog for 10 min already (caught up is {{ $value }}, bound "
        "1 within 10 min). Until then only the final state of each scope will be published; consumers hold what they "
        "have, or restrict as leases end.",
        what_to_do="Watch the lag on the service dashboard: if it falls, wait. If it stands, look for broker_waiting "
        "in the log, and for a partition that holds back the others.",
    ),
    Alert(
        name="RiskdCoreStalled",
        severity="critical",
        expression='riskd_ready{condition="recovered"} == 0 and on (job, instance) riskd_core_time_seconds > 0',
        lasts="10s",
        summary="The loop of riskd {{ $labels.instance }} hangs",
        description="It has not reported for 15 s (recovered is {{ $value }}, bound 1), though it had recovered. No "
        "timer fires and nothing is decided meanwhile; its leases run out.",
        what_to_do="Restart it: the watchdog should have. Look for a full disk, a suspended machine or a clock that "
        "jumped before you do.",
    ),
    Alert(
        name="RiskdClockAhead",
        severity="critical",
        expression='riskd_core_time_seconds - time() > 5 and on (job, instance) riskd_config_info{clock="wall"}',
        lasts="30s",
        summary="The time of riskd {{ $labels.instance }} is ahead",
        description="Core time is {{ $value | humanizeDuration }} ahead of the clock of Prometheus (bound 5 s, for 30 "
        "s). Where it waits for its clock no timer fires; prices look older than they are, and books are restricted.",
        what_to_do="Compare the clocks of riskd's machine and of Prometheus' (chronyc tracking), and mend the wrong "
        "one. Core time never goes back: it stands still until the clock has come up to it. A restart changes nothing.",
    ),
    Alert(
        name="RiskdConsumerLag",
        severity="warning",
        expression="riskd_consumer_lag_records > 20000"
        ' unless on (job, instance) riskd_ready{condition="caught_up"} == 0',
        lasts="2m",
        summary="riskd {{ $labels.instance }} falls behind on {{ $labels.topic }}",
        description="{{ $value | humanize }} records of {{ $labels.topic }} wait (bound 20k, for 2 min). Decisions "
        "are made on prices and positions of the past.",
        what_to_do="Compare the event rate with the share of time the core is busy on the service dashboard: near 100 "
        "% the machine is too small or too busy; else look at the brokers.",
    ),
    Alert(
        name="RiskdInputsOld",
        severity="warning",
        expression="instance:riskd_event_age_seconds:p99_5m > 5",
        lasts="5m",
        summary="Inputs reach riskd {{ $labels.instance }} late",
        description="1 % of the batches were applied {{ $value | humanizeDuration }} or more after their events "
        "(bound 5 s, for 5 min).",
        what_to_do="If the consumer lag is small the delay is upstream: ask the owner of the feed. Else treat it as "
        "RiskdConsumerLag.",
    ),
    Alert(
        name="RiskdLatencyHigh",
        severity="warning",
        expression="instance:riskd_decision_latency_seconds:p99_5m > 0.1",
        lasts="5m",
        summary="riskd {{ $labels.instance }} decides slowly",
        description="1 % of the batches took {{ $value | humanizeDuration }} or more from hand to acknowledged output "
        "(bound 100 ms, for 5 min).",
        what_to_do="Service dashboard: is it the journal's disk (sync), the broker (publish), or the core (busy near "
        "100 %)?",
    ),
    Alert(
        name="RiskdPublishStuck",
        severity="critical",
        expression="riskd_journal_lag_seconds > 5",
        lasts="10s",
        summary="What riskd {{ $labels.instance }} decides does not leave it",
        description="The oldest output has waited for {{ $value | humanizeDuration }} (bound 5 s). It is in the "
        "journal and leaves, once and in order, when the brokers take it; after 120 s riskd ends (fatal) and is "
        "started again until they do. Leases are not renewed meanwhile: consumers restrict when they end, after 30 s.",
        what_to_do="Bring the brokers back; a restart by hand does not help. If they are fine, look for "
        "publishing_stuck in the log: rights on the topics, or the disk of the journal.",
    ),
    Alert(
        name="RiskdLeaseExpiring",
        severity="critical",
        expression="(riskd_lease_valid_until_seconds > 0) - time() < 10",
        lasts="0s",
        summary="The leases of riskd {{ $labels.instance }} run out",
        description="The earliest lease ends in {{ $value | humanizeDuration }} (bound 10 s; they are renewed every "
        "10 s for 30 s). After that consumers act as REDUCING where a limit is enforced.",
        what_to_do="Treat it as RiskdPublishStuck; tell the desks that opening trades will be refused.",
    ),
    Alert(
        name="RiskdDiskLow",
        severity="critical",
        expression=f'riskd_ready{{condition="disk"}} == 0 {_REPORTS}',
        lasts="0s",
        summary="The disk of riskd {{ $labels.instance }} is nearly full",
        description="Condition disk is {{ $value }} (bound 1). When the journal cannot be written riskd stops rather "
        "than decide what it cannot prove.",
        what_to_do="Give the volume of journal and audit more space, or move closed audit files away (never the "
        "journal, never the newest audit file).",
    ),
    Alert(
        name="RiskdAuditDegraded",
        severity="critical",
        expression="riskd_audit_degraded == 1",
        lasts="0s",
        summary="The disk of the audit log of riskd {{ $labels.instance }} is full",
        description="audit_degraded is {{ $value }} (bound 0): the log goes on in its reserve. When that is used up "
        "too, riskd ends rather than act without a record.",
        what_to_do="Free space on the audit volume; audit_recovered in the log says that it goes on. Then run riskd "
        "audit verify.",
    ),
    Alert(
        name="RiskdAuditLag",
        severity="warning",
        expression="riskd_audit_lag_records > 10000",
        lasts="1m",
        summary="The audit log of riskd {{ $labels.instance }} lags",
        description="{{ $value | humanize }} audit records wait to be written (bound 10k, for 1 min).",
        what_to_do="Look at the disk of the audit folder: another process may use it up. riskd slows down before it "
        "loses a line.",
    ),
    Alert(
        name="RiskdLogDropped",
        severity="warning",
        expression="increase(riskd_log_lines_dropped_total[10m]) > 0",
        lasts="0s",
        summary="riskd {{ $labels.instance }} dropped lines of its program log",
        description="{{ $value | printf `%.0f` }} lines in 10 min (bound 0): whoever reads the log is too slow. "
        "Journal and audit log are not touched by this.",
        what_to_do="Look at journald or the container's log driver on that machine.",
    ),
    Alert(
        name="RiskdMemoryGrowing",
        severity="warning",
        expression='(predict_linear(process_resident_memory_bytes{job="riskd"}[1h], 86400)'
        ' > 2 * process_resident_memory_bytes{job="riskd"})'
        f" and on (job, instance) {_UP_FOR_30_MIN}",
        lasts="1h",
        summary="The memory of riskd {{ $labels.instance }} grows",
        description="At the pace of the last hour it will hold {{ $value | humanize1024 }}B in a day, more than twice "
        "what it holds now (bound 2x, for 1 h).",
        what_to_do="Compare with the number of instruments and scopes, which may have grown. Else plan a restart in a "
        "quiet hour and keep the graph for a report.",
    ),
)
