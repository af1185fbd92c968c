"""Several positions partitions in one process: a core, a journal, an audit log and a partition of actions each."""

import json
import secrets
import time
from pathlib import Path
from typing import cast

import pytest
import yaml
from typer.testing import CliRunner

from audit.verify import verify_all
from config.schema import KafkaConfig
from daemon.cli import app
from feeds.journal_reader import read_journal
from tests.kafka.equality import lines_of
from tests.kafka.live_desk import BOOK, Event, Feeds, Pen, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line, Stage
from tests.kafka.test_sink import visible

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

ROOTS = {"firm": 0, "fund": 1, "pool": 2, "bank": 3}
TOO_MUCH = {**BOOK, "AAA": 3_000.0}  # over the cap


def roots_of(partitions: int) -> dict[str, int]:
    return {root: partition % partitions for root, partition in ROOTS.items()}


def command(name: str, scope: str | None) -> Event:
    event: Event = {"type": name, "ts": time.time_ns(), "actor": "ana", "reason": "a test"}
    return event | {"command_id": secrets.token_hex(4)} | ({"scope": scope} if scope is not None else {})


def told(stage: Stage, topic: str, partitions: int) -> list[list[Line]]:
    """What each partition of a topic tells."""
    return [[cast(Line, json.loads(v)) for v in read(stage, topic, number)] for number in range(partitions)]


def read(stage: Stage, topic: str, partition: int) -> list[bytes]:
    return visible(stage.kafka, topic, partition=partition)[0]


def letters(stage: Stage, partitions: int) -> list[str]:
    """Why inputs were refused, by whichever shard."""
    found = told(stage, stage.kafka.topics.deadletter, partitions)
    return [cast(str, letter["reason"]) for each in found for letter in each]


def own_state(daemon: LoggedDaemon, root: str) -> str:
    return cast(dict[str, str], daemon.state(root).get("trading_state", {})).get("own", "")


def folder_of(base: Path, partition: int) -> Path:
    return base if partition == 0 else base / f"partition-{partition}"


def check_journals(stage: Stage, partitions: range | tuple[int, ...]) -> None:
    """The journal of each shard replays to its partition of the topics, by the command that a person would give."""
    topics, runner = stage.kafka.topics, CliRunner()
    for partition in partitions:
        out = stage.folder / f"again-{partition}-{time.monotonic_ns()}"
        done = runner.invoke(app, ["replay", str(folder_of(stage.journal, partition)), "--out", str(out), "--json"])
        assert done.exit_code == 0, done.output
        for topic, name in ((topics.actions, "actions"), (topics.shadow, "shadow")):
            published = read(stage, topic, partition)
            assert published == lines_of(out / f"{name}.jsonl"), (name, partition)
            assert published, f"{name}[{partition}] has something to compare"
    verified = runner.invoke(app, ["audit", "verify", str(stage.audit), "--json"])
    assert verified.exit_code == 0, verified.output
    assert [verdict.shard for verdict in verify_all(stage.audit)] == list(partitions)


def check_leases(stage: Stage, partitions: int) -> None:
    """Whoever gave a lease goes on giving it: one that ended would restrict the scope for good."""
    for leases in told(stage, stage.kafka.topics.leases, partitions):
        ends = {lease["scope"]: lease["valid_until"] for lease in leases}
        assert len(set(ends.values())) == 1, ends


