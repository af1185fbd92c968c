"""The faults of the daemon itself, and the alert that each must raise."""

from tests.deploy.health import (
    AFTER,
    AGE_BOUNDS,
    HEALTHY,
    INTERVAL_S,
    LATENCY_BOUNDS,
    ONSET,
    QUICK,
    SELF,
    SELF_LABELS,
    SLOW,
    Fault,
    always,
    growing,
    histogram,
    then,
)

_UP = f"up{{{SELF}}}"


def _vanished(series: str) -> str:
    """Return the series up to the onset, where it ends."""
    healthy = HEALTHY[series].split(" ")[0].rsplit("x", 1)[0]
    return f"{healthy}x{ONSET - 1} stale"


def _ready(condition: str) -> dict[str, str]:
    return {f'riskd_ready{{{SELF},condition="{condition}"}}': then(1, 0)}


_LOOPING = {f"process_start_time_seconds{{{SELF}}}": f"0+0x{ONSET - 1} 1800 1860 1920 1980+0x{AFTER - 3}"}
_READY = [name for name in HEALTHY if name.startswith("riskd_ready")]
_CORE_TIME = f"riskd_core_time_seconds{{{SELF}}}"
_BACKLOG = (
    "It replays its journal or reads its backlog for 10 min already (caught up is 0, bound 1 within 10 min). Until "
    "then only the final state of each scope will be published; consumers hold what they have, or restrict as leases "
    "end."
)
_LAGGING = {f'riskd_consumer_lag_records{{{SELF},topic="market_data"}}': then(12, 50_000)}

DEAD = {name: then(1, 0) if name == _UP else _vanished(name) for name in HEALTHY}

