"""The self-test's hands on Kafka: it writes to the positions and the acks, and reads what comes out at both topics."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from audit.line import canonical_json
from config.schema import KafkaConfig
from feeds.kafka_properties import IN_ORDER, METADATA_TIMEOUT_S, KafkaError, Property, client_properties

SEND_WITHIN_S = 10.0
POLL_S = 0.05

_READS: dict[str, Property] = {
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 50,
    "log_level": 0,
}
_WRITES: dict[str, Property] = {"enable.idempotence": True, "acks": "all", **IN_ORDER, "log_level": 0}


class SeenCause(msgspec.Struct, frozen=True):
    """The limit whose decision it was."""

    limit: str


class SeenAction(msgspec.Struct, frozen=True):
    """What the self-test looks at in a record of either topic."""

    action_id: str
    scope: str
    type: str
    effect: str
    reason_code: str
    cause: SeenCause


class Wire:
    """One producer and one consumer at the ends that both topics have now, in one partition.

    raises : KafkaError where the cluster does not answer, or takes nothing
    """

    def __init__(self, config: KafkaConfig, partition: int) -> None:
        self._topics, self._partition = config.topics, partition
        self._producer = Producer(client_properties(config, _WRITES))
        self._consumer = Consumer(client_properties(config, {**_READS, "group.id": f"{config.group}-selftest"}))
        self._decoder = msgspec.json.Decoder(SeenAction)
        places = [TopicPartition(topic, partition) for topic in (self._topics.actions, self._topics.shadow)]
        try:
            ends = [self._consumer.get_watermark_offsets(place, timeout=METADATA_TIMEOUT_S)[1] for place in places]
        except KafkaException as error:
            self._consumer.close()
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        self._consumer.assign(
            [TopicPartition(place.topic, partition, end) for place, end in zip(places, ends, strict=True)]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def write_position(self, root: str, event: Mapping[str, object]) -> None:
        """Write an event of the positions topic, at the time of now, and wait until all replicas have it."""
        self._write(self._topics.positions, root, event, self._partition)

    def acknowledge(self, action: SeenAction, consumer: str) -> None:
        """Say that an action is applied."""
        said = {"type": "ack", "action_id": action.action_id, "scope": action.scope}
        said |= {"consumer": consumer, "result": "applied"}
        self._write(self._topics.acks, action.scope, said, None)

    def read(self) -> tuple[SeenAction | None, SeenAction | None]:
        """Return the next record as (of risk.actions, of the shadow topic); one of them at most, after 0.05 s."""
        message = self._consumer.poll(POLL_S)
        if message is None or message.error() is not None:
            return None, None
        action = self._decoder.decode(message.value() or b"")
        return (action, None) if message.topic() == self._topics.actions else (None, action)

    def _write(self, topic: str, key: str, event: Mapping[str, object], partition: int | None) -> None:
        failures: list[str] = []
        value = canonical_json({**event, "ts": time.time_ns()})
        place = {} if partition is None else {"partition": partition}
        self._producer.produce(
            topic, value, key.encode(), **place,
            on_delivery=lambda error, _: failures.append(error.str()) if error is not None else None,
        )  # fmt: skip
        if self._producer.flush(SEND_WITHIN_S) or failures:
            raise KafkaError(f"{topic} took no event of the self-test: {' '.join(failures) or 'no answer'}")
