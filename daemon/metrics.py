"""Prometheus metrics of the running daemon; every child is bound at start, labels come from closed sets only."""

from collections.abc import Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from config.schema import ActionType, MetricsConfig
from enforcement.records import Action, Effect
from feeds.record import RejectReason

LATENCY_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
NS_PER_S = 1e9


class Metrics:
    """What one process counts, in a registry of its own.

    Names start with `namespace` and `subsystem` of the configuration, whichever are not empty.
    """

    def __init__(self, config: MetricsConfig, version: str) -> None:
        self.registry = CollectorRegistry()
        self._namespace = "_".join(filter(None, (config.namespace, config.subsystem)))
        self.events = self._counter("events", "Inputs applied or rejected by the core")
        self.decisions = self._counter("decisions", "Decisions of the enforcer, the same in every mode")
        self.journal_bytes = self._counter("journal_bytes", "Bytes appended to the journal")
        self.core_seconds = self._counter("core_seconds", "Processor time spent in the core")
        rejections = self._counter("rejections", "Inputs refused", ("reason",))
        self._rejections = {reason: rejections.labels(reason.value) for reason in RejectReason}
        actions = self._counter("actions", "Actions published on the actions and the shadow topic", ("type", "effect"))
        self._actions = {
            (kind, effect): actions.labels(kind, effect.value) for kind in get_args(ActionType) for effect in Effect
        }
        self.batch_seconds = self._histogram(
            "decision_latency_seconds", "From a batch in hand to its last output acknowledged, batches with outputs"
        )
        self._core_time = Gauge(
            "core_time_seconds", "Core time, since the epoch", namespace=self._namespace, registry=self.registry
        )
        self.held = Gauge(
            "merge_waiting_records",
            "Records read that wait for a slower partition",
            namespace=self._namespace,
            registry=self.registry,
        )
        Gauge("build_info", "Always 1", ("version",), namespace=self._namespace, registry=self.registry).labels(
            version
        ).set(1)

    def note_rejection(self, reason: RejectReason) -> None:
        """Count a refused input."""
        self._rejections[reason].inc()

    def note_actions(self, actions: Sequence[Action]) -> None:
        """Count published actions, of either topic."""
        for action in actions:
            self._actions[action.type, action.effect].inc()

    def note_core_time(self, now_ns: int) -> None:
        """Show where the core stands."""
        self._core_time.set(now_ns / NS_PER_S)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, namespace=self._namespace, registry=self.registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, namespace=self._namespace, registry=self.registry, buckets=LATENCY_BUCKETS_S)
