"""The demo's broker: made from nothing, reached by its address, gone with its block. Nothing here says exactly-once."""

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from config.schema import KafkaConfig, Topics
from feeds.embedded_broker import PARTITIONS, EmbeddedBroker
from feeds.kafka_inputs import input_partitions


def test_every_topic_is_there_at_once_and_another_client_writes_and_reads() -> None:
    topics = Topics()
    with EmbeddedBroker(topics) as broker:
        producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "log_level": 0})
        made = producer.list_topics(timeout=10).topics
        assert {name: len(made[name].partitions) for name in topics.model_dump().values()} == dict.fromkeys(
            topics.model_dump().values(), PARTITIONS
        )
        producer.produce(topics.control, b"a record", b"key", 0)
        assert producer.flush(10) == 0
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "g", "log_level": 0})
        consumer.assign([TopicPartition(topics.control, 0, 0)])
        message = consumer.poll(10)
        assert message is not None
        assert (message.value(), message.offset()) == (b"a record", 0)
        consumer.close()
        producer.close()


def test_a_daemon_finds_its_inputs_on_it_and_serves_the_one_positions_partition_of_the_demo() -> None:
    with EmbeddedBroker(Topics()) as broker:
        config = KafkaConfig(bootstrap=broker.bootstrap, positions_partitions=(0,))
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "g", "log_level": 0})
        partitions = input_partitions(consumer, config)
        consumer.close()
    assert [partition for partition in partitions if partition[0] == "positions"] == [("positions", 0)]
    assert len(partitions) == 1 + 4 * PARTITIONS


def test_the_broker_ends_with_its_block() -> None:
    with EmbeddedBroker(Topics()) as broker:
        bootstrap = broker.bootstrap
    with pytest.raises(AssertionError, match="not running"):
        broker.bootstrap  # noqa: B018 - the question is the test
    late = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    with pytest.raises(KafkaException):
        late.list_topics(timeout=0.5)
    late.close()
