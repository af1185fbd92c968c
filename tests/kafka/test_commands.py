"""Every control command through the real control topic to the real daemon, over a SIGKILL, against the raw replay."""

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition

from audit.verify import verify
from config.schema import KafkaConfig
from feeds.control_sender import send_command
from feeds.decode import topic_of_type
from feeds.kafka_topics import create_topics
from feeds.player import Player
from feeds.record import Record
from feeds.recording_writer import write_recording
from tests.daemon.command_desk import (
    CAP,
    CONTROL,
    LEVERAGE,
    NOON,
    at,
    opening,
    override,
    priced,
    said,
    trades,
)
from tests.helpers import END, MINUTE_NS, START, EventDict, nav
from tests.kafka.equality import check_equal, lines_of
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

DRAWDOWN: dict[str, object] = {
    "id": "dd", "scope": "firm/b", "sensor": "drawdown", "metric": "drawdown", "keep_firing_for": "0s", "latch": True,
    "levels": [{"at": 0.1, "clear_at": 0.05, "action": "throttle"}],
}  # fmt: skip
AUDITED_WITHIN_S = 8.0  # with `async_logging: false`; else what goes without an action is on disk after 10 s
COMMAND_KINDS = ("command", "approval", "override", "mode_change", "config", "label", "evidence_reset")

Told = tuple[float, str, str, str, str]  # minute after noon, scope, type, reason code, id of the override


def at_level(value: float) -> dict[str, object]:
    """Return the leverage limit with another level."""
    return {**LEVERAGE, "levels": [{"at": value, "clear_at": 0.9 * value, "action": "halt"}]}


class Tail:
    """What a topic of one partition tells, read on from where it was last left."""

    def __init__(self, kafka: KafkaConfig, topic: str) -> None:
        properties = {"group.id": f"{kafka.group}-tail", "isolation.level": "read_committed", "fetch.wait.max.ms": 50}
        self._consumer = Consumer({"bootstrap.servers": kafka.bootstrap, **properties})
        self._consumer.assign([TopicPartition(topic, 0, 0)])
        self._records: list[Line] = []

    def records(self) -> list[Line]:
        """Return all that came up to now."""
        for message in self._consumer.consume(1_000, timeout=0.1):
            assert message.error() is None, message.error()
            self._records.append(cast(Line, json.loads(message.value())))
        return self._records

    def close(self) -> None:
        self._consumer.close()


@dataclass(slots=True)
class Script:
    """What is said and done, in one sequence: written to the topics, and kept as the recording of a raw replay."""

    stage: Stage
    player: Player
    actions: Tail
    shadow: Tail
    deadletters: Tail
    tape: list[bytes] = field(default_factory=list)

    def do(self, *events: EventDict) -> None:
        """Write events, commands as the command line sends them, and the time on every topic so that they count."""
        for event in events:
            payload = json.dumps(event).encode()
            self.tape.append(payload)
            topic = topic_of_type(str(event["type"])) or ""
            if topic == "control":
                send_command(self.stage.kafka, payload, scope=cast("str | None", event.get("scope")))
            else:
                self.player.play([Record(0, topic, 0, -1, payload)])
        beat = json.dumps({"type": "heartbeat", "ts": cast(int, events[-1]["ts"]) + 1, "source": "script"}).encode()
        topics = self.stage.kafka.topics
        for topic in (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks):
            self.player.play([Record(0, topic, 0, -1, beat)])
            self.tape.append(json.dumps({"topic": topic, "payload": json.loads(beat)}).encode())

    def told(self) -> list[Told]:
        """Return what the action topic tells from noon on."""
        return [_told(record) for record in self.actions.records() if _is_of_script(record)]

    def letters(self) -> list[tuple[str, str]]:
        """Return why commands were refused: (reason, id of the command)."""
        letters = self.deadletters.records()
        return [(str(each["reason"]), json.loads(str(each["payload"]))["command_id"]) for each in letters]

    def audited(self, *kinds: str) -> list[Line]:
        """Return the records of these kinds that the audit log has by now."""
        lines = [line for path in sorted(self.stage.audit.glob("*.jsonl")) for line in lines_of(path)]
        records = [cast(Line, json.loads(line)) for line in lines if line.endswith(b"}")]
        return [record for record in records if record["kind"] in kinds]

    def wait_for_action(self, *expected: Told) -> None:
        """Return once the action topic ends with this."""
        wait_until(lambda: self.told()[-len(expected) :] == list(expected), f"{expected}; told: {self.told()[-4:]}")

    def wait_for_audit(self, kind: str, **fields: object) -> None:
        """Return once the audit log has such a record."""

        def is_there() -> bool:
            return any(fields.items() <= record.items() for record in self.audited(kind))

        wait_until(is_there, f"{kind} {fields}", AUDITED_WITHIN_S)

    def wait_for_letter(self, reason: str, command_id: str) -> None:
        """Return once the last refused command is this one."""
        wait_until(lambda: self.letters()[-1:] == [(reason, command_id)], f"{reason} of {command_id}")


