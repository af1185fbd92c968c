"""The reader of actions on a real broker: transactions, aborts, gaps, leases, acknowledgements."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from config.schema import KafkaConfig
from feeds.action_acks import AckError, Acknowledger
from feeds.action_partition import AlarmKind
from feeds.action_reader import ActionReader, ActionReaderError, Change
from feeds.action_state import LEASE_EXPIRED, NOT_READ
from feeds.decode import decode
from feeds.events import Ack
from feeds.order_verdict import Holding, Order, Outcome
from tests.feeds.actions_sample import HALT, LEASE_NS, REDUCE, THROTTLE, action, lease

pytestmark = pytest.mark.kafka

WAIT_S = 30.0


@pytest.fixture
def kafka(kafka_config: KafkaConfig) -> KafkaConfig:
    """Topics of two action partitions."""
    topics = kafka_config.topics
    admin = AdminClient({"bootstrap.servers": kafka_config.bootstrap})
    compacted = {"cleanup.policy": "compact"}
    wanted = [NewTopic(name, 2, 1, config=compacted) for name in (topics.actions, topics.leases)]
    for made in admin.create_topics([*wanted, NewTopic(topics.acks, 1, 1)]).values():
        made.result(WAIT_S)
    return kafka_config


@pytest.fixture
def writer(kafka: KafkaConfig) -> "Writer":
    return Writer(kafka)


class Writer:
    """Publishes as riskd does: in transactions of one id."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka = kafka
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": kafka.group})
        self._producer.init_transactions(WAIT_S)

    def open(self, *values: bytes, partition: int = 0) -> None:
        """Begin a transaction, with these actions on the broker before it ends."""
        self._producer.begin_transaction()
        for value in values:
            self._producer.produce(self._kafka.topics.actions, value, b"firm", partition)
        assert self._producer.flush(WAIT_S) == 0

    def commit(self, *values: bytes, partition: int = 0) -> None:
        self.open(*values, partition=partition)
        self.end()

    def end(self) -> None:
        """Commit the open transaction."""
        self._producer.commit_transaction(WAIT_S)

    def abort(self, *values: bytes) -> None:
        self.open(*values)
        self._producer.abort_transaction(WAIT_S)

    def lease(self, value: bytes, partition: int = 0) -> None:
        plain = Producer({"bootstrap.servers": self._kafka.bootstrap})
        plain.produce(self._kafka.topics.leases, value, b"firm", partition)
        assert plain.flush(WAIT_S) == 0


def reader_of(kafka: KafkaConfig, *, is_leased: bool = False, now_ns: Callable[[], int] = time.time_ns) -> ActionReader:
    leases = kafka.topics.leases if is_leased else None
    return ActionReader(kafka.bootstrap, actions=kafka.topics.actions, leases=leases, now_ns=now_ns)


def poll_until(reader: ActionReader, is_done: Callable[[Change], bool]) -> Change:
    """Poll until what came so far satisfies; return all of it."""
    deadline_s = time.monotonic() + WAIT_S
    change = Change((), ())
    while not is_done(change):
        assert time.monotonic() < deadline_s, f"not within {WAIT_S} s; so far {change}"
        came = reader.poll(0.1)
        change = Change(change.news + came.news, change.alarms + came.alarms)
    return change


def test_the_state_at_start_is_what_was_committed_and_the_next_record_follows_it(
    kafka: KafkaConfig, writer: Writer
) -> None:
    """Markers, aborted records and numbers that compaction took away are no gap."""
    writer.commit(action("firm", 3, THROTTLE), action("firm/eq", 5, HALT))
    writer.abort(action("firm", 6, HALT, action_id="never"))
    writer.commit(action("firm", 6))
    writer.abort(action("firm", 7, HALT, action_id="never either"))
    with reader_of(kafka) as reader:
        assert not reader.is_ready
        assert [cause.code for cause in reader.standing("firm").causes] == [NOT_READ, NOT_READ]
        start = poll_until(reader, lambda _: reader.is_ready)
        assert [(record.scope, record.seq) for record in start.news] == [("firm", 6), ("firm/eq", 5)]
        assert (reader.standing("firm").state, reader.standing("firm/eq").state) == ("ACTIVE", "HALTED")
        writer.commit(action("firm/eq", 7, REDUCE))
        writer.abort(action("firm", 8, HALT, action_id="nor this"))
        writer.commit(action("firm", 8, THROTTLE))
        follow = poll_until(reader, lambda change: len(change.news) == 2)
        assert [(record.scope, record.seq) for record in follow.news] == [("firm/eq", 7), ("firm", 8)]
        assert start.alarms == follow.alarms == ()
        verdict = reader.allowed(Order("firm/eq", "ABC", "sell", 9.0), Holding(5.0))
        assert (verdict.outcome, verdict.quantity) == (Outcome.REDUCED, 5.0)


