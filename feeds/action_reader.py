"""Reads `risk.actions` and `risk.leases` for a trading system: the current state first, then what follows.

    with ActionReader("localhost:9092") as reader:
        while trading:
            change = reader.poll(0.1)
            ...                                       # act on change.news, tell people change.alarms
            verdict = reader.allowed(order, holding)

Needs confluent-kafka and msgspec, and nothing else of riskd. Used from one thread.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as ClientError

from feeds.action_partition import Alarm
from feeds.action_records import ActionRecord
from feeds.action_state import ActionState
from feeds.order_verdict import Holding, Order, Standing, Verdict

METADATA_TIMEOUT_S = 10.0
POLL_RECORDS_MAX = 500

_OWN_PROPERTIES: Mapping[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    # An offset that is gone was compacted away or deleted; the numbers of the records tell what that means.
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 100,
    "fetch.queue.backoff.ms": 1,
}
_DEFAULT_PROPERTIES: Mapping[str, str | int | bool] = {"group.id": "riskd-action-reader", "log_level": 0}


class ActionReaderError(RuntimeError):
    """The actions cannot be read: no opening trade may be sent."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one poll brought.

    news   : records that changed a scope, in order; after the first reading, the state of each scope
    alarms : what a person must hear of
    """

    news: tuple[ActionRecord, ...]
    alarms: tuple[Alarm, ...]


class ActionReader:
    """All partitions of both topics, assigned by hand; it commits nothing and belongs to no group.

    bootstrap  : addresses of brokers
    actions    : the topic of enforced actions; never the shadow topic
    leases     : None gives up on noticing that riskd is gone
    properties : of librdkafka, for security and the like; those that correctness rests on cannot be changed
    now_ns     : wall time
    raises     : ActionReaderError where a topic is missing, the cluster does not answer, or reading fails for good;
                 ValueError for a property that cannot be changed
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        actions: str = "risk.actions",
        leases: str | None = "risk.leases",
        properties: Mapping[str, str | int | float | bool] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        given = dict(properties or {})
        for name, value in _OWN_PROPERTIES.items():
            if str(given.get(name, value)).lower() != str(value).lower():
                raise ValueError(f"property {name} must be {value}, got {given[name]}")
        self._actions = actions
        self._now_ns = now_ns
        self._consumer = Consumer({**_DEFAULT_PROPERTIES, **given, **_OWN_PROPERTIES, "bootstrap.servers": bootstrap})
        try:
            numbers = self._partitions_of(actions)
            places = [TopicPartition(actions, number, OFFSET_BEGINNING) for number in numbers]
            lease_numbers = () if leases is None else self._partitions_of(leases)
            if leases is not None:
                if not set(numbers) <= set(lease_numbers):
                    raise ActionReaderError(
                        f"topic {leases} must have a partition for each of {actions}'s {len(numbers)}, "
                        f"has {len(lease_numbers)}"
                    )
                places += [TopicPartition(leases, number, OFFSET_BEGINNING) for number in numbers]
            self.state = ActionState(numbers, is_leased=leases is not None)
            self._consumer.assign(places)
        except KafkaException as error:
            self._consumer.close()
            raise ActionReaderError(f"{bootstrap}: {error.args[0].str()}") from error
        except ActionReaderError:
            self._consumer.close()
            raise

    @property
    def is_ready(self) -> bool:
        """Say whether the current state was read and nothing of it is in doubt."""
        return self.state.is_read

    def poll(self, timeout_s: float = 0.1) -> Change:
        """Take in what came, waiting for the first record at most so long; call it at least each second."""
        news: list[ActionRecord] = []
        alarms: list[Alarm] = []
        first = self._consumer.poll(timeout_s)
        messages = [] if first is None else [first, *self._consumer.consume(POLL_RECORDS_MAX - 1, timeout=0)]
        for message in messages:
            self._take(message, news, alarms)
        for number in self.state.to_read_again:
            self._read_again(number)
        alarms += self.state.check(self._now_ns())
        return Change(tuple(news), tuple(alarms))

    def standing(self, scope: str) -> Standing:
        """Return the state of a scope now: the most severe along its path."""
        return self.state.standing(scope, self._now_ns())

    def allowed(self, order: Order, holding: Holding) -> Verdict:
        """Say how much of an order may go now."""
        return self.state.allowed(order, holding, self._now_ns())

    def sent(self, order: Order) -> None:
        """Count an order that was sent, for throttles."""
        self.state.sent(order, self._now_ns())

    def close(self) -> None:
        """Leave the cluster."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, message: Message, news: list[ActionRecord], alarms: list[Alarm]) -> None:
        is_action, number = message.topic() == self._actions, message.partition()
        error = message.error()
        if error is None:
            if is_action:
                seen = self.state.apply(message.key(), message.value(), number, message.offset())
                news += [] if seen.news is None else [seen.news]
                alarms += seen.alarms
            else:
                self.state.lease(message.value(), number)
        elif error.code() == ClientError._PARTITION_EOF:
            # Under read_committed this is the end of what is committed, whatever markers lie behind the last record.
            if is_action:
                news += self.state.reached_end(number)
            else:
                self.state.reached_lease_end(number)
        elif error.fatal() or not error.retriable():
            raise ActionReaderError(f"{message.topic()}[{number}] cannot be read: {error.name()}: {error.str()}")

    def _read_again(self, number: int) -> None:
        try:
            self._consumer.seek(TopicPartition(self._actions, number, OFFSET_BEGINNING))
        except KafkaException as error:
            raise ActionReaderError(f"{self._actions}[{number}] cannot be read again: {error.args[0].str()}") from error
        self.state.read_again(number)

    def _partitions_of(self, topic: str) -> tuple[int, ...]:
        found = self._consumer.list_topics(timeout=METADATA_TIMEOUT_S).topics
        if topic not in found or found[topic].error is not None:
            raise ActionReaderError(f"topic {topic} does not exist")
        return tuple(sorted(found[topic].partitions))
