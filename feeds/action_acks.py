"""Tells riskd what became of an action: acknowledgements on the acks topic, from a trading system."""

import json
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Literal, Self

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer

from feeds.action_records import ActionRecord

FLUSH_TIMEOUT_S = 10.0

AckResult = Literal["applied", "rejected", "partial", "superseded", "expired"]

_OWN_PROPERTIES: Mapping[str, str | int | bool] = {"enable.idempotence": True, "acks": "all", "linger.ms": 0}


class AckError(RuntimeError):
    """An acknowledgement did not reach Kafka, so that riskd's audit lacks it."""


class Acknowledger:
    """The producer of one consumer's acknowledgements.

    consumer   : the name that riskd knows it by
    properties : of librdkafka, for security and the like
    raises     : AckError from `send` and `flush` once one could not be delivered
    """

    def __init__(
        self,
        bootstrap: str,
        consumer: str,
        *,
        topic: str = "acks",
        properties: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        if not consumer:
            raise ValueError("consumer must have a name, got ''")
        self._consumer, self._topic = consumer, topic
        self._failure: str | None = None
        self._producer = Producer(
            {"log_level": 0, **dict(properties or {}), **_OWN_PROPERTIES, "bootstrap.servers": bootstrap}
        )

    def send(self, action: ActionRecord, result: AckResult, now_ns: int, residual: float | None = None) -> None:
        """Hand an acknowledgement to the producer without waiting; a repeat is harmless.

        now_ns   : wall time
        residual : what is left to do, units; None where it is not known
        """
        ack: dict[str, object] = {"type": "ack", "ts": now_ns, "action_id": action.action_id, "scope": action.scope}
        ack |= {"consumer": self._consumer, "result": result}
        if residual is not None:
            ack["residual"] = residual
        value = json.dumps(ack, allow_nan=False).encode()
        try:
            self._producer.produce(self._topic, value, action.scope.encode(), on_delivery=self._on_delivery)
        except (BufferError, KafkaException) as error:
            raise AckError(f"{self._topic} took no acknowledgement of {action.action_id}: {error}") from error
        self._producer.poll(0)
        self._raise_failure()

    def answer_selftests(self, news: Iterable[ActionRecord], now_ns: int) -> None:
        """Acknowledge what a self-test asks for, of all that a poll of the reader brought."""
        for action in news:
            if action.is_selftest and action.requires_ack:
                self.send(action, "applied", now_ns)

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Wait until all are delivered."""
        left = self._producer.flush(timeout_s)
        self._raise_failure()
        if left:
            raise AckError(f"{left} acknowledgements were not delivered within {timeout_s} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()

    def _on_delivery(self, error: ClientError | None, message: Message) -> None:
        if error is not None:
            self._failure = f"{message.topic()} took no acknowledgement: {error.name()}: {error.str()}"

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise AckError(failure)
