"""Publishes in transactions that fence every earlier process of the same shard."""

import time
from collections.abc import Sequence
from contextlib import suppress

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException

from config.schema import KafkaConfig
from feeds.kafka_delivery import PUBLISH_TIMEOUT_S, Delivery, dead_producer
from feeds.kafka_properties import KafkaError, Property
from feeds.outgoing import Outgoing

START_TIMEOUT_S = 60.0  # after a SIGKILL inside a transaction the coordinator needs about one second
# Longer than a publish may take: the coordinator must not give up a transaction that still waits for the broker. What
# a process that never comes back left open hides nothing but this shard's own outputs from readers for that long.
TRANSACTION_TIMEOUT_S = PUBLISH_TIMEOUT_S + 60.0
# The coordinator answers a commit before it has written the markers. A transaction that begins earlier is told to
# come again, and librdkafka does so after 20 ms. Measured: 2 ms avoid nearly all of that, 1 ms two thirds.
AFTER_COMMIT_S = 0.002
RETRY_S = 0.2
# What is the same at the next try. Everything else is worth one: nothing of an aborted transaction was ever visible.
_PERMANENT = (
    ClientError.TOPIC_AUTHORIZATION_FAILED,
    ClientError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ClientError.CLUSTER_AUTHORIZATION_FAILED,
    ClientError.UNKNOWN_TOPIC_OR_PART,
    ClientError.MSG_SIZE_TOO_LARGE,
    ClientError.INVALID_MSG,
    ClientError.INVALID_RECORD,
    ClientError.POLICY_VIOLATION,
)


class TransactionalSink:
    """Every `publish` is one transaction of `transactional.id` = `<group>-<positions topic>-<shard>`.

    Opening it fences the shard's earlier process and ends what that left open.
    raises : KafkaError from the constructor where the coordinator does not answer in 60 s or refuses the id, or a topic
             has no partition `shard`.
             FencedError from `publish` once a later process was opened; KafkaError where a record cannot be published,
             or nobody can say whether a commit was done: the tail of the topics can, at the next start
    """

    def __init__(self, config: KafkaConfig, *, shard: int) -> None:
        self._id = f"{config.group}-{config.topics.positions}-{shard}"
        own: dict[str, Property] = {
            "transactional.id": self._id,
            "transaction.timeout.ms": int(TRANSACTION_TIMEOUT_S * 1_000),
        }
        self._delivery = Delivery(config, own)
        self._delivery.connect(config.topics, shard)
        self._producer = self._delivery.producer
        self._begun_s: float | None = None
        self._may_begin_s = 0.0
        self._fence(time.monotonic() + START_TIMEOUT_S)

    @property
    def waiting_s(self) -> float:
        """Seconds that the present `publish` has taken; 0 while there is none. Asked from another thread."""
        begun_s = self._begun_s
        return 0.0 if begun_s is None else time.monotonic() - begun_s

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish the records in one transaction, in order; returns when nothing can take them back.

        From then on they are visible to read_committed readers as soon as the broker has written its markers, a
        millisecond or two. A transaction that breaks before its commit is aborted and tried again for 120 s.
        """
        if not outgoing:
            return
        self._begun_s = time.monotonic()
        deadline_s = self._begun_s + PUBLISH_TIMEOUT_S
        try:
            time.sleep(max(0.0, self._may_begin_s - self._begun_s))
            while not self._write(outgoing, deadline_s):
                self._abort(deadline_s)
                self._delivery.forget()
                time.sleep(RETRY_S)
            self._commit(deadline_s)
            self._may_begin_s = time.monotonic() + AFTER_COMMIT_S
        finally:
            self._begun_s = None

    def close(self) -> None:
        """Drop what is queued; returns within a second or so. What was published stays."""
        self._delivery.close()

    def _fence(self, deadline_s: float) -> None:
        while True:
            try:
                self._producer.init_transactions(max(0.0, deadline_s - time.monotonic()))
                return
            except KafkaException as error:
                reason: ClientError = error.args[0]
                if not reason.retriable() or time.monotonic() > deadline_s:
                    raise KafkaError(
                        f"transactional.id {self._id} cannot be used: {reason.name()}: {reason.str()}"
                    ) from error

    def _write(self, outgoing: Sequence[Outgoing], deadline_s: float) -> bool:
        """Bring all records to the brokers; False where the transaction must be aborted and may be tried again."""
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            raise dead_producer(error.args[0]) from error
        self._delivery.produce(outgoing, deadline_s)
        self._delivery.settle(deadline_s)
        failure = self._delivery.failure
        if failure is None:
            return True
        reason = self._why_broken()
        if reason is not None and reason.code() in _PERMANENT:
            topics = ", ".join(sorted({item.topic for item in outgoing}))
            with suppress(KafkaError):  # a coordinator that let no partition join knows of nothing to abort
                self._abort(deadline_s)
            raise KafkaError(f"{topics}: {reason.name()}: {reason.str()}")
        if time.monotonic() > deadline_s:
            raise KafkaError(f"{failure}; tried again for {PUBLISH_TIMEOUT_S:g} s")
        return False

    def _why_broken(self) -> ClientError | None:
        """Ask what broke the transaction; None where it stands, and only an acknowledgement cannot be believed.

        Beginning inside a transaction is refused without any effect, with the transaction's own error if it has one.
        """
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            reason: ClientError = error.args[0]
            if reason.fatal():
                raise dead_producer(reason) from error
            return reason if reason.txn_requires_abort() else None
        raise AssertionError("a transaction began inside another")

    def _abort(self, deadline_s: float) -> None:
        """Abort, so that nothing of it will ever be seen; only then may the same records go again."""
        while True:
            try:
                self._producer.abort_transaction(max(0.0, deadline_s - time.monotonic()))
                return
            except KafkaException as error:
                self._raise_unless_passing(error, "abort", deadline_s)

    def _commit(self, deadline_s: float) -> None:
        """Commit; any end but success or a call that may be repeated leaves open whether it was done."""
        while True:
            try:
                self._producer.commit_transaction(max(0.0, deadline_s - time.monotonic()))
                return
            except KafkaException as error:
                self._raise_unless_passing(error, "commit", deadline_s)

    def _raise_unless_passing(self, error: KafkaException, what: str, deadline_s: float) -> None:
        reason: ClientError = error.args[0]
        if reason.fatal():
            raise dead_producer(reason) from error
        if not reason.retriable() or time.monotonic() > deadline_s:
            raise KafkaError(
                f"{self._id}: the {what} of a transaction has no known outcome: {reason.name()}: {reason.str()}"
            ) from error
