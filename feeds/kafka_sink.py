"""Publishes outputs: an idempotent producer whose every failure ends the process."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer

from config.schema import KafkaConfig
from feeds.kafka_properties import IN_ORDER, METADATA_TIMEOUT_S, KafkaError, client_properties, delivery_failure
from feeds.record import Record, Rejection

IN_FLIGHT_MAX = 100_000
DELIVERY_TIMEOUT_MS = 30_000
QUEUE_FULL_WAIT_S = 0.1
LETTER_PAYLOAD_BYTES_MAX = 512 * 1024  # four thirds of it in base64: under what brokers and clients take by default

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.idempotence": True,
    "acks": "all",
    **IN_ORDER,
    "linger.ms": 0,
    "compression.type": "none",
    "queue.buffering.max.messages": IN_FLIGHT_MAX,
    "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
    "log_level": 3,
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish; `partition` is given, never left to a hash."""

    topic: str
    partition: int
    key: bytes
    value: bytes


class Sink:
    """The producer of the output topics.

    Connects at once, so that the first action does not pay for it.
    raises : KafkaError from the constructor where the cluster does not answer or a topic is missing, and from
             `publish` and `flush` once any record could not be delivered
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._failure: str | None = None
        self._producer = Producer(client_properties(config, _OWN_PROPERTIES) | {"error_cb": self._on_error})
        topics = config.topics
        try:
            found = self._producer.list_topics(timeout=METADATA_TIMEOUT_S).topics
        except KafkaException as error:
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        for topic in (topics.actions, topics.shadow, topics.deadletter):
            if topic not in found:
                raise KafkaError(f"topic {topic} does not exist at {config.bootstrap}: `riskd topics create` makes it")
            self._producer.list_topics(topic, timeout=METADATA_TIMEOUT_S)

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Hand records to the producer, in order; blocks only while its queue of 100,000 is full."""
        for item in outgoing:
            while True:
                try:
                    self._producer.produce(
                        item.topic, item.value, item.key, item.partition, on_delivery=self._on_delivery
                    )
                    break
                except BufferError:
                    self._producer.poll(QUEUE_FULL_WAIT_S)
                    self._raise_failure()
                except KafkaException as error:
                    where = f"{item.topic}[{item.partition}]"
                    raise KafkaError(f"{where} took no record: {error.args[0].str()}") from error
        self._producer.poll(0)
        self._raise_failure()

    def flush(self, timeout_s: float = DELIVERY_TIMEOUT_MS / 1_000) -> None:
        """Wait until every published record is acknowledged by all in-sync replicas."""
        left = self._producer.flush(timeout_s)
        self._raise_failure()
        if left:
            raise KafkaError(f"{left} records were not acknowledged within {timeout_s} s")

    def _on_delivery(self, error: ClientError | None, message: Message) -> None:
        self._failure = self._failure or delivery_failure(error, message)

    def _on_error(self, error: ClientError) -> None:
        if error.fatal():
            self._failure = f"the producer is dead: {error.name()}: {error.str()}"

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise KafkaError(self._failure)


def dead_letter(topic: str, record: Record, rejection: Rejection) -> Outgoing:
    """Wrap a rejected record; the payload travels in base64, because it may be anything.

    Of a payload too large for a record of its own only the beginning travels, with `payload_bytes`, its whole length:
    the journal holds all of it, and a producer that failed on it would fail again after every restart.
    """
    envelope = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "n": record.n,
        "reason": rejection.reason.value,
        "detail": rejection.detail,
        "payload_b64": base64.b64encode(record.payload[:LETTER_PAYLOAD_BYTES_MAX]).decode(),
    }
    if len(record.payload) > LETTER_PAYLOAD_BYTES_MAX:
        envelope["payload_bytes"] = len(record.payload)
    return Outgoing(topic, 0, rejection.reason.value.encode(), orjson.dumps(envelope))
