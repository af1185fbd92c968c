"""Which partitions of the input topics a process reads."""

from confluent_kafka import Consumer, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from config.schema import KafkaConfig
from feeds.kafka_preflight import MOCK_CLUSTER
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.merge import Partition


def served_partitions(config: KafkaConfig) -> tuple[int, ...]:
    """Return the positions partitions that this process serves; raises KafkaError as `input_partitions` does."""
    consumer = Consumer(client_properties(config, {"group.id": config.group, "log_level": 0}))
    try:
        found = input_partitions(consumer, config)
    except KafkaException as error:
        raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
    finally:
        consumer.close()
    return tuple(number for topic, number in found if topic == config.topics.positions)


def topic_ids(config: KafkaConfig, consumer: Consumer) -> dict[str, str]:
    """Return the cluster's ids of the input topics, by name; empty where it tells none, as librdkafka's own broker.

    raises : KafkaError where the cluster does not answer
    """
    if str(consumer.list_topics(timeout=METADATA_TIMEOUT_S).cluster_id).startswith(MOCK_CLUSTER):
        return {}
    topics = config.topics
    names = [topics.reference, topics.control, topics.positions, topics.market_data, topics.acks]
    admin = AdminClient(client_properties(config, {"log_level": 0}))
    try:
        described = admin.describe_topics(TopicCollection(names), request_timeout=METADATA_TIMEOUT_S)
        return {name: str(future.result(METADATA_TIMEOUT_S).topic_id) for name, future in described.items()}
    except KafkaException as error:
        raise KafkaError(f"{config.bootstrap}: the input topics cannot be described: {error.args[0].str()}") from error


def input_partitions(consumer: Consumer, config: KafkaConfig) -> tuple[Partition, ...]:
    """Return all partitions of the topics that every core reads, and those of the positions that are served here.

    raises : KafkaError where a topic is missing, or `kafka.positions_partitions` names a partition that is not there
    """
    topics = config.topics
    found = consumer.list_topics(timeout=METADATA_TIMEOUT_S).topics
    partitions: list[Partition] = []
    for topic in (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks):
        if topic not in found or found[topic].error is not None:
            raise KafkaError(f"topic {topic} does not exist at {config.bootstrap}: `riskd topics create` makes it")
        numbers = sorted(found[topic].partitions)
        if topic == topics.positions and config.positions_partitions is not None:
            missing = sorted(set(config.positions_partitions) - set(numbers))
            if missing:
                raise KafkaError(f"topic {topic} has partitions {numbers}, kafka.positions_partitions wants {missing}")
            numbers = sorted(set(config.positions_partitions))
        partitions += [(topic, number) for number in numbers]
    return tuple(partitions)
