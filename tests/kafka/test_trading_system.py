"""The example of a trading system, run as a program, against actions and leases that are made here."""

import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from config.schema import KafkaConfig
from enforcement.records import BookTarget, Params, ReduceParams, Target
from tests.feeds.actions_sample import HALT, REDUCE, SECOND, action, lease

pytestmark = pytest.mark.kafka

REPOSITORY = Path(__file__).parents[2]
WAIT_S = 30
SCOPE = "firm/eq"

Line = dict[str, object]


@pytest.fixture
def kafka(kafka_config: KafkaConfig) -> KafkaConfig:
    topics = kafka_config.topics
    admin = AdminClient({"bootstrap.servers": kafka_config.bootstrap})
    for made in admin.create_topics(
        [NewTopic(name, 1, 1) for name in (topics.actions, topics.leases, topics.acks)]
    ).values():
        made.result(WAIT_S)
    return kafka_config


@pytest.fixture
def example(kafka: KafkaConfig) -> Iterator["Example"]:
    running = Example(kafka)
    yield running
    running.end()


class Example:
    """The program, and riskd's side of it."""

    def __init__(self, kafka: KafkaConfig) -> None:
        topics = kafka.topics
        options = {
            "bootstrap": kafka.bootstrap,
            "actions": topics.actions,
            "leases": topics.leases,
            "acks": topics.acks,
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [sys.executable, "docs/examples/trading_system.py", *arguments, "--interval", "0.05", "--for", "120"]
        self._kafka, self._seq = kafka, 0
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY)}, stdout=subprocess.PIPE, text=True
        )
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})

    def wait_for(self, is_it: Callable[[Line], bool]) -> list[Line]:
        """Read what it tells up to such a line, that one included."""
        told: list[Line] = []
        assert self._process.stdout is not None
        deadline_s = time.monotonic() + WAIT_S
        for text in self._process.stdout:
            told.append(cast(Line, json.loads(text)))
            if is_it(told[-1]):
                return told
            assert time.monotonic() < deadline_s, f"not within {WAIT_S} s: {told[-10:]}"
        pytest.fail(f"the example ended with {self._process.wait()}: {told[-10:]}")

    def act(self, params: Params | None, scope: str = SCOPE) -> str:
        """Publish the next action of a scope; return its id."""
        self._seq += 1
        self._publish(self._kafka.topics.actions, action(scope, self._seq, params, action_id=f"a{self._seq}"))
        return f"a{self._seq}"

    def lease(self, seconds: float, epoch: int) -> None:
        valid_until = time.time_ns() + int(seconds * SECOND)
        self._publish(self._kafka.topics.leases, lease("firm", self._seq, epoch=epoch, valid_until=valid_until))

    def acks(self) -> list[Line]:
        """What it acknowledged on Kafka."""
        place = TopicPartition(self._kafka.topics.acks, 0, 0)
        consumer = Consumer({"bootstrap.servers": self._kafka.bootstrap, "group.id": self._kafka.group})
        count = consumer.get_watermark_offsets(place, timeout=WAIT_S)[1]
        consumer.assign([place])
        messages = consumer.consume(count, timeout=WAIT_S)
        consumer.close()
        return [cast(Line, json.loads(message.value())) for message in messages]

    def end(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=WAIT_S)
        return self._process.returncode

    def _publish(self, topic: str, value: bytes) -> None:
        self._producer.produce(topic, value, SCOPE.encode(), 0)
        assert self._producer.flush(WAIT_S) == 0


def buys(line: Line, outcome: str, **blame: object) -> bool:
    """Say whether the line is the verdict of an order that would open."""
    return {"event": "order", "side": "buy", "outcome": outcome, **blame}.items() <= line.items()


def test_the_example_obeys_what_riskd_says(example: Example) -> None:
    start = example.wait_for(lambda line: buys(line, "no", code="LEASE_EXPIRED"))
    assert not any(buys(line, "go") for line in start), "nothing opens before riskd is heard"
    assert {"event": "ready"} in start
    example.lease(60, epoch=1)
    example.wait_for(lambda line: buys(line, "go"))

    reduce = example.act(REDUCE)
    told = example.wait_for(lambda line: line["event"] == "ack" and line["result"] == "applied")
    assert told[-1] == {"event": "ack", "action_id": reduce, "result": "applied", "residual": 0.0}
    kinds = [line["event"] for line in told]
    assert kinds.index("action") < kinds.index("reduction") < kinds.index("ack") < len(told) - 1
    after = told[kinds.index("action") :]
    assert not any(buys(line, "go") for line in after)
    assert any(buys(line, "no", limit="var99", scope=SCOPE) for line in after)

    example.act(None)
    example.wait_for(lambda line: buys(line, "go"))
    halt = example.act(HALT)
    told = example.wait_for(lambda line: line["event"] == "ack")
    assert (told[-1]["action_id"], told[-1]["result"]) == (halt, "applied")
    assert {(line["side"], line["state"]) for line in told if line["event"] == "cancel"} >= {("buy", "HALTED")}

    example.act(None)
    example.wait_for(lambda line: buys(line, "go"))
    example.lease(1, epoch=2)
    told = example.wait_for(lambda line: buys(line, "no", code="LEASE_EXPIRED"))
    assert any(line["event"] == "alarm" and line["kind"] == "lease_expired" for line in told)
    assert example.end() == 0
    said = [(ack["action_id"], ack["result"]) for ack in example.acks()]
    assert said[-2:] == [(reduce, "applied"), (halt, "applied")]
    assert set(said[:-2]) == {(reduce, "partial")}


def test_what_a_parent_asks_for_is_acknowledged_as_far_as_the_book_has_done_it(example: Example) -> None:
    example.lease(55, epoch=1)
    example.wait_for(lambda line: buys(line, "go"))
    shares = (BookTarget("firm/eq", "ABC", 40.0, "sell"), BookTarget("firm/fx", "ABC", 60.0, "sell"))
    reduce = example.act(ReduceParams((Target("ABC", 100.0, "sell"),), books=shares), "firm")
    told = example.wait_for(lambda line: line["event"] == "ack" and line["result"] == "applied")
    acks = [line for line in told if line["event"] == "ack"]
    assert {ack["action_id"] for ack in acks} == {reduce}
    left = [cast(float, ack["residual"]) for ack in acks]
    assert left[0] >= 60, "of 100 and more, 40 may stay"
    assert ([ack["result"] for ack in acks[:-1]], left[-1]) == (["partial"] * (len(acks) - 1), 0)
    assert all(one != other for one, other in itertools.pairwise(left)), "told when it changed"
    assert any(line["event"] == "reduction" and line["outcome"] == "go" for line in told)
    assert [cast(float, line["position"]) for line in told if line["event"] == "fill"][-1] <= 40

    other = (BookTarget("firm/fx", "ABC", 10.0, "buy"),)
    hedge = example.act(ReduceParams((Target("ABC", 10.0, "buy"),), books=other), "firm")
    told = example.wait_for(lambda line: line["event"] == "ack")
    assert (told[-1]["action_id"], told[-1]["result"], told[-1]["residual"]) == (hedge, "applied", 0)
    assert not any(line["event"] == "reduction" for line in told), "what another book has to do is not for this one"
    assert example.end() == 0
