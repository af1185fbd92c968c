"""Builds the report once a second, a few scopes at a time, so that no event waits for all of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from audit.line import canonical_json
from config.schema import Config
from daemon.disk_room import low_disks
from daemon.health import Health
from daemon.leases import Leases
from daemon.report import SHARED_TOPIC_KINDS, Condition, Report, ShardReport
from daemon.report_log import ReportLog
from daemon.report_metrics import ReportMetrics
from daemon.shard import Shard
from daemon.trust_report import held_trust
from feeds.kafka_notices import Notices
from feeds.kafka_sink import Outgoing
from feeds.kafka_source import KafkaSource

REPORT_EVERY_S = 1.0
SCOPES_A_STEP = 2
STUCK_AFTER_S = 5.0  # an output that waits this long, or a broker that is away this long, is trouble
_NS_PER_S = 1e9


class Reporter:
    """Looks at every shard once a second; `step` is called after each batch and returns soon.

    Sends the changed states and the leases on their way.
    """

    def __init__(
        self,
        config: Config,
        shards: Sequence[Shard],
        source: KafkaSource,
        *,
        notices: Notices,
        health: Health,
        metrics: ReportMetrics | None,
    ) -> None:
        self._config, self._shards, self._source = config, shards, source
        self._topics = config.kafka.topics
        self._notices, self._health, self._metrics = notices, health, metrics
        self._log = ReportLog(shards, is_wall=config.clock == "wall")
        self._leases = [Leases(config.kafka.topics.leases) for _ in shards]
        self._kinds = {name: kind for kind, name in config.kafka.topics.model_dump().items()}
        self._records: dict[tuple[int, str], dict[str, object]] = {}
        self._marks: dict[tuple[int, str], tuple[object, ...]] = {}
        self._round: Iterator[None] | None = None
        self._due_s = 0.0

    def step(self, *, is_idle: bool) -> None:
        """Go on with the report of this second: two scopes, or all that are left where nothing else is to do."""
        now_s = time.monotonic()
        if self._round is None:
            if now_s < self._due_s:
                return
            self._due_s = now_s + REPORT_EVERY_S
            self._round = self._look()
        for _ in self._round:
            if not is_idle:
                return
        self._round = None

    def _look(self) -> Iterator[None]:
        states: list[dict[str, object]] = []
        for shard in self._shards:
            changed: list[Outgoing] = []
            done = 0
            for p, path in enumerate(list(shard.core.state.scopes)):
                if shard.core.is_elsewhere(p):
                    continue
                key, mark = (shard.number, path), _mark(shard, p)
                if self._marks.get(key) != mark:
                    self._marks[key] = mark
                    self._records[key] = {"shard": shard.number, **shard.core.state_record(p)}
                    value = canonical_json(self._records[key])
                    changed.append(Outgoing(self._topics.state, shard.number, path.encode(), value))
                    done += 1
                    if done % SCOPES_A_STEP == 0:
                        yield
                states.append(self._records[key])
            if changed:
                shard.notify(changed)
            yield
        self._finish(states)

    def _finish(self, states: list[dict[str, object]]) -> None:
        now_ns, now_s = time.time_ns(), time.monotonic()
        for shard, leases in zip(self._shards, self._leases, strict=True):
            renewed = leases.renew(shard, monotonic_s=now_s, now_ns=now_ns)
            self._notices.send(renewed, partial(leases.note_delivery, leases.sent_until_s))
        reports = tuple(
            self._shard_report(shard, leases) for shard, leases in zip(self._shards, self._leases, strict=True)
        )
        low = low_disks(self._config)
        report = Report(now_ns, self._troubles(reports, states, low), reports, tuple(states))
        self._health.set_report(report)
        if self._metrics is not None:
            self._metrics.update(report)
        self._log.tell(report, low, now_s)

    def _shard_report(self, shard: Shard, leases: Leases) -> ShardReport:
        core = shard.core
        counts, not_fresh = held_trust(core.state)
        lag: dict[str, int] = {}
        for (topic, partition), records in self._source.lag.items():
            kind = self._kinds[topic]
            if kind in SHARED_TOPIC_KINDS or partition == shard.number:
                lag[kind] = lag.get(kind, 0) + records
        return ShardReport(
            shard=shard.number,
            epoch=shard.epoch,
            n=core.n,
            core_time_ns=core.now_ns,
            decisions=core.enforcer.decisions,
            lag_records=lag,
            waiting=shard.waiting,
            outbox=shard.outbox.waiting,
            oldest_s=shard.outbox.oldest_s,
            audit_waiting=shard.outbox.audit_waiting,
            seq=shard.seq,
            lease_until_s=leases.until_s,
            instruments=counts,
            not_fresh=not_fresh,
            sources=core.source_reports(),
            evidence={limit: asdict(evidence) for limit, evidence in core.evidence().items()},
        )

    def _troubles(
        self, reports: Sequence[ShardReport], states: Sequence[dict[str, object]], low: Mapping[str, str]
    ) -> dict[Condition, str]:
        troubles: dict[Condition, str] = {}
        behind = [shard for shard in self._shards if not shard.is_caught_up]
        if behind:
            left = sum(sum(report.lag_records.values()) + report.waiting for report in reports)
            troubles["caught_up"] = f"catching up: {left} records to go"
        silent = sorted({name for report in reports for name, source in report.sources.items() if source.is_silent})
        if silent:
            troubles["inputs"] = f"silent: {', '.join(silent)}"
        if self._source.down_s > STUCK_AFTER_S:
            troubles["inputs"] = f"no broker answers since {self._source.down_s:.0f} s"
        oldest_s = max(report.oldest_s for report in reports)
        if oldest_s > STUCK_AFTER_S:
            troubles["publishing"] = f"outputs wait to leave since {oldest_s:.0f} s"
        elif self._notices.trouble is not None:
            troubles["publishing"] = f"states or leases do not leave: {self._notices.trouble}"
        disk = [shard.audit_trouble for shard in self._shards if shard.audit_trouble is not None]
        disk += low.values()
        if disk:
            troubles["disk"] = "; ".join(disk)
        unknown = [str(state["scope"]) for state in states if not state["known"] and "/" not in str(state["scope"])]
        if unknown:
            troubles["known"] = f"no positions snapshot yet: {', '.join(unknown[:5])}"
        return troubles


def _mark(shard: Shard, p: int) -> tuple[object, ...]:
    """Return what a scope's record depends on, cheap to compare: numbers, statuses, and what was decided."""
    arrays, core = shard.core.state.arrays, shard.core
    return (
        arrays.metrics[p].tobytes(), arrays.statuses[p].tobytes(), arrays.value[p], arrays.known[p], core.state.rows,
        core.enforcer.decisions,
    )  # fmt: skip