SERVICE_FAULTS: tuple[Fault, ...] = (
    Fault(
        name="the process is gone",
        series=DEAD,
        firing={("RiskdDown", "critical"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 does not answer",
        says="No scrape of riskd r:1 has succeeded for 30 s (bound 30 s). Its leases end 30 s after the last renewal; "
        "consumers then act as REDUCING where a limit is enforced.",
    ),
    Fault(
        name="the target is gone",
        series={name: _vanished(name) for name in HEALTHY},
        firing={("RiskdDown", "critical"): 1},
        labels={"job": "riskd"},
        summary="riskd  does not answer",
        says="No scrape of riskd  has succeeded for 30 s (bound 30 s). Its leases end 30 s after the last renewal; "
        "consumers then act as REDUCING where a limit is enforced.",
    ),
    Fault(
        name="the process was started again",
        series={f"process_start_time_seconds{{{SELF}}}": then(0, 1800)},
        firing={("RiskdRestarted", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 was restarted",
        says="The process started 1 times again within 15 min (bound 0). Nothing is lost: it replays its journal and "
        "publishes what is missing.",
        at=35,
    ),
    Fault(
        name="it ends soon after each start",  # and is up whenever RiskdDown is about to fire
        series=_LOOPING | {_UP: f"1+0x{ONSET - 1} 0 1 0 1 0 1 0 1+0x{AFTER - 7}"},
        firing={("RiskdCrashLooping", "critical"): 1, ("RiskdRestarted", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 starts again and again",
        says="The process started 4 times again within 30 min (bound under 3), the last time within 10 min. Nothing "
        "is lost or repeated; while it is away its leases end and consumers act as REDUCING where a limit is enforced.",
        at=36,
    ),
    Fault(
        name="what ended it is mended",  # ten minutes after its last start nobody is woken any more
        series=_LOOPING,
        firing={("RiskdRestarted", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 was restarted",
        says="The process started 4 times again within 15 min (bound 0). Nothing is lost: it replays its journal and "
        "publishes what is missing.",
        at=43,
    ),
    Fault(
        name="the brokers take nothing",
        series=_ready("publishing"),
        firing={("RiskdNotReady", "critical"): 1},
        labels={**SELF_LABELS, "condition": "publishing"},
        summary="riskd r:1 is not ready: publishing",
        says="Condition publishing of /readyz has been 0 for 1 min (bound 1). Enforced states are held, nothing is "
        "relaxed.",
    ),
    Fault(
        name="a backlog of a million records",  # whose lag is no second alert
        series=_ready("caught_up") | _LAGGING,
        firing={("RiskdCatchingUpTooLong", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 still works through its backlog",
        says=_BACKLOG,
    ),
    Fault(
        name="a long journal is replayed",  # no condition holds before the first report
        series=dict.fromkeys(_READY, always(0)) | {_CORE_TIME: f"_x{ONSET + AFTER}"},
        firing={("RiskdCatchingUpTooLong", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 still works through its backlog",
        says=_BACKLOG,
    ),
    Fault(
        name="the loop hangs",  # no condition holds where the last report is old
        series=dict.fromkeys(_READY, then(1, 0)) | {_CORE_TIME: growing(0, INTERVAL_S, 0)},
        firing={("RiskdCoreStalled", "critical"): 1},
        labels={**SELF_LABELS, "condition": "recovered"},
        summary="The loop of riskd r:1 hangs",
        says="It has not reported for 15 s (recovered is 0, bound 1), though it had recovered. No timer fires and "
        "nothing is decided meanwhile; its leases run out.",
        at=35,
    ),
    Fault(
        name="the clock of its machine was an hour ahead",
        series={_CORE_TIME: f"0+{INTERVAL_S}x{ONSET - 1} {3600 + INTERVAL_S * ONSET}+{INTERVAL_S}x{AFTER}"},
        firing={("RiskdClockAhead", "critical"): 1},
        labels=SELF_LABELS,
        summary="The time of riskd r:1 is ahead",
        says="Core time is 1h 0m 0s ahead of the clock of Prometheus (bound 5 s, for 30 s). Where it waits for its "
        "clock no timer fires; prices look older than they are, and books are restricted.",
    ),
    Fault(
        name="it falls behind",
        series=_LAGGING,
        firing={("RiskdConsumerLag", "warning"): 1},
        labels={**SELF_LABELS, "topic": "market_data"},
        summary="riskd r:1 falls behind on market_data",
        says="50k records of market_data wait (bound 20k, for 2 min). Decisions are made on prices and positions of "
        "the past.",
    ),
    Fault(
        name="the feed is late",
        series=histogram("riskd_event_age_seconds", QUICK, SLOW, AGE_BOUNDS),
        firing={("RiskdInputsOld", "warning"): 1},
        labels=SELF_LABELS,
        summary="Inputs reach riskd r:1 late",
        says="1 % of the batches were applied 9.91s or more after their events (bound 5 s, for 5 min).",
    ),
    Fault(
        name="it decides slowly",
        series=histogram("riskd_decision_latency_seconds", QUICK, SLOW, LATENCY_BOUNDS),
        firing={("RiskdLatencyHigh", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 decides slowly",
        says="1 % of the batches took 990.1ms or more from hand to acknowledged output (bound 100 ms, for 5 min).",
    ),
    Fault(
        name="outputs do not leave",
        series={f"riskd_journal_lag_seconds{{{SELF}}}": f"0+0x{ONSET - 1} 0+{INTERVAL_S}x{AFTER}"},
        firing={("RiskdPublishStuck", "critical"): 1},
        labels=SELF_LABELS,
        summary="What riskd r:1 decides does not leave it",
        says="The oldest output has waited for 2m 0s (bound 5 s). It is in the journal and leaves, once and in order, "
        "when the brokers take it; after 120 s riskd ends (fatal) and is started again until they do. Leases are not "
        "renewed meanwhile: consumers restrict when they end, after 30 s.",
        at=32,
    ),
    Fault(
        name="leases are not renewed",
        series={f"riskd_lease_valid_until_seconds{{{SELF}}}": growing(30, INTERVAL_S, 0)},
        firing={("RiskdLeaseExpiring", "critical"): 1},
        labels=SELF_LABELS,
        summary="The leases of riskd r:1 run out",
        says="The earliest lease ends in -30s (bound 10 s; they are renewed every 10 s for 30 s). After that consumers "
        "act as REDUCING where a limit is enforced.",
        at=31,
    ),
    Fault(
        name="the disk fills up",
        series=_ready("disk"),
        firing={("RiskdDiskLow", "critical"): 1},
        labels={**SELF_LABELS, "condition": "disk"},
        summary="The disk of riskd r:1 is nearly full",
        says="Condition disk is 0 (bound 1). When the journal cannot be written riskd stops rather than decide what it "
        "cannot prove.",
    ),
    Fault(
        name="the disk of the audit log is full",
        series={f"riskd_audit_degraded{{{SELF}}}": then(0, 1)},
        firing={("RiskdAuditDegraded", "critical"): 1},
        labels=SELF_LABELS,
        summary="The disk of the audit log of riskd r:1 is full",
        says="audit_degraded is 1 (bound 0): the log goes on in its reserve. When that is used up too, riskd ends "
        "rather than act without a record.",
    ),
    Fault(
        name="the disk of the audit log is slow",
        series={f"riskd_audit_lag_records{{{SELF}}}": then(3, 25_000)},
        firing={("RiskdAuditLag", "warning"): 1},
        labels=SELF_LABELS,
        summary="The audit log of riskd r:1 lags",
        says="25k audit records wait to be written (bound 10k, for 1 min).",
    ),
    Fault(
        name="nobody reads the program log",
        series={f"riskd_log_lines_dropped_total{{{SELF}}}": then(0, 5)},
        firing={("RiskdLogDropped", "warning"): 1},
        labels=SELF_LABELS,
        summary="riskd r:1 dropped lines of its program log",
        says="5 lines in 10 min (bound 0): whoever reads the log is too slow. Journal and audit log are not "
        "touched by this.",
        at=35,
    ),
    Fault(
        name="memory leaks",
        series={f"process_resident_memory_bytes{{{SELF}}}": f"1e9+0x{ONSET - 1} 1e9+2e6x{AFTER}"},
        firing={("RiskdMemoryGrowing", "warning"): 1},
        labels=SELF_LABELS,
        summary="The memory of riskd r:1 grows",
        says="At the pace of the last hour it will hold 3.779GiB in a day, more than twice what it holds now (bound "
        "2x, for 1 h).",
        at=119,
    ),
)
