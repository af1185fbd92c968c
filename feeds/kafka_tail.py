"""Reads the last visible record of each partition of a topic: what a restart compares its journal with."""

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as ClientError

from config.schema import KafkaConfig
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.kafka_watermarks import watermarks
from feeds.merge import Partition

READ_TIMEOUT_S = 60.0
SILENCE_TIMEOUT_S = 10.0

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "fetch.wait.max.ms": 10,
    "log_level": 0,
}


def read_tail(config: KafkaConfig, topic: str) -> dict[Partition, bytes]:
    """Value of the last visible record of each partition; a partition without one is absent.

    Visible ends where the first open transaction begins: a shard opens its sink first, which ends what it left open.
    raises : KafkaError where the topic is missing, the cluster does not answer, or all of it takes over 60 s
    """
    deadline_s = time.monotonic() + READ_TIMEOUT_S
    consumer = Consumer(client_properties(config, {**_OWN_PROPERTIES, "group.id": f"{config.group}-tail"}))
    try:
        found = consumer.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise KafkaError(f"topic {topic}: {found.error.str()}: `riskd topics create` makes it")
        bounds = {(topic, number): watermarks(consumer, topic, number) for number in sorted(found.partitions)}
        tails = _read_back(consumer, bounds, deadline_s)
        for (_, number), (low, _) in bounds.items():
            if low > 0 and (topic, number) not in tails:
                raise KafkaError(
                    f"{topic}[{number}] is empty and begins at offset {low}: what was published there is deleted, and "
                    "nobody can tell what is out. Its clean-up must be as `riskd topics create` makes it; start with a "
                    "new journal and new output topics"
                )
        return tails
    except KafkaException as error:
        raise KafkaError(f"the tail of {topic} cannot be read: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _read_back(
    consumer: Consumer, bounds: dict[Partition, tuple[int, int]], deadline_s: float
) -> dict[Partition, bytes]:
    """Look from the end in doubling steps: the last offsets may hold markers of transactions or nothing any more."""
    tails: dict[Partition, bytes] = {}
    open_bounds = {partition: (low, high) for partition, (low, high) in bounds.items() if high > low}
    step = 1
    while open_bounds:
        starts = {partition: max(low, high - step) for partition, (low, high) in open_bounds.items()}
        tails |= _read_to_ends(consumer, starts, deadline_s)
        open_bounds = {
            partition: (low, high)
            for partition, (low, high) in open_bounds.items()
            if partition not in tails and starts[partition] > low
        }
        step *= 2
    return tails


def _read_to_ends(consumer: Consumer, starts: dict[Partition, int], deadline_s: float) -> dict[Partition, bytes]:
    consumer.assign([TopicPartition(topic, number, start) for (topic, number), start in starts.items()])
    last: dict[Partition, bytes] = {}
    unread = set(starts)
    while unread:
        if time.monotonic() > deadline_s:
            raise KafkaError(f"the ends of {sorted(unread)} were not found within {READ_TIMEOUT_S} s")
        message = consumer.poll(SILENCE_TIMEOUT_S)
        if message is None:
            raise KafkaError(f"{sorted(unread)} gave nothing within {SILENCE_TIMEOUT_S} s")
        partition = (message.topic(), message.partition())
        error = message.error()
        if error is None:
            last[partition] = message.value()
        elif error.code() == ClientError._PARTITION_EOF:
            unread.discard(partition)
        elif not error.retriable():
            raise KafkaError(f"{partition} cannot be read: {error.str()}")
    return last
