"""How far a player may run ahead of its reader: a bound on the unread records of every topic."""

import time
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from config.schema import KafkaConfig
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.merge import Partition

UNREAD_RECORDS_MAX = 20_000
LOOK_EVERY_S = 0.05
SILENCE_TIMEOUT_S = 300.0  # a first start compiles for a minute between two reads, on a busy machine for longer

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "allow.auto.create.topics": False,
    "log_level": 0,
}

Sleep = Callable[[float], object]


class UnreadWindow:
    """Knows what the group has committed and holds the writer back; a topic's bound holds for each of its partitions.

    partitions  : those that the reader reads and the player writes
    records_max : unread records of a topic, from 1
    sleep       : waits so many seconds; may raise to end a wait early
    raises      : KafkaError where the cluster does not answer, and where a reader that is behind reads nothing for
                  five minutes
    """

    def __init__(
        self,
        config: KafkaConfig,
        partitions: Sequence[Partition],
        *,
        records_max: int = UNREAD_RECORDS_MAX,
        sleep: Sleep = time.sleep,
    ) -> None:
        assert records_max >= 1, f"records_max must be at least 1, got {records_max}"
        self._group = config.group
        self._records_max = records_max
        self._sleep = sleep
        self._consumer = Consumer(client_properties(config, {**_OWN_PROPERTIES, "group.id": config.group}))
        self._partitions = [TopicPartition(*partition) for partition in partitions]
        try:
            bounds = {partition: self._bounds(*partition) for partition in partitions}
        except KafkaException as error:
            self._consumer.close()
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        self._begin = {partition: low for partition, (low, _) in bounds.items()}
        self._written = dict.fromkeys((topic for topic, _ in partitions), 0)
        for (topic, _), (_, high) in bounds.items():
            self._written[topic] += high
        self._read = dict.fromkeys(self._written, 0)
        self._look()

    def unread(self, topic: str) -> int:
        """Return the records of a topic that the group had not read at the last look."""
        return self._written[topic] - self._read[topic]

    def take(self, topic: str) -> None:
        """Return when one more record of this topic may be written, and count it as written."""
        if self.unread(topic) >= self._records_max:
            self._wait(topic)
        self._written[topic] += 1

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()

    def _wait(self, topic: str) -> None:
        self._look()
        read, since_s = self._read[topic], time.monotonic()
        while self.unread(topic) >= self._records_max:
            self._sleep(LOOK_EVERY_S)
            self._look()
            if self._read[topic] > read:
                read, since_s = self._read[topic], time.monotonic()
            elif time.monotonic() - since_s > SILENCE_TIMEOUT_S:
                raise KafkaError(
                    f"group {self._group} has read nothing of {topic} for {SILENCE_TIMEOUT_S:.0f} s, "
                    f"and {self.unread(topic):,} records wait"
                )

    def _look(self) -> None:
        """Sum the committed offsets by topic; where nothing is committed, the partition is unread from its begin."""
        try:
            committed = self._consumer.committed(self._partitions, timeout=METADATA_TIMEOUT_S)
        except KafkaException as error:
            raise KafkaError(f"offsets of group {self._group}: {error.args[0].str()}") from error
        read = dict.fromkeys(self._written, 0)
        for place in committed:
            if place.error is not None:
                raise KafkaError(f"offset of group {self._group} in {place.topic}: {place.error.str()}")
            read[place.topic] += max(place.offset, self._begin[place.topic, place.partition])
        self._read = read

    def _bounds(self, topic: str, number: int) -> tuple[int, int]:
        bounds: tuple[int, int] = self._consumer.get_watermark_offsets(
            TopicPartition(topic, number), timeout=METADATA_TIMEOUT_S
        )
        return bounds
