"""Reads the topic of requests in a thread of its own: what comes from now on, never what somebody asked before."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_END, Consumer, KafkaException, Message, TopicPartition

from config.schema import KafkaConfig
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties

REQUESTS_MAX = 100
IDLE_TIMEOUT_S = 0.05
CLOSE_TIMEOUT_S = 2.0

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "fetch.min.bytes": 1,
    "fetch.wait.max.ms": 100,
    "fetch.queue.backoff.ms": 1,
    "log_level": 0,
}

OnRequest = Callable[[int, bytes | None, bytes], None]


class RequestSource:
    """Inside its `with` block every request of the partitions is handed over, with its partition, key and value.

    on_request : called in this thread; must not wait
    trouble    : what the last error of the topic said; None once requests came after it. Requests are telemetry: no
                 trouble of theirs ends the daemon
    raises     : KafkaError where the topic is missing, or has not the partitions that are served
    """

    def __init__(self, config: KafkaConfig, topic: str, partitions: Sequence[int], on_request: OnRequest) -> None:
        self.trouble: str | None = None
        self._on_request = on_request
        self._is_stopping = False
        self._consumer = Consumer(client_properties(config, {**_OWN_PROPERTIES, "group.id": config.group}))
        try:
            found = self._consumer.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
            if found.error is not None:
                raise KafkaError(f"topic {topic} does not exist at {config.bootstrap}: `riskd topics create` makes it")
            if missing := sorted(set(partitions) - set(found.partitions)):
                has = sorted(found.partitions)
                raise KafkaError(f"topic {topic} must have the partitions of the positions, {missing} too, has {has}")
            self._consumer.assign([TopicPartition(topic, number, OFFSET_END) for number in partitions])
        except KafkaException as error:
            self._consumer.close()
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        except KafkaError:
            self._consumer.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="riskd-kafka-requests", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        self._thread.join(CLOSE_TIMEOUT_S)

    def _serve(self) -> None:
        while not self._is_stopping:
            try:
                first = self._consumer.poll(IDLE_TIMEOUT_S)
                rest = [] if first is None else self._consumer.consume(REQUESTS_MAX - 1, timeout=0)
            except KafkaException as error:  # fatal ones come again and again, others pass
                self.trouble = error.args[0].str()
                time.sleep(IDLE_TIMEOUT_S)
                continue
            for message in [] if first is None else [first, *rest]:
                self._take(message)
        self._consumer.close()

    def _take(self, message: Message) -> None:
        if message.error() is not None:
            self.trouble = message.error().str()
            return
        self.trouble = None
        self._on_request(message.partition(), message.key(), message.value() or b"")
