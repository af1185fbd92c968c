"""The way of actions, shadow actions and dead letters to their topics: in transactions, or idempotent without."""

import time
from collections.abc import Sequence
from typing import Protocol

from config.schema import KafkaConfig
from feeds.kafka_delivery import PUBLISH_TIMEOUT_S, Delivery, FencedError
from feeds.kafka_preflight import check_rights
from feeds.kafka_properties import KafkaError
from feeds.kafka_transactions import TransactionalSink
from feeds.outgoing import Outgoing

__all__ = ["PUBLISH_TIMEOUT_S", "FencedError", "Outgoing", "Sink", "open_sink"]


class Sink(Protocol):
    """Publishes for one shard; `publish` and `close` are called from one thread."""

    @property
    def waiting_s(self) -> float:
        """Seconds that the present `publish` has taken; 0 while there is none. Asked from any thread."""
        ...

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish the records, in order in each partition; return when all in-sync replicas have them for good.

        Survives a broker that is away for less than 120 s. Raises FencedError where another process publishes for this
        shard, KafkaError where anything else could lose or repeat a record; after either the sink is of no more use.
        """
        ...

    def close(self) -> None:
        """Drop what is queued; returns within a second or so."""
        ...


def open_sink(config: KafkaConfig, *, shard: int) -> Sink:
    """Connect, see that the shard's topics can be written, and with `publish: transactional` fence its earlier process.

    Only afterwards do the topics' tails say what is out: a transaction that was left open ends here.
    raises : KafkaError where the cluster does not answer, or a topic is missing, too narrow, or without write right
    """
    topics = config.topics
    check_rights(config, dict.fromkeys((topics.actions, topics.shadow, topics.deadletter), ("READ", "WRITE")))
    sink = TransactionalSink if config.publish == "transactional" else IdempotentSink
    return sink(config, shard=shard)


class IdempotentSink:
    """One request in flight, each acknowledged by all in-sync replicas; nothing keeps a second process from writing.

    Connects at once, so that the first action does not pay for it.
    raises : KafkaError from the constructor where the cluster does not answer or a topic has no partition `shard`
    """

    def __init__(self, config: KafkaConfig, *, shard: int) -> None:
        self._delivery = Delivery(config, {})
        self._delivery.connect(config.topics, shard)
        self._begun_s: float | None = None

    @property
    def waiting_s(self) -> float:
        """Seconds that the present `publish` has taken; 0 while there is none. Asked from another thread."""
        begun_s = self._begun_s
        return 0.0 if begun_s is None else time.monotonic() - begun_s

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish the records, in order; they are visible before this returns.

        raises : KafkaError where one was refused, or is not acknowledged within 120 s; others may be out then
        """
        self._begun_s = time.monotonic()
        deadline_s = self._begun_s + PUBLISH_TIMEOUT_S
        try:
            self._delivery.produce(outgoing, deadline_s)
            self._delivery.settle(deadline_s)
            if self._delivery.failure is not None:
                raise KafkaError(self._delivery.failure)
        finally:
            self._begun_s = None

    def close(self) -> None:
        """Drop what is queued; returns within a second or so. What was published stays."""
        self._delivery.close()