@pytest.mark.parametrize("partitions", [2, 4])
def test_each_root_lives_in_its_partition_and_nowhere_else(
    tmp_path: Path, kafka_config: KafkaConfig, partitions: int
) -> None:
    homes = roots_of(partitions)
    stage = desk_stage(tmp_path, kafka_config, positions_partitions=partitions, portfolios=[*homes, "nobody"])
    pen, topics = Pen(kafka_config), kafka_config.topics
    open_desk(kafka_config, homes)
    with Feeds(kafka_config), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: daemon.condition("caught_up") == "ok", "the report of the present")
        wait_until(lambda: all(own_state(daemon, root) == "ACTIVE" for root in homes), "every root is known")
        wait_until(lambda: own_state(daemon, "nobody") == "REDUCING", "listed, and seen by nobody")
        wait_until(lambda: all(told(stage, topics.leases, partitions)), "leases")
        pen.snapshot("nobody", BOOK, time.time_ns(), partitions - 1)
        for root in ("fund", "pool"):
            pen.snapshot(root, TOO_MUCH, time.time_ns(), homes[root])
        pen.snapshot("firm", TOO_MUCH, time.time_ns(), homes["fund"])  # not where it lives
        pen.write(topics.control, command("halt", "bank"), "bank")
        pen.write(topics.control, command("halt", "nowhere"), "nowhere")
        pen.flush()
        wait_until(lambda: {own_state(daemon, root) for root in ("fund", "pool")} == {"REDUCING"}, "the cap of both")
        wait_until(lambda: own_state(daemon, "bank") == "HALTED", "the halt of bank")
        wait_until(lambda: len(set(letters(stage, partitions))) == 2, "letters")
        assert set(letters(stage, partitions)) == {"UNKNOWN_PORTFOLIO", "WRONG_PARTITION"}
        assert letters(stage, partitions).count("WRONG_PARTITION") == 1
        assert own_state(daemon, "firm") == "ACTIVE"
        daemon.kill()
    with Feeds(kafka_config), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: daemon.condition("caught_up") == "ok", "the report of the present")
        wait_until(lambda: own_state(daemon, "bank") == "HALTED", "a restart clears nothing")
        pen.write(topics.control, command("reinstate", "bank"), "bank")
        for root in ("fund", "pool"):
            pen.snapshot(root, BOOK, time.time_ns(), homes[root])
        pen.flush()
        wait_until(lambda: [own_state(daemon, root) for root in homes] == ["ACTIVE"] * 4, "all clear")
        code, _ = daemon.end(30)
        assert code == 0
    for partition, actions in enumerate(told(stage, topics.actions, partitions)):
        assert [action["seq"] for action in actions] == list(range(1, len(actions) + 1))
        assert {action["shard"] for action in actions} == {partition}
        last = {action["scope"]: action["trading_state"] for action in actions}
        assert set(last.values()) == {"ACTIVE"}, "what was restricted because nobody had seen it, too"
        for root in [root for root, home in homes.items() if home != partition]:
            states = [action["trading_state"] for action in actions if action["scope"] == root]
            assert set(states[:-1]) <= {"REDUCING"}, "until another shard had seen it, if at all"
    check_leases(stage, partitions)
    check_journals(stage, range(partitions))


def test_a_process_may_serve_one_partition_of_several(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    """The other one is another process's, and nothing is written to its partitions."""
    stage = desk_stage(tmp_path, kafka_config, positions_partitions=2, portfolios=["firm", "fund"])
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    document["kafka"]["positions_partitions"] = [1]
    document["portfolios"] = ["fund"]
    stage.config.write_text(yaml.safe_dump(document), encoding="utf-8")
    pen = Pen(kafka_config)
    open_desk(kafka_config, {"firm": 0, "fund": 1})
    with Feeds(kafka_config), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: own_state(daemon, "fund") == "ACTIVE", "fund is known")
        assert daemon.state("firm") == {}
        pen.snapshot("fund", TOO_MUCH, time.time_ns(), 1)
        pen.flush()
        wait_until(lambda: own_state(daemon, "fund") == "REDUCING", "the cap")
        code, _ = daemon.end(30)
        assert code == 0
    assert read(stage, kafka_config.topics.actions, 0) == []
    assert not list(stage.journal.glob("*.rjl"))
    assert sum(1 for _ in read_journal(folder_of(stage.journal, 1))) > 0
    check_journals(stage, (1,))
