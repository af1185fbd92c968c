"""Prometheus metrics that the daemon counts as it goes: every child is bound at start, labels come from closed sets."""

from collections.abc import Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from config.dump import decision_config_hash
from config.schema import ActionType, Config
from daemon.order_answer import RefusalCode
from daemon.outputs import Outputs
from daemon.program_log import ProgramLog
from daemon.report import TOPIC_KINDS
from enforcement.acks import Result, Standing
from enforcement.follow_words import FollowUpKind
from enforcement.records import Action, Decision, Effect, Kind
from feeds.order_verdict import Outcome
from feeds.record import RejectReason

LATENCY_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)
SYNC_BUCKETS_S = (0.00005, 0.0001, 0.0002, 0.0005, *LATENCY_BUCKETS_S[1:])
CHECK_BUCKETS_S = (0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1)
ORDER_CHECK_OUTCOMES = (*Outcome, *RefusalCode)
ACK_BUCKETS_S = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0, 900.0)
NS_PER_S = 1e9
AGE_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)


def metric_prefix(config: Config) -> str:
    """Return what the names of metrics begin with: `namespace` and `subsystem`, whichever are not empty."""
    return "_".join(filter(None, (config.metrics.namespace, config.metrics.subsystem)))


class Metrics:
    """What one process counts, in a registry of its own; an increment takes about a microsecond.

    registry : None where `metrics.enabled` is false: nothing is registered, and what is counted is shown nowhere
    """

    def __init__(self, config: Config, version: str) -> None:
        self.registry = CollectorRegistry() if config.metrics.enabled else None
        self._prefix = metric_prefix(config)
        if self.registry is not None:
            ProcessCollector(registry=self.registry)
        self._bind_counters()
        self.decision_latency_seconds = self._histogram(
            "decision_latency_seconds", "From a batch in hand to its last output acknowledged", LATENCY_BUCKETS_S
        )
        self.event_age_seconds = self._histogram(
            "event_age_seconds", "Wall time less event time when a batch is applied", AGE_BUCKETS_S
        )
        self.journal_sync_seconds = self._histogram(
            "journal_sync_seconds", "One fdatasync of the journal", SYNC_BUCKETS_S
        )
        self.publish_seconds = self._histogram(
            "publish_seconds", "One transaction, or one acknowledged batch", LATENCY_BUCKETS_S
        )
        self.ack_seconds = self._histogram(
            "ack_seconds", "Core time from an action to an acknowledgement that counts", ACK_BUCKETS_S
        )
        self.order_check_seconds = self._histogram(
            "order_check_seconds", "One question whether an order may go, in the loop", CHECK_BUCKETS_S
        )
        self.audit_degraded = self._gauge("audit_degraded", "1 where the disk takes no more lines")
        self._gauge("build_info", "Always 1", ("version",)).labels(version).set(1)
        info = self._gauge("config_info", "Always 1", ("config_hash", "mode", "clock"))
        info.labels(decision_config_hash(config), config.enforcement.mode, config.clock).set(1)

    def _bind_counters(self) -> None:
        events = self._counter("events", "Inputs read, accepted or refused", ("topic",))
        self._events = {kind: events.labels(kind) for kind in TOPIC_KINDS}
        rejections = self._counter("rejections", "Inputs refused", ("reason",))
        self._rejections = {reason: rejections.labels(reason.value) for reason in RejectReason}
        self._dead_letters = self._counter("dead_letters", "Refused inputs that were published")
        decisions = self._counter("decisions", "Decisions of the enforcer, the same in every mode", ("kind",))
        self._decisions = {kind: decisions.labels(kind.value) for kind in Kind}
        actions = self._counter("actions", "Actions published, on both topics", ("type", "effect"))
        self._actions = {
            (kind, effect): actions.labels(kind, effect.value) for kind in get_args(ActionType) for effect in Effect
        }
        checks = self._counter(
            "order_checks", "Questions whether an order may go, by what became of them", ("outcome",)
        )
        self._order_checks = {name.value: checks.labels(name.value) for name in ORDER_CHECK_OUTCOMES}
        acks = self._counter(
            "acks", "Acknowledgements, by what they say and what they are worth", ("result", "standing")
        )
        self._acks = {
            (result, standing): acks.labels(result, standing.value)
            for result in get_args(Result) for standing in Standing
        }  # fmt: skip
        follow_ups = self._counter("follow_ups", "What followed enforced actions", ("kind",))
        self._follow_ups = {kind: follow_ups.labels(kind) for kind in get_args(FollowUpKind)}
        self._core_busy_seconds = self._counter("core_busy_seconds", "Wall time spent in the core")
        self._journal_bytes = self._counter("journal_bytes", "Bytes appended to the journal")
        self.audit_lines = self._counter("audit_lines", "Lines written to the audit log")
        self.log_lines_dropped = self._counter(
            "log_lines_dropped", "Program log lines that the full queue did not take"
        )

    def note_read(self, topic_kind: str, count: int) -> None:
        """Count inputs that were read; `topic_kind` is one of TOPIC_KINDS."""
        self._events[topic_kind].inc(count)

    def note_rejection(self, reason: RejectReason) -> None:
        """Count a refused input."""
        self._rejections[reason].inc()

    def note_dead_letters(self, count: int) -> None:
        """Count refused inputs that were published."""
        self._dead_letters.inc(count)

    def note_decisions(self, decisions: Sequence[Decision]) -> None:
        """Count decisions by their kind."""
        for decision in decisions:
            self._decisions[decision.kind].inc()

    def note_follow_ups(self, outputs: Outputs) -> None:
        """Count acknowledgements by what they say and are worth, how long they took, and what followed actions."""
        for taken in outputs.acks:
            self._acks[taken.ack.result, taken.standing].inc()
            if taken.latency_ns is not None and taken.standing is Standing.COUNTS:
                self.ack_seconds.observe(taken.latency_ns / NS_PER_S)
        for told in outputs.follow_ups:
            self._follow_ups[told.kind].inc()

    def note_actions(self, actions: Sequence[Action]) -> None:
        """Count published actions, of either topic."""
        for action in actions:
            self._actions[action.type, action.effect].inc()

    def note_order_check(self, outcome: str, seconds: float) -> None:
        """Count a question about an order; `outcome` is one of ORDER_CHECK_OUTCOMES."""
        self._order_checks[outcome].inc()
        self.order_check_seconds.observe(seconds)

    def note_core(self, seconds: float) -> None:
        """Count wall time spent in the core."""
        self._core_busy_seconds.inc(seconds)

    def note_event_age(self, seconds: float) -> None:
        """Note how old the events of a batch were when they were applied; an event from the future counts as 0."""
        self.event_age_seconds.observe(max(seconds, 0.0))

    def note_journal(self, size_bytes: int) -> None:
        """Count bytes appended to the journal."""
        self._journal_bytes.inc(size_bytes)

    def watch_log(self, program_log: ProgramLog) -> None:
        """Count the lines that the log drops, those before this call too."""
        program_log.on_drop(self.log_lines_dropped.inc)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, namespace=self._prefix, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, text, labels, namespace=self._prefix, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets_s: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, namespace=self._prefix, registry=self.registry, buckets=buckets_s)
