"""The process in the middle of the Kafka echo: from `market-data` to `risk.actions`, bare or by riskd's own sinks."""

import signal
import sys
from collections.abc import Callable, Sequence
from typing import Literal

from confluent_kafka import Consumer, Producer, TopicPartition

from config.schema import KafkaConfig
from feeds.kafka_properties import Property, client_properties
from feeds.kafka_sink import Outgoing, open_sink

Way = Literal["bare", "idempotent", "transactional"]
BATCH_RECORDS_MAX = 500
POLL_S = 0.1

Publish = Callable[[Sequence[Outgoing]], None]


def main() -> None:
    """Echo until SIGTERM. Arguments: the way, and the Kafka configuration as JSON."""
    way, document = sys.argv[1:]
    config = KafkaConfig.model_validate_json(document)
    publish = _bare(config) if way == "bare" else open_sink(config.model_copy(update={"publish": way}), shard=0).publish
    own: dict[str, Property] = {"group.id": f"{config.group}-echo", "fetch.min.bytes": 1, "fetch.wait.max.ms": 100}
    consumer = Consumer(client_properties(config, own))
    consumer.assign([TopicPartition(config.topics.market_data, 0, 0)])
    is_wanted = True

    def stop(_: int, __: object) -> None:
        nonlocal is_wanted
        is_wanted = False

    signal.signal(signal.SIGTERM, stop)
    while is_wanted:
        first = consumer.poll(POLL_S)
        if first is not None:
            messages = [first, *consumer.consume(BATCH_RECORDS_MAX - 1, timeout=0)]
            publish([Outgoing(config.topics.actions, 0, b"firm", message.value()) for message in messages])
    consumer.close()


def _bare(config: KafkaConfig) -> Publish:
    """What the client alone takes: idempotent and acknowledged by all, and nobody waits for it."""
    own: dict[str, Property] = {
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 0,
        "compression.type": "none",
        "log_level": 2,
    }
    producer = Producer(client_properties(config, own))

    def publish(outgoing: Sequence[Outgoing]) -> None:
        for item in outgoing:
            producer.produce(item.topic, item.value, item.key, item.partition)
        producer.poll(0)

    return publish


if __name__ == "__main__":
    main()
