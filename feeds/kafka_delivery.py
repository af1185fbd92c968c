"""One producer of records that must not be lost: what both ways to publish share."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer

from config.schema import KafkaConfig, Topics
from feeds.kafka_properties import (
    IN_ORDER,
    METADATA_TIMEOUT_S,
    KafkaError,
    Property,
    client_properties,
    delivery_failure,
)
from feeds.outgoing import Outgoing

PUBLISH_TIMEOUT_S = 120.0  # a broker that is away for less costs time and nothing else
IN_FLIGHT_MAX = 100_000
CLOSE_TIMEOUT_S = 1.0
RECONNECT_MS_MAX = 500  # between two looks whether the broker is back
_POLL_S = 1.0

_OWN_PROPERTIES: Mapping[str, Property] = {
    "enable.idempotence": True,
    "acks": "all",
    **IN_ORDER,
    "linger.ms": 0,
    "compression.type": "none",
    "queue.buffering.max.messages": IN_FLIGHT_MAX,
    "reconnect.backoff.max.ms": RECONNECT_MS_MAX,
    "delivery.timeout.ms": int(PUBLISH_TIMEOUT_S * 1_000),
    "log_level": 0,  # errors come as exceptions, with what they mean
}
_FENCES = (ClientError._FENCED, ClientError.PRODUCER_FENCED, ClientError.INVALID_PRODUCER_EPOCH)


class FencedError(KafkaError):
    """Another process has taken this shard's transactional id over: this one must end, and must not try again."""


class Delivery:
    """A producer, and the first record since `forget` that it could not deliver. Used by one thread.

    failure : None, or a sentence that names the topic and why it took no record
    raises  : FencedError or KafkaError from `produce` and `settle` once the producer is dead
    """

    def __init__(self, config: KafkaConfig, own: Mapping[str, Property]) -> None:
        self.failure: str | None = None
        self._bootstrap = config.bootstrap
        self._trouble: str | None = None
        self.producer = Producer(
            client_properties(config, {**_OWN_PROPERTIES, **own}) | {"error_cb": self._note_trouble}
        )

    def connect(self, topics: Topics, shard: int) -> None:
        """Learn where the shard's partitions are led, so that the first action does not wait for it.

        raises : KafkaError where a topic is missing or has no partition `shard`, or the cluster does not answer in 10 s
        """
        for topic in (topics.actions, topics.shadow, topics.deadletter):
            try:
                found = self.producer.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
            except KafkaException as error:
                raise KafkaError(f"{self._bootstrap}: {error.args[0].str()}") from error
            if found.error is not None:
                raise KafkaError(f"topic {topic}: {found.error.str()}")
            if shard not in found.partitions:
                raise KafkaError(
                    f"topic {topic} must have a partition {shard}, as {topics.positions} has, "
                    f"and ends with {max(found.partitions)}"
                )

    def produce(self, outgoing: Sequence[Outgoing], deadline_s: float) -> None:
        """Hand records to the producer, in order, up to the first failure; waits only while its queue is full.

        deadline_s : on the monotonic clock
        """
        for item in outgoing:
            while self.failure is None and not self._takes(item):
                if time.monotonic() > deadline_s:
                    raise KafkaError(f"{item.topic}: the queue was full for {PUBLISH_TIMEOUT_S:g} s{self._because()}")
                self._poll(_POLL_S)
            if self.failure is not None:
                return

    def settle(self, deadline_s: float) -> None:
        """Wait until every record is acknowledged by all in-sync replicas, or has failed: see `failure`.

        By polling: `flush` goes on calling back while the exception of a dead producer is on its way.
        """
        while left := len(self.producer):
            wait_s = deadline_s - time.monotonic()
            if wait_s <= 0:
                raise KafkaError(
                    f"{self._bootstrap}: {left} records were not acknowledged within {PUBLISH_TIMEOUT_S:g} s"
                    f"{self._because()}"
                )
            self._poll(min(_POLL_S, wait_s))

    def forget(self) -> None:
        """Forget the failure: its transaction is aborted."""
        self.failure = None

    def close(self) -> None:
        """Drop what is queued; returns within a second, also without a broker."""
        self.producer.purge()
        deadline_s = time.monotonic() + CLOSE_TIMEOUT_S
        while len(self.producer) and time.monotonic() < deadline_s:
            with suppress(KafkaError):  # dead: whoever used it last has been told
                self._poll(CLOSE_TIMEOUT_S / 10)

    def _takes(self, item: Outgoing) -> bool:
        """Say whether the queue took the record; a transaction that broke behind our back takes none: `failure`."""
        try:
            self.producer.produce(item.topic, item.value, item.key, item.partition, on_delivery=self._note_delivery)
        except BufferError:
            return False
        except KafkaException as error:
            reason: ClientError = error.args[0]
            self._poll(0)  # where the producer is dead, this raises what it died of
            text = f"{item.topic}[{item.partition}] took no record: {reason.name()}: {reason.str()}"
            if reason.code() != ClientError._STATE:
                raise KafkaError(text) from error
            self.failure = self.failure or text
            return False
        return True

    def _poll(self, wait_s: float) -> None:
        try:
            self.producer.poll(wait_s)
        except KafkaException as error:  # the client throws what killed the producer out of whatever serves events
            raise dead_producer(error.args[0]) from error

    def _note_delivery(self, error: ClientError | None, message: Message) -> None:
        self.failure = self.failure or delivery_failure(error, message)

    def _note_trouble(self, error: ClientError) -> None:
        self._trouble = f"{error.name()}: {error.str()}"

    def _because(self) -> str:
        return f"; the client's last trouble was {self._trouble}" if self._trouble is not None else ""


def dead_producer(reason: ClientError) -> KafkaError:
    """Return the error of a producer that will never publish again."""
    if reason.code() in _FENCES:
        return FencedError(f"fenced: another process publishes for this shard: {reason.str()}")
    return KafkaError(f"the producer is dead: {reason.name()}: {reason.str()}")
