"""Both ways to publish against a real broker: order, fences, aborted and open transactions, a broker that dies."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import KafkaError as ClientError
from confluent_kafka.admin import AdminClient, NewTopic

from config.schema import KafkaConfig
from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError
from feeds.kafka_properties import KafkaError
from feeds.kafka_sink import FencedError, Outgoing, Sink, open_sink
from feeds.kafka_tail import read_tail
from feeds.kafka_topics import create_topics
from feeds.kafka_transactions import RETRY_S, TransactionalSink
from tests.kafka.conftest import skip_without_broker

pytestmark = pytest.mark.kafka

Publish = Literal["transactional", "idempotent"]
BOTH: tuple[Publish, ...] = ("transactional", "idempotent")
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own_broker(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that these tests may kill, where the session has one at all."""
    assert kafka_bootstrap
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(LocalKafka(tmp_path_factory.mktemp("own-kafka")))
        except BrokerUnavailableError as error:
            skip_without_broker(str(error))
        yield broker


@contextmanager
def opened(config: KafkaConfig, publish: Publish = "transactional", *, shard: int = 0) -> Iterator[Sink]:
    sink = open_sink(config.model_copy(update={"publish": publish}), shard=shard)
    try:
        yield sink
    finally:
        sink.close()


def numbered(topic: str, numbers: range, partition: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, partition, b"firm", str(number).encode()) for number in numbers]


def visible(config: KafkaConfig, *topics: str, partition: int = 0) -> list[list[bytes]]:
    """What a read_committed reader sees of each topic, from the beginning to the end that it is told of."""
    consumer = Consumer(
        {
            "bootstrap.servers": config.bootstrap,
            "group.id": f"{config.group}-look",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 10,
        }
    )
    consumer.assign([TopicPartition(topic, partition, 0) for topic in topics])
    seen: dict[str, list[bytes]] = {topic: [] for topic in topics}
    unread = set(topics)
    while unread:
        message = consumer.poll(30)
        assert message is not None, f"{unread} have no end"
        error = message.error()
        if error is None:
            seen[message.topic()].append(message.value())
        else:
            assert error.code() == ClientError._PARTITION_EOF, error
            unread.discard(message.topic())
    consumer.close()
    return list(seen.values())


def small_topic(config: KafkaConfig) -> str:
    """A topic that takes no batch over 500 bytes."""
    topic = f"{config.group}.small"
    admin = AdminClient({"bootstrap.servers": config.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1, config={"max.message.bytes": "500"})])[topic].result(20)
    return topic


def values(numbers: range) -> list[bytes]:
    return [str(number).encode() for number in numbers]


@pytest.mark.parametrize("publish", BOTH)
def test_records_of_many_publishes_are_visible_in_order_in_their_partition(
    kafka_config: KafkaConfig, publish: Publish
) -> None:
    create_topics(kafka_config, positions_partitions=2)
    actions, shadow = kafka_config.topics.actions, kafka_config.topics.shadow
    with opened(kafka_config, publish, shard=1) as sink:
        sink.publish([])
        for start in range(0, 100, 10):
            chunk = range(start, start + 10)
            sink.publish([*numbered(actions, chunk, 1), *numbered(shadow, chunk, 1)])
            assert sink.waiting_s == 0.0
        assert read_tail(kafka_config, actions) == {(actions, 1): b"99"}
        assert visible(kafka_config, actions, shadow, partition=1) == [values(range(100))] * 2


@pytest.mark.parametrize("publish", BOTH)
def test_first_records_of_new_topics_are_all_there(kafka_config: KafkaConfig, publish: Publish) -> None:
    """A topic whose leader is not ready yet lost its first batch when more than one was in flight."""
    new = [f"{kafka_config.group}.{number}" for number in range(40)]
    create_topics(kafka_config)
    admin = AdminClient({"bootstrap.servers": kafka_config.bootstrap})
    for created in admin.create_topics([NewTopic(topic, 1, 1) for topic in new]).values():
        created.result(30)
    with opened(kafka_config, publish) as sink:
        for number in range(3):
            sink.publish([Outgoing(topic, 0, b"k", str(number).encode()) for topic in new])
    assert visible(kafka_config, *new) == [values(range(3))] * len(new)


@pytest.mark.parametrize("publish", BOTH)
def test_record_that_no_try_could_bring_there_is_fatal_at_once(kafka_config: KafkaConfig, publish: Publish) -> None:
    create_topics(kafka_config)
    actions, small = kafka_config.topics.actions, small_topic(kafka_config)
    with opened(kafka_config, publish) as sink, pytest.raises(KafkaError, match=r"actions\[7\].*Unknown partition"):
        sink.publish(numbered(actions, range(1), 7))
    with opened(kafka_config, publish) as sink, pytest.raises(KafkaError, match=r"small.*MSG_SIZE_TOO_LARGE"):
        sink.publish([*numbered(actions, range(1)), Outgoing(small, 0, b"firm", b"x" * 1_000)])
    assert visible(kafka_config, actions) == [[] if publish == "transactional" else [b"0"]]


@pytest.mark.parametrize("publish", BOTH)
def test_shard_without_a_partition_to_write_is_refused_at_the_start(
    kafka_config: KafkaConfig, publish: Publish
) -> None:
    create_topics(kafka_config)
    with pytest.raises(KafkaError, match=r"actions must have a partition 1, as .*positions has, and ends with 0"):
        open_sink(kafka_config.model_copy(update={"publish": publish}), shard=1)