def test_a_transaction_that_is_still_open_holds_nobody_up_and_counts_when_it_ends(
    kafka: KafkaConfig, writer: Writer
) -> None:
    writer.commit(action("firm", 1, THROTTLE))
    writer.open(action("firm", 2, HALT))
    with reader_of(kafka) as reader:
        start = poll_until(reader, lambda _: reader.is_ready)
        assert [record.seq for record in start.news] == [1]
        writer.end()
        assert [record.seq for record in poll_until(reader, lambda change: bool(change.news)).news] == [2]
        assert reader.standing("firm").state == "HALTED"


def test_a_gap_is_told_and_the_history_is_read_again(kafka: KafkaConfig, writer: Writer) -> None:
    writer.commit(action("firm", 1))
    writer.commit(action("other", 1, HALT), partition=1)
    with reader_of(kafka) as reader:
        poll_until(reader, lambda _: reader.is_ready)
        writer.commit(action("firm", 3, THROTTLE))
        gap = poll_until(reader, lambda change: bool(change.alarms))
        assert [(alarm.kind, alarm.partition) for alarm in gap.alarms] == [(AlarmKind.GAP, 0)]
        poll_until(reader, lambda _: reader.is_ready)
        assert (reader.standing("firm").state, reader.standing("other").state) == ("THROTTLED", "HALTED")
        writer.commit(action("firm", 4))
        follow = poll_until(reader, lambda change: bool(change.news))
        assert ([record.seq for record in follow.news], follow.alarms) == ([4], ())


def test_a_lease_runs_out_and_comes_back(kafka: KafkaConfig, writer: Writer) -> None:
    now_ns = time.time_ns()
    writer.commit(action("firm", 1))
    writer.lease(lease("firm", 1, valid_until=now_ns - LEASE_NS))
    writer.lease(lease("firm", 1, valid_until=now_ns + LEASE_NS))
    with reader_of(kafka, is_leased=True, now_ns=lambda: now_ns) as reader:
        start = poll_until(reader, lambda _: reader.is_ready)
        assert (start.alarms, reader.standing("firm/eq").state) == ((), "ACTIVE")
        now_ns += LEASE_NS
        alarms = poll_until(reader, lambda change: bool(change.alarms)).alarms
        assert [alarm.kind for alarm in alarms] == [AlarmKind.LEASE_EXPIRED]
        assert [cause.code for cause in reader.standing("firm/eq").causes] == [LEASE_EXPIRED]
        writer.lease(lease("firm", 1, valid_until=now_ns + LEASE_NS))
        poll_until(reader, lambda _: reader.standing("firm/eq").state == "ACTIVE")


def test_an_acknowledgement_is_one_that_riskd_takes(kafka: KafkaConfig, writer: Writer) -> None:
    writer.commit(action("firm", 1, REDUCE))
    with reader_of(kafka) as reader:
        (asked,) = poll_until(reader, lambda _: reader.is_ready).news
    assert asked.requires_ack
    acks = kafka.topics.acks
    with Acknowledger(kafka.bootstrap, "oms", topic=acks) as acknowledger:
        acknowledger.send(asked, "partial", 1_700_000_000_000_000_000, 60.0)
        acknowledger.send(asked, "applied", 1_700_000_000_000_000_001)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": kafka.group})
    consumer.assign([TopicPartition(acks, 0, 0)])
    messages = consumer.consume(2, timeout=WAIT_S)
    consumer.close()
    assert [message.key() for message in messages] == [b"firm"] * 2
    events = [decode(acks, message.value(), kafka.topics) for message in messages]
    said = [(e.action_id, e.consumer, e.result, e.residual) for e in events if isinstance(e, Ack)]
    assert said == [(asked.action_id, "oms", "partial", 60.0), (asked.action_id, "oms", "applied", None)]


def test_an_acknowledgement_that_is_not_delivered_is_an_error(kafka: KafkaConfig, writer: Writer) -> None:
    writer.commit(action("firm", 1, REDUCE))
    with reader_of(kafka) as reader:
        (asked,) = poll_until(reader, lambda _: reader.is_ready).news
    acknowledger = Acknowledger(
        kafka.bootstrap, "oms", topic=f"{kafka.group}.nowhere", properties={"topic.metadata.propagation.max.ms": 0}
    )
    acknowledger.send(asked, "applied", 1)
    with pytest.raises(AckError, match=r"nowhere took no acknowledgement: .*UNKNOWN_TOPIC"):
        acknowledger.flush()
    with pytest.raises(ValueError, match="consumer must have a name"):
        Acknowledger(kafka.bootstrap, "")


def test_what_cannot_be_read_is_a_clear_error(kafka: KafkaConfig) -> None:
    topics = kafka.topics
    with pytest.raises(ActionReaderError, match=r"topic .*nowhere does not exist"):
        ActionReader(kafka.bootstrap, actions=f"{topics.actions}.nowhere", leases=None)
    with pytest.raises(ActionReaderError, match=r"acks must have a partition for each of .*actions's 2, has 1"):
        ActionReader(kafka.bootstrap, actions=topics.actions, leases=topics.acks)
    with pytest.raises(ValueError, match=r"isolation.level must be read_committed, got read_uncommitted"):
        ActionReader(kafka.bootstrap, actions=topics.actions, properties={"isolation.level": "read_uncommitted"})
