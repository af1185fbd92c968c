"""Publishes what may be lost: states and audit checkpoints, without ever making anybody wait."""

import threading
import time
from collections.abc import Mapping, Sequence

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer

from config.schema import KafkaConfig
from feeds.kafka_delivery import RECONNECT_MS_MAX
from feeds.kafka_properties import IN_ORDER, Property, client_properties, delivery_failure
from feeds.outgoing import Outgoing

QUEUE_MAX = 20_000  # records: some seconds of states of every scope
POLL_S = 0.1
DELIVERY_TIMEOUT_MS = 10_000  # an older state or lease says nothing that the next one does not say better

_OWN_PROPERTIES: Mapping[str, Property] = {
    "enable.idempotence": True,
    "acks": "all",
    **IN_ORDER,
    "linger.ms": 5,
    "queue.buffering.max.messages": QUEUE_MAX,
    "reconnect.backoff.max.ms": RECONNECT_MS_MAX,
    "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
    "log_level": 0,  # every trouble ends in deliveries, which are counted
}


class Notices:
    """A producer of its own, so that no notice waits for a transaction; any thread may use it.

    dropped : notices that were not taken, because 20,000 waited already or the producer is dead
    failed  : notices that were taken and not delivered within 10 s
    trouble : why the last of either did not arrive; None once one arrived after it
    """

    def __init__(self, config: KafkaConfig) -> None:
        self.dropped = 0
        self.failed = 0
        self.trouble: str | None = None
        self._lock = threading.Lock()
        self._producer = Producer(client_properties(config, _OWN_PROPERTIES) | {"error_cb": _ignore})

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Hand the notices over, in order; never waits, never raises."""
        for item in outgoing:
            try:
                self._producer.produce(item.topic, item.value, item.key, item.partition, on_delivery=self._note)
            except BufferError:
                self._drop(f"{QUEUE_MAX:,} notices wait for the broker already")
            except KafkaException as error:
                self._drop(f"{item.topic}[{item.partition}] took no record: {error.args[0].str()}")
        self._serve(0.0)

    def close(self, timeout_s: float) -> None:
        """Wait for what is under way, at most `timeout_s`; the rest counts as dropped."""
        deadline_s = time.monotonic() + timeout_s
        while (left := len(self._producer)) and (wait_s := deadline_s - time.monotonic()) > 0:
            self._serve(min(POLL_S, wait_s))
        if left:
            self._drop(f"{left} notices were under way at the end", left)

    def _serve(self, wait_s: float) -> None:
        try:
            self._producer.poll(wait_s)
        except KafkaException as error:  # thrown once, when the producer dies; every notice after that is dropped
            with self._lock:
                self.trouble = f"the producer of notices is dead: {error.args[0].str()}"

    def _drop(self, why: str, count: int = 1) -> None:
        with self._lock:
            self.dropped += count
            self.trouble = why

    def _note(self, error: ClientError | None, message: Message) -> None:
        failure = delivery_failure(error, message)
        with self._lock:
            self.failed += failure is not None
            self.trouble = failure


def _ignore(_: ClientError) -> None:
    """Every trouble of the connection ends in deliveries, which are counted."""
