"""Notices: delivered where the broker is there, dropped and counted where it is not, and nobody waits for them."""

import socket
import time

import pytest

from config.schema import KafkaConfig, Topics
from feeds.kafka_notices import QUEUE_MAX, Notices
from feeds.kafka_topics import create_topics
from feeds.outgoing import Outgoing
from tests.kafka.test_sink import visible

SECONDS_MANY = 5.0  # a blocking send would take ten: the delivery timeout


def state(number: int, *, partition: int = 0, topic: str = Topics().state) -> Outgoing:
    return Outgoing(topic, partition, b"firm", str(number).encode())


@pytest.mark.kafka
def test_notices_arrive_in_order(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    topic = kafka_config.topics.state
    notices = Notices(kafka_config)
    for start in range(0, 100, 10):
        notices.send([state(number, topic=topic) for number in range(start, start + 10)])
    notices.close(30)
    assert (notices.dropped, notices.failed, notices.trouble) == (0, 0, None)
    assert visible(kafka_config, topic) == [[str(number).encode() for number in range(100)]]


@pytest.mark.kafka
def test_refused_notice_is_the_trouble_until_another_arrives(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    topic = kafka_config.topics.state
    notices = Notices(kafka_config)
    notices.send([state(0, topic=topic, partition=9)])  # refused at once, or when the client knows the partitions
    notices.close(30)
    assert notices.dropped + notices.failed == 1
    assert notices.trouble is not None
    assert "risk.state[9] took no record" in notices.trouble
    notices.send([state(1, topic=topic)])
    notices.close(30)
    assert notices.trouble is None
    assert notices.dropped + notices.failed == 1
    assert visible(kafka_config, topic) == [[b"1"]]


def test_without_a_broker_nothing_waits_and_what_does_not_fit_is_dropped() -> None:
    with socket.socket() as held:  # bound and not listening: every connection is refused
        held.bind(("127.0.0.1", 0))
        notices = Notices(KafkaConfig(bootstrap=f"127.0.0.1:{held.getsockname()[1]}"))
        begun_s = time.monotonic()
        notices.send([state(number) for number in range(QUEUE_MAX + 500)])
        assert notices.dropped == 500
        assert notices.trouble == f"{QUEUE_MAX:,} notices wait for the broker already"
        notices.send([state(0)])
        assert notices.dropped == 501
        notices.close(0.2)
        assert notices.dropped + notices.failed == QUEUE_MAX + 501
        assert time.monotonic() - begun_s < SECONDS_MANY