def _is_of_script(record: Line) -> bool:
    return cast(int, record["ts_decided"]) >= NOON and record["reason_code"] != "ACK_MISSING"


def _told(record: Line) -> Told:
    minute = round((cast(int, record["ts_decided"]) - NOON) / MINUTE_NS, 2)
    cause = cast(Line, record["cause"])
    return minute, str(record["scope"]), str(record["type"]), str(record["reason_code"]), str(cause["override_id"])


def _stage(folder: Path, kafka: KafkaConfig) -> Stage:
    document: dict[str, object] = {
        "clock": "event",
        "calendar": {"base": "XNYS", "start": START, "end": END},
        "kafka": kafka.model_dump(mode="json", exclude_none=True),
        "journal": {"directory": str(folder / "journal"), "segment_bytes": 1 << 20},
        "audit": {"log_directory": str(folder / "audit"), "async_logging": False},  # read back at once
        "http": {"port": 0},
        "portfolios": ["firm"],
        "control": dict(CONTROL),
        "enforcement": {"mode": "monitoring", "limits": [LEVERAGE, CAP, DRAWDOWN]},
    }
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka, market_data_partitions=1)
    return Stage(folder, kafka, folder / "recording.jsonl", config)


def _before_the_kill(script: Script) -> None:
    """A label, a mode by two people, a suppression and its end, an increase in force and one that waits."""
    script.do(*opening(), trades(1, 150.0))
    in_shadow = (1.0, "firm/a", "halt", "LEVERAGE_EXCEEDED", "None")
    wait_until(lambda: [_told(each) for each in script.shadow.records()][-1:] == [in_shadow], "the breach in shadow")
    assert script.told() == [], "monitoring enforces nothing"
    decided = [each for each in script.audited("decision") if each["limit"] == "lev"]
    [breach] = [each["episode_id"] for each in decided if each["transition"] == "ok>firing"]
    script.do(said("label", 2, "good", episode_id=breach, scope="firm/a", verdict="true"))
    script.wait_for_audit("label", command_id="good", verdict="true")

    script.do(said("mode", 3, "full", mode="full"))
    script.wait_for_audit("approval", command_id="full", change="requested")
    script.do(said("approve", 3.2, "own", approves="full"))
    script.wait_for_letter("SAME_ACTOR", "own")
    script.do(said("approve", 3.4, "bare", by=None, actor="bob", approves="full"))
    script.wait_for_letter("BAD_SIGNATURE", "bare")
    script.do(said("approve", 3.6, "forged", by="eve", actor="bob", approves="full"))
    script.wait_for_letter("BAD_SIGNATURE", "forged")
    assert script.told() == [], "nobody has agreed yet"
    script.do(said("approve", 4, "full+", by="bob", approves="full"))
    script.wait_for_action((4.0, "firm/a", "halt", "OPERATOR_MODE", "None"))

    script.do(override(5, "kept", 60, kind="suppress", scope="firm/a", limit="lev"))
    script.wait_for_action((5.0, "firm/a", "none", "OPERATOR_OVERRIDE", "kept"))
    script.do(said("override_end", 6, "kept-", override_id="kept"))
    script.wait_for_action((6.0, "firm/a", "halt", "OPERATOR_OVERRIDE", "kept"))
    script.wait_for_audit("override", override_id="kept", change="ended", by="ana")

    script.do(override(7, "up", 30, kind="limit_increase", scope="firm/a", limit="lev", value=3.0))
    script.do(said("approve", 8, "up+", by="bob", approves="up"), priced(8.5), priced(9))
    script.wait_for_action((9.0, "firm/a", "none", "LEVERAGE_EXCEEDED", "up"))
    script.do(override(10, "more", 25, kind="limit_increase", scope="firm/b", limit="lev", value=4.0))
    script.wait_for_audit("approval", command_id="more", change="requested")


