"""Reads a topic from its first visible record to where it ends now: what a command compares with."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as ClientError

from config.schema import KafkaConfig
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties

SILENCE_TIMEOUT_S = 30.0
_BATCH_RECORDS = 500

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 10,
    "isolation.level": "read_committed",
    "log_level": 0,
}


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record that readers can see; tombstones are left out."""

    partition: int
    offset: int
    key: bytes
    value: bytes


def read_topic(config: KafkaConfig, topic: str, *, group: str) -> Iterator[TopicRecord]:
    """Yield the records of a topic, partition by partition in order.

    group : what the client's group is called behind the configured one; nothing is ever committed
    What is published after a partition's end was seen is not waited for.

    raises : KafkaError where the topic is missing or the cluster gives nothing for 30 s
    """
    consumer = Consumer(client_properties(config, {**_OWN_PROPERTIES, "group.id": f"{config.group}-{group}"}))
    try:
        found = consumer.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise KafkaError(f"topic {topic}: {found.error.str()}: `riskd topics create` makes it")
        for number in sorted(found.partitions):
            consumer.assign([TopicPartition(topic, number, 0)])
            yield from _read_partition(consumer, f"{topic}[{number}]")
    except KafkaException as error:
        raise KafkaError(f"{topic} cannot be read: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _read_partition(consumer: Consumer, where: str) -> Iterator[TopicRecord]:
    while True:
        # `consume` with a timeout waits all of it unless the batch is full; poll returns with the first.
        first = consumer.poll(SILENCE_TIMEOUT_S)
        if first is None:
            raise KafkaError(f"{where} gave nothing within {SILENCE_TIMEOUT_S} s")
        messages: list[Message] = [first, *consumer.consume(_BATCH_RECORDS - 1, timeout=0)]
        for message in messages:
            error = message.error()
            if error is None:
                value = message.value()
                if value is not None:
                    yield TopicRecord(message.partition(), message.offset(), message.key() or b"", bytes(value))
            elif error.code() == ClientError._PARTITION_EOF:
                return
            elif not error.retriable():
                raise KafkaError(f"{where} cannot be read: {error.str()}")
