"""Apache Kafka for the tests that let a real Prometheus look at a real riskd."""

from tests.kafka.conftest import kafka_bootstrap, kafka_config

__all__ = ["kafka_bootstrap", "kafka_config"]
