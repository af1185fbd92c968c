"""Builds the report once a second, a few scopes at a time, so that no event waits for all of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from audit.line import canonical_json
from config.schema import Config
from daemon.ack_records import acks_records
from daemon.command_report import command_reports
from daemon.disk_room import low_disks
from daemon.health import Health
from daemon.leases import Leases
from daemon.report import SHARED_TOPIC_KINDS, Report, ShardReport
from daemon.report_log import ReportLog
from daemon.report_metrics import ReportMetrics
from daemon.shard import Shard
from daemon.troubles import Seen, troubles_of
from daemon.trust_report import held_trust
from daemon.wall_clock import WallClock
from feeds.kafka_notices import Notices
from feeds.kafka_sink import Outgoing
from feeds.kafka_source import KafkaSource

REPORT_EVERY_S = 1.0
SCOPES_A_STEP = 2
CORE_AHEAD_MAX_S = 5.0
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
        clock: WallClock,
        notices: Notices,
        health: Health,
        metrics: ReportMetrics | None,
    ) -> None:
        self._clock = clock
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
            is_present = shard.is_caught_up  # before that they are numbers of the past, for `/state` alone
            for p, path in enumerate(list(shard.core.state.scopes)):
                if shard.core.is_elsewhere(p):
                    continue
                key, mark = (shard.number, path), (is_present, *_mark(shard, p))
                if self._marks.get(key) != mark:
                    self._marks[key] = mark
                    self._records[key] = {"shard": shard.number, **shard.core.state_record(p)}
                    value = canonical_json(self._records[key])
                    changed.append(Outgoing(self._topics.state, shard.number, path.encode(), value))
                    done += 1
                    if done % SCOPES_A_STEP == 0:
                        yield
                states.append(self._records[key])
            if changed and is_present:
                shard.notify(changed)
            yield
        self._finish(states)

    def _finish(self, states: list[dict[str, object]]) -> None:
        now_ns, now_s = self._clock.now_ns(), time.monotonic()
        for shard, leases in zip(self._shards, self._leases, strict=True):
            if self._source.down_s == 0.0 and (renewed := leases.renew(shard, monotonic_s=now_s, now_ns=now_ns)):
                shard.vouch(renewed, leases.note_out)
        reports = tuple(
            self._shard_report(shard, leases) for shard, leases in zip(self._shards, self._leases, strict=True)
        )
        low = low_disks(self._config)
        topics = {f"{topic}[{number}]": trouble for (topic, number), trouble in self._source.troubles.items()}
        seen = Seen(
            reports, states, low, topics,
            is_caught_up=all(shard.is_caught_up for shard in self._shards),
            broker_down_s=self._source.down_s,
            clock=self._clock_trouble(now_ns),
            notices=self._notices.trouble,
            audit=[shard.audit_trouble for shard in self._shards if shard.audit_trouble is not None],
        )  # fmt: skip
        report = Report(now_ns, troubles_of(seen), reports, tuple(states))
        self._health.set_report(report)
        if self._metrics is not None:
            self._metrics.update(report)
        self._log.tell(report, low, topics, now_s, clock=seen.clock)

    def _clock_trouble(self, now_ns: int) -> str | None:
        """Say what is wrong with the time that the cores are told; a recording tells its own."""
        if self._config.clock != "wall":
            return None
        ahead_s = (max(shard.core.now_ns for shard in self._shards) - now_ns) / _NS_PER_S
        if ahead_s > CORE_AHEAD_MAX_S:
            return f"core time is {ahead_s:.0f} s ahead of the wall clock and stands still: a clock was wrong before"
        return self._clock.trouble

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
            acks=acks_records(core.enforcer.follow_ups),
            **command_reports(core),
        )


def _mark(shard: Shard, p: int) -> tuple[object, ...]:
    """Return what a scope's record depends on, cheap to compare: numbers, statuses, and what was decided."""
    arrays, core = shard.core.state.arrays, shard.core
    return (
        arrays.metrics[p].tobytes(), arrays.statuses[p].tobytes(), arrays.value[p], arrays.known[p], core.state.rows,
        core.enforcer.decisions, core.enforcer.orders,
    )  # fmt: skip
