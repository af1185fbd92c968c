"""`riskd record` as a process: what it writes replays to the decisions of the recording that was played."""

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
import yaml

from config.schema import KafkaConfig
from daemon.replay import ReplayPlan, replay
from daemon.shipped import demo_config, shipped_recording
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.record import Record
from feeds.recording import read_records
from feeds.recording_segments import SEGMENT_BYTES_MIN
from feeds.recording_writer import write_recording

pytestmark = pytest.mark.kafka

REPOSITORY = Path(__file__).parents[2]
LINES = 3_000
BAD = b"not json"
COMPARED = ("action_id", "seq", "scope", "type", "params", "active", "reason_code", "ts_decided")


@dataclass(frozen=True, slots=True)
class Stage:
    """Topics, a recording to play into them, and where it is recorded again."""

    kafka: KafkaConfig
    folder: Path
    played: Path
    config: Path

    @property
    def recorded(self) -> Path:
        return self.folder / "recorded"


@pytest.fixture
def stage(tmp_path: Path, kafka_config: KafkaConfig) -> Stage:
    played = tmp_path / "played.jsonl"
    lines = [r.payload for r in islice(itertools.chain.from_iterable(read_records(shipped_recording())), LINES)]
    write_recording(played, [*lines[:1_000], BAD, *lines[1_000:]])
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document["kafka"] = kafka_config.model_dump(mode="json", exclude_none=True)
    document["enforcement"]["mode"] = "full"
    config = tmp_path / "riskd.yaml"
    stage = Stage(kafka_config, tmp_path, played, config)
    write_config(stage, document | {"clock": "event"})
    create_topics(kafka_config, market_data_partitions=3)
    return stage


def write_config(stage: Stage, document: dict[str, object]) -> None:
    stage.config.write_text(yaml.safe_dump(document), encoding="utf-8")


class Recorder:
    """`riskd record` as a process of ours."""

    def __init__(self, stage: Stage, *options: str) -> None:
        arguments = ["record", "--config", str(stage.config), "--out", str(stage.recorded), *options]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", *arguments], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
        )
        self.said: list[str] = []

    def wait_for(self, words: str) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if words in line:
                return
        pytest.fail(f"riskd record ended with {self._process.wait()} before {words!r}: {''.join(self.said)}")

    def wait_for_segment(self, folder: Path) -> None:
        """Return when one is whole; a recorder that ends before fails the test."""
        for _ in range(600):
            if any(folder.glob("recording-*")):
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                break
        pytest.fail(f"no segment was written: {self._process.poll()}")

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate(timeout=60)

    def end(self, number: signal.Signals | None = None) -> str:
        """Send a signal, or none, and return what it said last."""
        if number is not None:
            self._process.send_signal(number)
        rest = self._process.communicate(timeout=60)[1]
        self.said += rest.splitlines(keepends=True)
        expected = -signal.SIGKILL if number is signal.SIGKILL else 0
        assert self._process.returncode == expected, self.said
        return "".join(self.said)


@pytest.fixture
def recorders() -> Iterator[list[Recorder]]:
    started: list[Recorder] = []
    yield started
    for recorder in started:
        recorder.kill()


def recorded(stage: Stage) -> list[Record]:
    return list(itertools.chain.from_iterable(read_records(stage.recorded)))


def payloads(records: list[Record]) -> list[bytes]:
    """Without heartbeats; the bad one first: it has no time of its own, only its predecessor's in its partition."""
    found = [record.payload for record in records if b'"heartbeat"' not in record.payload]
    return [payload for payload in found if payload == BAD] + [payload for payload in found if payload != BAD]


def played_payloads(stage: Stage) -> list[bytes]:
    return payloads(list(itertools.chain.from_iterable(read_records(stage.played))))


def decisions(stage: Stage, recording: Path) -> tuple[list[dict[str, object]], list[object]]:
    """Actions in the fields that are the same on every path, and the digests of all decisions."""
    out = stage.folder / f"out-{recording.name}"
    replay(ReplayPlan(recording=recording, out=out, config=stage.config))
    actions = [json.loads(line) for line in (out / "actions.jsonl").read_bytes().splitlines()]
    digests = [json.loads(line)["digest"] for line in (out / "decisions.jsonl").read_bytes().splitlines()]
    return [{field: action[field] for field in COMPARED} for action in actions], digests


def test_what_is_recorded_replays_to_the_same_decisions(stage: Stage, recorders: list[Recorder]) -> None:
    play(read_records(stage.played), stage.kafka, lambda _: None)
    recorders.append(Recorder(stage, "--segment-bytes", "100000"))
    recorders[0].wait_for("every partition said that it ended")
    said = recorders[0].end(signal.SIGTERM)
    records = recorded(stage)
    assert [record.n for record in records] == list(range(1, len(records) + 1))
    assert f"{len(records):,} records in {len(list(stage.recorded.iterdir()))} segments; 0 read ahead" in said
    assert len(list(stage.recorded.iterdir())) > 3
    assert payloads(records) == played_payloads(stage)
    assert all(record.topic.startswith(stage.kafka.group) and record.offset >= 0 for record in records)
    actions, digests = decisions(stage, stage.recorded)
    assert actions
    assert (actions, digests) == decisions(stage, stage.played)


def test_a_killed_recorder_goes_on_where_its_last_segment_ends(stage: Stage, recorders: list[Recorder]) -> None:
    """The open segment is lost, its records are not: they are read again."""
    chunks = list(read_records(stage.played))
    small = ("--segment-bytes", str(SEGMENT_BYTES_MIN))
    recorders.append(Recorder(stage, *small))

    def kill_once(written: int) -> None:
        if written >= 2_000 and len(recorders) == 1:
            recorders[0].wait_for_segment(stage.recorded)
            recorders[0].end(signal.SIGKILL)
            recorders.append(Recorder(stage, *small))

    play(chunks, stage.kafka, kill_once)
    recorders[1].wait_for("every partition said that it ended")
    assert "continued after" in recorders[1].end(signal.SIGINT)
    records = recorded(stage)
    assert [record.n for record in records] == list(range(1, len(records) + 1))
    assert payloads(records) == played_payloads(stage)
    places = {(record.topic, record.partition, record.offset) for record in records}
    assert len(places) == len(records)


def test_a_wall_clock_recording_ends_by_itself_and_holds_everything_once(
    stage: Stage, recorders: list[Recorder]
) -> None:
    write_config(stage, yaml.safe_load(stage.config.read_text(encoding="utf-8")) | {"clock": "wall"})
    played = play(read_records(stage.played), stage.kafka, lambda _: None)
    recorders.append(Recorder(stage, "--for", "5s"))
    recorders[0].end()
    records = recorded(stage)
    assert len(records) == played.records + played.heartbeats
    assert sorted(payloads(records)) == sorted(played_payloads(stage))


def test_a_recording_of_other_topics_is_not_continued(stage: Stage, recorders: list[Recorder]) -> None:
    play(islice(read_records(stage.played), 1), stage.kafka, lambda _: None)
    recorders.append(Recorder(stage, "--for", "4s"))
    recorders[0].end()
    assert recorded(stage)
    names = {name: f"{topic}.other" for name, topic in stage.kafka.topics.model_dump().items()}
    other = stage.kafka.model_copy(update={"topics": type(stage.kafka.topics)(**names)})
    create_topics(other)
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    write_config(stage, document | {"kafka": other.model_dump(mode="json", exclude_none=True)})
    arguments = ["record", "--config", str(stage.config), "--out", str(stage.recorded)]
    command = [sys.executable, "-m", "daemon.cli", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "which the configuration does not read" in done.stderr