def test_later_sink_of_the_same_shard_fences_the_earlier_one(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config, positions_partitions=2)
    actions = kafka_config.topics.actions
    with opened(kafka_config) as first, opened(kafka_config, shard=1) as neighbour:
        first.publish(numbered(actions, range(1)))
        with opened(kafka_config) as second:
            with pytest.raises(FencedError, match="another process publishes for this shard"):
                first.publish(numbered(actions, range(10, 11)))
            with pytest.raises(FencedError):
                first.publish(numbered(actions, range(11, 12)))
            second.publish(numbered(actions, range(1, 2)))
        neighbour.publish(numbered(actions, range(5), 1))
    assert visible(kafka_config, actions) == [values(range(2))]
    assert visible(kafka_config, actions, partition=1) == [values(range(5))]


def test_process_killed_inside_a_transaction_leaves_nothing_visible_and_nothing_in_the_way(
    kafka_config: KafkaConfig,
) -> None:
    create_topics(kafka_config)
    actions = kafka_config.topics.actions
    with opened(kafka_config) as sink:
        sink.publish(numbered(actions, range(3)))
    _kill_inside_a_transaction(kafka_config)
    assert visible(kafka_config, actions) == [values(range(3))]
    assert read_tail(kafka_config, actions) == {(actions, 0): b"2"}, "before the open transaction, which still stands"
    with opened(kafka_config) as sink:
        assert read_tail(kafka_config, actions) == {(actions, 0): b"2"}
        sink.publish(numbered(actions, range(3, 4)))
    assert visible(kafka_config, actions) == [values(range(4))]
    assert read_tail(kafka_config, actions) == {(actions, 0): b"3"}


@pytest.mark.parametrize("publish", BOTH)
def test_broker_that_is_killed_costs_time_and_nothing_else(
    own_broker: LocalKafka, kafka_config: KafkaConfig, publish: Publish
) -> None:
    """Killed in the middle of what a thread publishes, and started again on its data."""
    config = kafka_config.model_copy(update={"bootstrap": own_broker.bootstrap})
    create_topics(config)
    with opened(config, publish) as sink:
        thread = _Publishing(sink, config.topics.actions)
        thread.start()
        for _ in range(2):
            thread.wait_for_progress()
            own_broker.kill()
            own_broker.start()
        thread.wait_for_progress()
        thread.finish()
        assert thread.waited_s_max > 0.2, "it was publishing while the broker was away"
        assert visible(config, config.topics.actions) == [values(range(thread.published))]


def test_transaction_that_breaks_is_aborted_and_tried_again(kafka_config: KafkaConfig) -> None:
    """librdkafka loses count of its sequence numbers by a record that the broker refuses: the next try breaks."""
    create_topics(kafka_config)
    small = small_topic(kafka_config)
    with opened(kafka_config) as sink:
        sink.publish(numbered(small, range(3)))
        with pytest.raises(KafkaError, match=r"MSG_SIZE_TOO_LARGE"):
            sink.publish([Outgoing(small, 0, b"firm", b"x" * 1_000)])
        begun_s = time.monotonic()
        sink.publish(numbered(small, range(3, 6)))
        assert time.monotonic() - begun_s > RETRY_S, "there was a second try"
        sink.publish(numbered(small, range(6, 9)))
    assert visible(kafka_config, small) == [values(range(9))]


def test_process_that_is_fenced_inside_a_transaction_publishes_nothing_of_it(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    actions = kafka_config.topics.actions
    with opened(kafka_config) as first:
        assert isinstance(first, TransactionalSink)
        assert first._write(numbered(actions, range(5)), time.monotonic() + 30)
        with opened(kafka_config) as second:
            with pytest.raises(FencedError):
                first._commit(time.monotonic() + 30)
            second.publish(numbered(actions, range(1)))
    assert visible(kafka_config, actions) == [values(range(1))]


class _Publishing(threading.Thread):
    """Publishes ten records at a time, until `finish`."""

    def __init__(self, sink: Sink, topic: str) -> None:
        super().__init__(daemon=True)
        self.published = 0
        self.waited_s_max = 0.0
        self._sink, self._topic = sink, topic
        self._is_wanted = True
        self._error: KafkaError | None = None
        self._progress: queue.SimpleQueue[int] = queue.SimpleQueue()

    def run(self) -> None:
        try:
            while self._is_wanted:
                begun_s = time.monotonic()
                self._sink.publish(numbered(self._topic, range(self.published, self.published + 10)))
                self.waited_s_max = max(self.waited_s_max, time.monotonic() - begun_s)
                self.published += 10
                self._progress.put(self.published)
        except KafkaError as error:
            self._error = error

    def wait_for_progress(self) -> None:
        """Return when it has published a hundred records more."""
        goal = self.published + 100
        while self._progress.get(timeout=60) < goal:
            assert self._error is None, self._error

    def finish(self) -> None:
        self._is_wanted = False
        self.join(60)
        assert self._error is None, self._error


def _kill_inside_a_transaction(config: KafkaConfig) -> None:
    """SIGKILL a process of ours between the acknowledgement of its records and the commit."""
    program = (
        "import os, signal, sys\n"
        "from config.schema import KafkaConfig\n"
        "from feeds.kafka_transactions import TransactionalSink\n"
        "from feeds.outgoing import Outgoing\n"
        "config = KafkaConfig.model_validate_json(sys.argv[1])\n"
        "class Killed(TransactionalSink):\n"
        "    def _commit(self, deadline_s):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "Killed(config, shard=0).publish([Outgoing(config.topics.actions, 0, b'firm', b'never')] * 5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, config.model_dump_json()],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
