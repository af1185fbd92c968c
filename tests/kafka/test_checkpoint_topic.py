"""Audit checkpoints on Apache Kafka: the topic is read whole, and a cut log fails against it."""

from pathlib import Path

import pytest
import yaml
from confluent_kafka import Producer

from audit.segments import segment_name
from audit.writer import AuditWriter
from config.schema import KafkaConfig
from daemon.checkpoint_topic import read_checkpoints
from daemon.cli import main
from feeds.kafka_properties import KafkaError
from feeds.kafka_topics import create_topics

pytestmark = pytest.mark.kafka


def publish(config: KafkaConfig, records: list[bytes | None]) -> None:
    producer = Producer({"bootstrap.servers": config.bootstrap})
    for record in records:
        producer.produce(config.topics.checkpoints, record, b"0", 0)
    assert producer.flush(30) == 0


def verify(*arguments: str | Path) -> int | str | None:
    with pytest.raises(SystemExit) as left:
        main(["audit", "verify", *map(str, arguments)])
    return left.value.code


def test_a_log_is_compared_with_its_topic_and_a_cut_one_fails(
    tmp_path: Path, kafka_config: KafkaConfig, capfd: pytest.CaptureFixture[str]
) -> None:
    create_topics(kafka_config)
    assert list(read_checkpoints(kafka_config)) == []
    log, config = tmp_path / "log", tmp_path / "riskd.yaml"
    config.write_text(yaml.safe_dump({"kafka": kafka_config.model_dump(mode="json", exclude_none=True)}))
    writer = AuditWriter(log, "00")
    writer.append([{"ts": i, "kind": "decision"} for i in range(2_500)])
    writer.stop()
    records = writer.take_checkpoints()
    publish(kafka_config, [*records[:2], None, *records[1:]])
    assert list(read_checkpoints(kafka_config)) == [*records[:2], *records[1:]]

    assert not verify(log, "--config", config)
    assert "3 published checkpoints found in it" in capfd.readouterr().out
    path = log / segment_name(1)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert verify(log, "--config", config) == 1
    assert "its end was cut off" in capfd.readouterr().out


def test_a_topic_that_is_missing_is_an_error_not_an_empty_list(kafka_config: KafkaConfig) -> None:
    with pytest.raises(KafkaError, match="riskd topics create"):
        list(read_checkpoints(kafka_config))