def _after_the_kill(script: Script) -> None:
    """What was in force and what waited goes on; other limits, a mark, reinstatements, a halt and a pin follow."""
    script.wait_for_audit("override", override_id="more", change="begun", approved_by="bob")
    script.do(said("override_end", 12, "nothing", override_id="kept"))
    script.wait_for_letter("UNKNOWN_COMMAND", "nothing")
    script.do(priced(31))
    script.wait_for_action((30.0, "firm/a", "halt", "LEVERAGE_EXCEEDED", "None"))
    assert [each["override_id"] for each in script.audited("override") if each["change"] == "expired"] == ["more", "up"]

    script.do(said("limits", 32, "tight", limits=[at_level(0.9)], merge=True))
    script.wait_for_action(
        (32.0, "firm", "halt", "LEVERAGE_EXCEEDED", "None"), (32.0, "firm/b", "halt", "LEVERAGE_EXCEEDED", "None")
    )
    script.do(said("limits", 33, "loose", limits=[at_level(2.0)], merge=True))
    script.wait_for_audit("approval", command_id="loose", change="requested")
    script.do(said("limits", 33.5, "wrong", limits=[{**LEVERAGE, "sensor": "nobody"}], merge=True))
    script.wait_for_letter("BAD_LIMITS", "wrong")
    script.do(said("approve", 34, "loose+", by="bob", approves="loose"), priced(34.5), priced(35))
    script.wait_for_action(
        (35.0, "firm", "none", "LEVERAGE_EXCEEDED", "None"), (35.0, "firm/b", "none", "LEVERAGE_EXCEEDED", "None")
    )

    script.do(nav("firm/b", 8_500.0, at(38)), priced(38.5))
    script.wait_for_action((38.0, "firm/b", "throttle", "DRAWDOWN_EXCEEDED", "None"))
    script.do(said("reinstate", 39, "early", scope="firm/b", limit="dd"), priced(39.2))
    script.wait_for_audit("command", command_id="early")
    script.do(said("reset_hwm", 40, "mark", scope="firm/b"), priced(40.5))
    script.wait_for_audit("command", command_id="mark", command="reset_hwm")
    assert script.told()[-1][2] == "throttle", "a latched limit waits for a person"
    script.do(said("reinstate", 41, "again", scope="firm/b", limit="dd"))
    script.wait_for_action((41.0, "firm/b", "none", "OPERATOR_REINSTATE", "None"))

    script.do(said("halt", 42, "stop", scope="firm"))
    script.wait_for_action((42.0, "firm", "halt", "OPERATOR_HALT", "None"))
    script.do(said("reinstate", 43, "go", scope="firm"))
    script.wait_for_action((43.0, "firm", "none", "OPERATOR_REINSTATE", "None"))
    script.do(override(44, "pin", 60, kind="pin_state", scope="firm/b", state="REDUCING"))
    script.wait_for_action((44.0, "firm/b", "reduce_position", "OPERATOR_OVERRIDE", "pin"))
    script.do(priced(61))
    script.wait_for_action((60.0, "firm/b", "none", "OPERATOR_OVERRIDE", "pin"))


def _commands(folder: Path) -> list[Line]:
    """Return what an audit log says of commands, without number, chain and shard's own fields."""
    lines = [cast(Line, json.loads(line)) for path in sorted(folder.glob("*.jsonl")) for line in lines_of(path)]
    return [{k: v for k, v in line.items() if k not in ("n", "h")} for line in lines if line["kind"] in COMMAND_KINDS]


def test_every_command_does_over_kafka_and_over_a_kill_what_a_raw_replay_of_the_same_does(
    tmp_path: Path, kafka_config: KafkaConfig
) -> None:
    stage = _stage(tmp_path, kafka_config)
    topics = kafka_config.topics
    with ExitStack() as stack:
        actions, shadow, letters = (
            stack.enter_context(closing(Tail(kafka_config, topic)))
            for topic in (topics.actions, topics.shadow, topics.deadletter)
        )
        script = Script(stage, Player(kafka_config), actions, shadow, letters)
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("serving")
            _before_the_kill(script)
            daemon.kill()
        script.do(said("approve", 11, "more+", by="bob", approves="more"))
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("serving")
            _after_the_kill(script)
            script.player.finish()
            daemon.wait_for("recording_ended")
            assert daemon.end(60)[0] == 0
    write_recording(stage.recording, script.tape)
    check_equal(stage)
    assert verify(stage.audit).ok
    told = _commands(stage.audit)
    assert told == _commands(tmp_path / "raw" / "audit")
    said_by = [each["command"] for each in told if each["kind"] == "command"]
    assert set(said_by) == {
        "approve", "halt", "label", "limits", "mode", "override", "override_end", "reinstate", "reset_hwm"
    }  # fmt: skip
