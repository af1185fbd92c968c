"""A daemon's topics and audit log against the raw replay of the recording and the replay of its own journal."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, KafkaError, TopicPartition

from audit.segments import segments
from config.schema import KafkaConfig
from daemon.replay import ReplayPlan, replay
from tests.kafka.running import Line, Stage

COMPARED = ("action_id", "seq", "scope", "type", "params", "active", "reason_code", "ts_decided")


def check_equal(stage: Stage) -> None:
    """Kafka against the raw replay in what the contract names, and against its own journal in every byte."""
    raw, again = stage.folder / "raw", stage.folder / "again"
    plans = (
        ReplayPlan(recording=stage.recording, out=raw, config=stage.config),
        ReplayPlan(recording=stage.journal, out=again),
    )
    with ProcessPoolExecutor(len(plans), get_context("spawn")) as beside:  # half a minute of one core each
        list(beside.map(_replay, plans))
    for topic, file in ((stage.kafka.topics.actions, "actions.jsonl"), (stage.kafka.topics.shadow, "shadow.jsonl")):
        published = read_topic(stage.kafka, topic)
        assert published, f"{topic} has something to compare"
        assert [_compared(line) for line in published] == [_compared(line) for line in lines_of(raw / file)]
        assert published == lines_of(again / file)
    assert _refusals(read_topic(stage.kafka, stage.kafka.topics.deadletter)) == _refusals(
        lines_of(raw / "deadletter.jsonl")
    )
    assert _audited(stage.audit) == _audited(again / "audit")
    digests = [line["digest"] for line in _audited(stage.audit) if line.get("schema") == "risk.decision"]
    assert digests == [json.loads(line)["digest"] for line in lines_of(again / "decisions.jsonl")]
    assert digests == [json.loads(line)["digest"] for line in lines_of(raw / "decisions.jsonl")]


def _replay(plan: ReplayPlan) -> None:
    replay(plan)


def read_topic(config: KafkaConfig, topic: str) -> list[bytes]:
    """Everything that a reader may see; offsets cannot tell how much, because transactions leave their marks there."""
    consumer = Consumer(
        {
            "bootstrap.servers": config.bootstrap,
            "group.id": f"{config.group}-check",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values = []
    while True:
        message = consumer.poll(60)
        assert message is not None, f"{topic} gave nothing"
        if message.error() is not None:
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            break
        values.append(message.value())
    consumer.close()
    return values


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def _compared(line: bytes) -> Line:
    action = cast(Line, json.loads(line))
    return {field: action[field] for field in COMPARED}


def _refusals(letters: list[bytes]) -> list[tuple[object, object]]:
    """What was refused, in the order of n; bytes come as text in a file and in base64 on the topic."""
    return sorted((letter["reason"], letter["detail"]) for letter in map(json.loads, letters))


def _audited(folder: Path) -> list[Line]:
    """Records of the core: without the writer's own, and without number and chain, which a restart's lines move."""
    own = {"head", "resume", "checkpoint", "stop", "foot"}
    lines = []
    for segment in segments(folder):
        lines += [cast(Line, json.loads(line)) for line in segment.lines()]
    return [{k: v for k, v in line.items() if k not in ("n", "h")} for line in lines if line["kind"] not in own]
