"""A real daemon that is started again with an edited file, or as another release, on Apache Kafka."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import yaml

from audit.verify import verify
from config.schema import KafkaConfig
from daemon.core import MODEL_VERSION
from daemon.examiner import Examiner, lines_of
from daemon.explain_command import explain
from daemon.explain_sources import Asked
from daemon.journal_setups import journaled_setups
from daemon.replay import ReplayPlan, replay
from tests.kafka import equality
from tests.kafka.live_desk import BOOK, GROSS, Event, Feeds, Pen, command, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, own_state, wait_until
from tests.kafka.running import Line, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

TOO_MUCH = {**BOOK, "AAA": 3_000.0}  # over the cap
LIMITS: list[Event] = [
    {"id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True, "confirm": 1,
     "keep_firing_for": "0s", "levels": [{"at": 400_000, "action": "reduce_position"}]},
    {"id": "quiet", "scope": "*/*", "sensor": "exposure", "metric": "net", "confirm": 1, "keep_firing_for": "0s",
     "levels": [{"at": 350_000, "action": "throttle"}], "mode": "monitoring"},
]  # fmt: skip


def desk(folder: Path, kafka: KafkaConfig) -> Stage:
    return desk_stage(folder, kafka, enforcement={"mode": "gradual", "limits": LIMITS})


def edited(stage: Stage, edit: Callable[[dict[str, object]], object]) -> None:
    """Change the file as a person would."""
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    edit(document)
    stage.config.write_text(yaml.safe_dump(document), encoding="utf-8")


def with_cap(at: float) -> Callable[[dict[str, object]], object]:
    def edit(document: dict[str, object]) -> None:
        enforcement = cast("dict[str, list[dict[str, list[dict[str, object]]]]]", document["enforcement"])
        enforcement["limits"][0]["levels"][0]["at"] = at

    return edit


def begun(stage: Stage, module: str = "daemon.cli") -> None:
    """Run a first day: the book comes to be over the cap of 400,000 and back, and its root is halted."""
    pen = Pen(stage.kafka)
    open_desk(stage.kafka)
    with Feeds(stage.kafka), LoggedDaemon(stage, module) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: own_state(daemon, "firm") == "ACTIVE", "the root is known")
        pen.snapshot("firm", TOO_MUCH, time.time_ns())
        pen.flush()
        wait_until(lambda: own_state(daemon, "firm/desk") == "REDUCING", "the cap")
        pen.snapshot("firm", BOOK, time.time_ns())
        pen.write(stage.kafka.topics.control, command("halt", "firm"), "firm")
        pen.flush()
        wait_until(lambda: own_state(daemon, "firm") == "HALTED", "the halt")
        wait_until(lambda: own_state(daemon, "firm/desk") == "ACTIVE", "the desk is under the cap again")
        assert daemon.end(30)[0] == 0


def check_whole(stage: Stage, folder: Path) -> list[Line]:
    """The journal replays to what is on the topics and in the log, byte for byte; return the records of the log."""
    replay(ReplayPlan(recording=stage.journal, out=folder))
    for topic, file in ((stage.kafka.topics.actions, "actions.jsonl"), (stage.kafka.topics.shadow, "shadow.jsonl")):
        assert equality.read_topic(stage.kafka, topic) == (folder / file).read_bytes().splitlines()
    found = equality._audited(stage.audit)
    assert found == equality._audited(folder / "audit")
    verdict = verify(stage.audit)
    assert verdict.ok, verdict.first_bad
    assert Examiner().play(stage.audit).differences() == []
    return found


def test_a_restart_takes_an_edited_file_over(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    stage = desk(tmp_path, kafka_config)
    begun(stage)
    edited(stage, with_cap(GROSS - 50_000))
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        assert "limit cap: evidence begins anew, a stage lower" in str(daemon.lines("configuration_changed"))
        wait_until(lambda: own_state(daemon, "firm/desk") == "REDUCING", "the lower cap")
        assert own_state(daemon, "firm") == "HALTED"
        daemon.kill()
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:  # a start over what it has just taken over
        daemon.wait_for("caught_up")
        wait_until(lambda: own_state(daemon, "firm/desk") == "REDUCING", "as it was")
        assert daemon.lines("configuration_changed") == []
        assert daemon.end(30)[0] == 0
    assert len(journaled_setups(stage.journal)) == 2
    records = check_whole(stage, tmp_path / "again")
    [told] = [each for each in records if each["kind"] == "config"]
    assert (told["change"], told["changed"], told["restarts"]) == ("file", ["cap"], ["cap"])
    last = json.loads(equality.read_topic(stage.kafka, stage.kafka.topics.actions)[-1])
    assert last["config_hash"] == told["config_hash"]
    found = explain(Asked(str(last["action_id"]), config=stage.config, from_topic=True))
    assert found.is_match, found.troubles


def test_what_no_core_takes_over_is_refused_and_harms_nothing(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    stage = desk(tmp_path, kafka_config)
    begun(stage)
    kept = stage.config.read_text(encoding="utf-8")
    edited(stage, lambda document: document.update(window={"rows": 500}, refit=9))
    with LoggedDaemon(stage) as refused:
        assert refused.wait_for_end() == 1
        assert "window.rows: 756 -> 500" in refused.text()
        assert "refit: 5 -> 9" in refused.text()
    stage.config.write_text(kept, encoding="utf-8")
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        assert own_state(daemon, "firm") == "HALTED"
        assert daemon.end(30)[0] == 0
    assert not [each for each in check_whole(stage, tmp_path / "again") if each["kind"] == "config"]


def test_a_release_of_another_model_goes_on_where_it_decides_alike(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    stage = desk(tmp_path, kafka_config)
    begun(stage, "tests.kafka.older_release")
    hidden = stage.audit.rename(tmp_path / "hidden")
    with LoggedDaemon(stage) as refused:
        assert refused.wait_for_end() == 1
        assert "was decided by model 1" in refused.text()
        assert "no audit log" in refused.text()
    hidden.rename(stage.audit)
    with Feeds(stage.kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        assert daemon.lines("model_changed")[0]["new"] == MODEL_VERSION
        assert own_state(daemon, "firm") == "HALTED"
        assert daemon.end(30)[0] == 0
    records = check_whole(stage, tmp_path / "again")
    assert [each["change"] for each in records if each["kind"] == "config"] == ["model"]
    steps = {(each["limit"], each["cause"]) for each in records if each["kind"] == "evidence_reset"}
    assert steps == {("cap", "model_changed"), ("quiet", "model_changed")}
    assert sum(1 for each in lines_of(stage.audit)) > len(records)
