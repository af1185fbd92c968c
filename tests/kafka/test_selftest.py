"""`riskd selftest` against a running daemon on a real broker: with a reader that acknowledges, and with nobody."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from config.schema import KafkaConfig
from daemon.cli import app
from daemon.replay import ReplayPlan, replay
from feeds.action_acks import Acknowledger
from feeds.action_reader import ActionReader
from tests.kafka.equality import lines_of, read_topic
from tests.kafka.live_desk import Feeds, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

LEGS = ["daemon ready", "input accepted", "decision", "action", "acknowledged", "audited", "cleared"]


@pytest.fixture
def live(tmp_path: Path, kafka_config: KafkaConfig) -> Iterator[tuple[Stage, LoggedDaemon]]:
    acks: Line = {"on_missing": "escalate", "consumers": [{"scope": "**", "names": ["oms"]}]}
    enforcement: Line = {"mode": "monitoring", "acks": acks, "limits": [
        {"id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True,
         "levels": [{"at": 400_000, "action": "reduce_position"}]},
    ]}  # fmt: skip
    stage = desk_stage(tmp_path, kafka_config, enforcement=enforcement)
    open_desk(kafka_config)
    with Feeds(kafka_config), LoggedDaemon(stage) as daemon:
        wait_until(daemon.is_ready, "ready", 240.0)
        yield stage, daemon


def selftest(stage: Stage, daemon: LoggedDaemon, *options: str) -> tuple[int, list[Line]]:
    """Run the command; return its exit code and its legs."""
    address = cast(str, daemon.wait_for("recovering")["http"])
    words = ["selftest", "--config", str(stage.config), "--url", f"http://{address}", "--json", *options]
    ran = CliRunner().invoke(app, words)
    return ran.exit_code, [cast(Line, json.loads(line)) for line in ran.stdout.splitlines()]


class Oms(threading.Thread):
    """A trading system that reads what riskd says and acknowledges self-tests, with the parts that riskd ships."""

    def __init__(self, kafka: KafkaConfig) -> None:
        super().__init__(name="oms", daemon=True)
        self._kafka = kafka
        self._over = threading.Event()

    def __enter__(self) -> "Oms":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(10)

    def run(self) -> None:
        topics = self._kafka.topics
        reader = ActionReader(self._kafka.bootstrap, actions=topics.actions, leases=topics.leases)
        with reader, Acknowledger(self._kafka.bootstrap, "oms", topic=topics.acks) as acks:
            while not self._over.is_set():
                acks.answer_selftests(reader.poll(0.05).news, time.time_ns())


def test_every_leg_is_passed_where_a_trading_system_acknowledges(live: tuple[Stage, LoggedDaemon]) -> None:
    stage, daemon = live
    with Oms(stage.kafka):
        for _ in range(2):
            code, legs = selftest(stage, daemon)
            assert [(leg["name"], leg["is_ok"]) for leg in legs] == [(name, True) for name in LEGS]
            assert code == 0
            assert all(cast(float, leg["seconds"]) < 10.0 for leg in legs)
    calm = daemon.state("firm")["trading_state"]
    wait_until(lambda: daemon.state("_selftest-0")["trading_state"] == calm, "the drill is over")
    told = [cast(Line, json.loads(value)) for value in read_topic(stage.kafka, stage.kafka.topics.actions)]
    assert {each["scope"] for each in told} == {"_selftest-0"}
    assert told[-1]["trading_state"] == "ACTIVE"
    again = stage.folder / "again"
    replay(ReplayPlan(recording=stage.journal, out=again))
    for topic, file in ((stage.kafka.topics.actions, "actions.jsonl"), (stage.kafka.topics.shadow, "shadow.jsonl")):
        assert read_topic(stage.kafka, topic) == lines_of(again / file)


def test_where_nobody_acknowledges_it_says_so_and_clears_what_it_did(live: tuple[Stage, LoggedDaemon]) -> None:
    stage, daemon = live
    code, legs = selftest(stage, daemon, "--timeout", "7")
    passed = {cast(str, leg["name"]): leg["is_ok"] for leg in legs}
    assert passed == dict.fromkeys(LEGS[:4], True) | {"acknowledged": False, "cleared": True}
    assert code == 1
    told = [cast(Line, json.loads(value)) for value in read_topic(stage.kafka, stage.kafka.topics.actions)]
    assert [(each["type"], each["reason_code"]) for each in told] == [
        ("throttle", "DRAWDOWN_EXCEEDED"), ("reduce_position", "ACK_MISSING"), ("none", "DRAWDOWN_EXCEEDED"),
    ]  # fmt: skip
