"""A Kafka broker inside this process, for the demo: the mock cluster that librdkafka brings along, on loopback.

It takes and gives records, knows groups and plain commits, and forgets everything with this process. Each topic has
four partitions, each keeps the last 100,000 records or 5 MB. It does not fence, ignores `read_committed` and has no
rights: nothing about exactly-once or latency may be concluded from it.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException, Producer

from config.schema import Topics
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError

PARTITIONS = 4  # of every topic: librdkafka's default, which no property changes


class EmbeddedBroker:
    """One broker that lives as long as its `with` block; leave the block when its clients are closed.

    topics : names to make; asking for a topic makes it
    raises : KafkaError where it does not come up
    """

    def __init__(self, topics: Topics) -> None:
        self._topics: Iterable[str] = topics.model_dump().values()
        self._owner: Producer | None = None
        self._bootstrap = ""

    @property
    def bootstrap(self) -> str:
        """Address for `bootstrap.servers` of any process of this machine."""
        assert self._bootstrap, "the broker is not running"
        return self._bootstrap

    def __enter__(self) -> Self:
        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        try:
            brokers = self._owner.list_topics(timeout=METADATA_TIMEOUT_S).brokers.values()
            for topic in self._topics:
                self._make(topic)
        except KafkaException as error:
            raise KafkaError(f"the embedded broker did not come up: {error.args[0].str()}") from error
        self._bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._owner is not None, "the broker was not started"
        self._owner.close()  # the cluster ends with the client that made it
        self._owner, self._bootstrap = None, ""

    def _make(self, topic: str) -> None:
        assert self._owner is not None, "the broker was not started"
        found = self._owner.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
        if found.error is not None or len(found.partitions) != PARTITIONS:
            raise KafkaError(f"the embedded broker must give topic {topic} {PARTITIONS} partitions, got {found!r}")
