"""The demo's consumer of actions: keeps what the daemon published on both topics, byte for byte, and shows the last."""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from config.schema import KafkaConfig
from daemon.demo_table import ActionView
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties

PARTITION = 0  # the one positions partition that the demo serves
BATCH_RECORDS_MAX = 500

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 100,
    "log_level": 0,
}


class ActionTap:
    """Reads the actions and the shadow topic from their beginnings, inside its `with` block.

    files  : where to keep the actions, and the shadow actions; one JSON object a line
    raises : KafkaError where a topic cannot be read, or is not whole
    """

    def __init__(self, config: KafkaConfig, *, actions: Path, shadow: Path) -> None:
        self._actions_topic, self._shadow_topic = config.topics.actions, config.topics.shadow
        topics = {self._actions_topic: actions, self._shadow_topic: shadow}
        self._files = {topic: path.open("wb") for topic, path in topics.items()}
        self._decoder = msgspec.json.Decoder(ActionView)
        self._seen = dict.fromkeys(topics, 0)
        group = f"{config.group}-screen"
        self._consumer = Consumer(client_properties(config, {**_OWN_PROPERTIES, "group.id": group}))
        self._consumer.assign([TopicPartition(topic, PARTITION, 0) for topic in topics])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()
        for file in self._files.values():
            file.close()

    def poll(self, wait_s: float) -> list[ActionView]:
        """Keep what came; return the new shadow actions, which are those of every limit, after at most `wait_s`."""
        shown = []
        first = self._consumer.poll(wait_s)
        more = self._consumer.consume(BATCH_RECORDS_MAX - 1, timeout=0) if first is not None else []
        for message in ([first] if first is not None else []) + more:
            if message.error() is not None:
                if not message.error().retriable():
                    raise KafkaError(f"reading {message.topic()} failed: {message.error().str()}")
                continue
            action = self._decoder.decode(message.value())
            self._seen[message.topic()] += 1
            if action.seq != self._seen[message.topic()]:
                raise KafkaError(f"{message.topic()}: seq must be {self._seen[message.topic()]}, got {action.seq}")
            self._files[message.topic()].write(message.value() + b"\n")
            if message.topic() == self._shadow_topic:
                shown.append(action)
        return shown

    @property
    def actions(self) -> int:
        """Actions read so far."""
        return self._seen[self._actions_topic]

    @property
    def shadow(self) -> int:
        """Shadow actions read so far."""
        return self._seen[self._shadow_topic]

    @property
    def is_at_end(self) -> bool:
        """Say whether everything that is readable now was read."""
        try:
            for place in self._consumer.position(self._consumer.assignment()):
                _, high = self._consumer.get_watermark_offsets(place, timeout=METADATA_TIMEOUT_S)
                if max(place.offset, 0) < high:
                    return False
        except KafkaException as error:
            raise KafkaError(f"the ends of the action topics: {error.args[0].str()}") from error
        return True

    def flush(self) -> None:
        """Bring the files to the disk's cache, so that others can read them."""
        for file in self._files.values():
            file.flush()
