"""The reader on what a running daemon writes: the same trading states, and what its death and return do."""

import itertools
import json
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import yaml

from config.schema import KafkaConfig
from daemon.replay import ReplayPlan, replay
from daemon.shipped import demo_config, shipped_recording
from feeds.action_partition import Alarm, AlarmKind
from feeds.action_reader import ActionReader
from feeds.action_state import LEASE_EXPIRED
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.recording import read_records
from feeds.recording_writer import write_recording
from tests.kafka.running import RunningDaemon, Stage

pytestmark = pytest.mark.kafka

LINES = 3_000
LEASE_S = 30
WAIT_S = 60.0


@pytest.fixture
def stage(tmp_path: Path, kafka_config: KafkaConfig) -> Stage:
    recording = tmp_path / "recording.jsonl"
    lines = itertools.chain.from_iterable(read_records(shipped_recording()))
    write_recording(recording, (record.payload for record in islice(lines, LINES)))
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document |= {
        "clock": "event",
        "kafka": kafka_config.model_dump(mode="json", exclude_none=True),
        "http": {"port": 0},
    }
    document["journal"] = {"directory": str(tmp_path / "journal")}
    document["audit"] = {"log_directory": str(tmp_path / "audit")}
    document["enforcement"]["mode"] = "full"
    config = tmp_path / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka_config)
    return Stage(tmp_path, kafka_config, recording, config)


def poll_until(reader: ActionReader, is_done: Callable[[], bool]) -> list[Alarm]:
    """Poll until it is so; return what a person would have heard."""
    deadline_s = time.monotonic() + WAIT_S
    alarms: list[Alarm] = []
    while not is_done():
        assert time.monotonic() < deadline_s, f"not within {WAIT_S} s; alarms {alarms}"
        alarms += reader.poll(0.1).alarms
    return alarms


def test_a_reader_holds_what_the_daemon_holds_also_through_its_death(stage: Stage) -> None:
    replay(ReplayPlan(recording=stage.recording, out=stage.folder / "raw", config=stage.config, states_at=(LINES,)))
    states = [json.loads(line) for line in (stage.folder / "raw" / "states.jsonl").read_bytes().splitlines()]
    expected = {state["scope"]: state["trading_state"]["effective"] for state in states}
    assert len(set(expected.values())) > 1
    ahead_ns = 0
    topics = stage.kafka.topics
    daemon = RunningDaemon(stage)
    try:
        play(read_records(stage.recording), stage.kafka, lambda _: None)
        daemon.wait_for("recording_ended")
        with ActionReader(
            stage.kafka.bootstrap,
            actions=topics.actions,
            leases=topics.leases,
            now_ns=lambda: time.time_ns() + ahead_ns,
        ) as reader:

            def held() -> dict[str, str]:
                return {scope: reader.standing(scope).state.value for scope in expected}

            def ends_ns() -> int:
                return reader.state.leased_until_ns("firm") or 0

            assert poll_until(reader, lambda: reader.is_ready and held() == expected) == []
            daemon.kill()
            ahead_ns = (LEASE_S + 1) * 10**9
            alarms = poll_until(reader, lambda: LEASE_EXPIRED in [c.code for c in reader.standing("firm").causes])
            assert [alarm.kind for alarm in alarms] in ([], [AlarmKind.LEASE_EXPIRED])
            assert not set(held().values()) & {"ACTIVE", "THROTTLED"}
            ahead_ns, last_end_ns = 0, ends_ns()
            daemon = RunningDaemon(stage)
            alarms = poll_until(reader, lambda: ends_ns() > last_end_ns)
            assert alarms == [], "its restart repeated nothing"
            assert held() == expected, "and cleared nothing"
    finally:
        daemon.kill()
