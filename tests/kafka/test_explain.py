"""`riskd explain` on a run on Apache Kafka: every action on both topics, byte for byte, whatever brought it about."""

import shutil
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from config.schema import KafkaConfig
from daemon.cli import app
from daemon.explain_command import Explanation, explain
from daemon.explain_sources import Asked
from tests.kafka.live_desk import BOOK, Event, Feeds, Pen, command, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, own_state, wait_until
from tests.kafka.running import Stage
from tests.kafka.test_sink import visible

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

HOMES = {"firm": 0, "fund": 1}
TOO_MUCH = {**BOOK, "AAA": 3_000.0}  # over the cap
LIMITS: list[Event] = [
    {"id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True, "confirm": 1,
     "keep_firing_for": "0s", "levels": [{"at": 400_000, "action": "reduce_position"}]},
    {"id": "quiet", "scope": "*/*", "sensor": "exposure", "metric": "net", "confirm": 1, "keep_firing_for": "0s",
     "levels": [{"at": 350_000, "action": "throttle"}], "mode": "monitoring"},
    {"id": "var", "sensor": "var_breach", "metric": "var_95", "confirm": 1, "keep_firing_for": "0s",
     "levels": [{"at": 1_000, "action": "warn"}]},
]  # fmt: skip


def run_desk(stage: Stage) -> None:
    """Two shards: limits that fire and clear, a halt, a SIGKILL, and a backlog in which much happens unseen."""
    pen, topics = Pen(stage.kafka), stage.kafka.topics
    open_desk(stage.kafka, HOMES)
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: all(own_state(daemon, root) == "ACTIVE" for root in HOMES), "every root is known")
        pen.snapshot("fund", TOO_MUCH, time.time_ns(), HOMES["fund"])
        pen.write(topics.control, command("halt", "firm/desk"), "firm")
        pen.flush()
        wait_until(lambda: own_state(daemon, "fund/desk") == "REDUCING", "the cap of fund")
        wait_until(lambda: own_state(daemon, "firm/desk") == "HALTED", "the halt")
        daemon.kill()
    pen.snapshot("fund", BOOK, time.time_ns(), HOMES["fund"])
    pen.snapshot("firm", TOO_MUCH, time.time_ns(), HOMES["firm"])
    pen.flush()
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: own_state(daemon, "fund/desk") == "ACTIVE", "what the backlog told of fund")
        wait_until(lambda: own_state(daemon, "firm") == "REDUCING", "what it told of firm")
        pen.write(topics.control, command("reinstate", "firm/desk"), "firm")
        pen.snapshot("firm", BOOK, time.time_ns(), HOMES["firm"])
        pen.flush()
        wait_until(lambda: own_state(daemon, "firm/desk") == "ACTIVE", "all clear")
        code, _ = daemon.end(30)
        assert code == 0


def published(stage: Stage) -> Counter[tuple[str, str]]:
    """How often each id is on each topic, over both partitions."""
    names = {"actions": stage.kafka.topics.actions, "shadow": stage.kafka.topics.shadow}
    return Counter(
        (str(orjson.loads(value)["action_id"]), topic)
        for topic, name in names.items()
        for partition in HOMES.values()
        for value in visible(stage.kafka, name, partition=partition)[0]
    )


def check_explained(action_id: str, topics: set[str], stage: Stage) -> Explanation:
    found = explain(Asked(action_id, config=stage.config, from_topic=True))
    assert found.is_match, (found.troubles, found.comparisons)
    assert {each.topic for each in found.found} == topics
    sources = Counter((each.source, each.what, each.verdict) for each in found.comparisons)
    assert sources == {
        ("audit", "decision", "match"): 1,
        ("audit", "action", "match"): len(topics),
        ("topic", "action", "match"): len(topics),
    }
    return found


def test_every_action_of_a_run_is_explained_byte_for_byte(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    enforcement = {"mode": "full", "limits": LIMITS}
    stage = desk_stage(tmp_path, kafka_config, positions_partitions=2, portfolios=list(HOMES), enforcement=enforcement)
    run_desk(stage)
    out = published(stage)
    assert set(out.values()) == {1}
    explained = [
        check_explained(action_id, {topic for each, topic in out if each == action_id}, stage)
        for action_id in dict.fromkeys(action_id for action_id, _ in out)
    ]
    recomputed = [each for found in explained for each in found.found]
    print(f"{len(explained)} ids, {len(recomputed)} actions")
    assert {each.action.shard for each in recomputed} == {0, 1}
    assert {each.action.epoch for each in recomputed} == {1, 2}
    assert any(each.was_kept_back for each in recomputed)
    limits = {each.action.cause.limit for each in recomputed}
    assert {"cap", "quiet", "var", "model_available", "operator_halt"} <= limits
    assert {each.topic for each in recomputed if each.action.cause.limit == "quiet"} == {"shadow"}
    _check_command_line(explained[-1].action_id, stage)


def _check_command_line(action_id: str, stage: Stage) -> None:
    """As a person asks, and what a lost audit log and another topic's bytes say."""
    runner = CliRunner()
    done = runner.invoke(app, ["explain", action_id, "--config", str(stage.config), "--from-topic"])
    assert done.exit_code == 0, done.output
    assert "byte for byte as in the audit log and the topic" in done.output
    shutil.rmtree(stage.audit)
    done = runner.invoke(app, ["explain", action_id[:12], "--config", str(stage.config), "--from-topic", "--json"])
    assert done.exit_code == 0, done.output
    assert {each["source"] for each in orjson.loads(done.output)["records"]} == {"topic"}
