"""First and next offset of a partition, asked again while it is between two leaders."""

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as ClientError

from feeds.kafka_properties import METADATA_TIMEOUT_S

LEADER_TIMEOUT_S = 30.0
LEADER_RETRY_S = 0.1
# What a partition answers right after its creation, and where its leader has just changed.
BETWEEN_LEADERS = (
    ClientError.NOT_LEADER_FOR_PARTITION,
    ClientError.LEADER_NOT_AVAILABLE,
    ClientError.UNKNOWN_TOPIC_OR_PART,
    ClientError.UNKNOWN_LEADER_EPOCH,
    ClientError.FENCED_LEADER_EPOCH,
)


def watermarks(consumer: Consumer, topic: str, number: int) -> tuple[int, int]:
    """Return the first offset and the next one; raises KafkaException where nobody leads the partition for 30 s."""
    deadline_s = time.monotonic() + LEADER_TIMEOUT_S
    while True:
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=METADATA_TIMEOUT_S)
            return int(low), int(high)
        except KafkaException as error:
            if error.args[0].code() not in BETWEEN_LEADERS or time.monotonic() > deadline_s:
                raise
            time.sleep(LEADER_RETRY_S)
