"""A recording through Apache Kafka into the real `riskd run`, against its replay and the replay of its journal."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import cast

import pytest
import yaml

from audit.verify import verify
from config.schema import KafkaConfig
from daemon.replay import ReplayPlan, replay
from daemon.shipped import demo_config, shipped_recording
from feeds.journal_frames import Kind
from feeds.journal_reader import read_journal
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.recording import read_records
from feeds.recording_writer import write_recording
from tests.kafka.equality import check_equal, lines_of, read_topic
from tests.kafka.running import REPOSITORY, RunningDaemon, Stage, command

pytestmark = pytest.mark.kafka

GOOD_LINES = 7_000  # sixteen months: over 250 rows, so that tails are fitted, and the summer of 1990
BAD_LINES = (b"not json", b'{"type":"close","ts":1}', b'{"type":"close","ts":9000000000000000000,"instrument":"X"}')
BAD_EVERY = 1_000


@pytest.fixture
def stage(tmp_path: Path, kafka_config: KafkaConfig) -> Stage:
    recording = tmp_path / "recording.jsonl"
    write_recording(recording, _recording_lines())
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document["clock"] = "event"
    document["kafka"] = kafka_config.model_dump(mode="json", exclude_none=True)
    document["journal"] = {"directory": str(tmp_path / "journal"), "segment_bytes": 1 << 20}
    document["audit"] = {"log_directory": str(tmp_path / "audit")}
    document["http"] = {"port": 0}
    document["enforcement"]["mode"] = "full"  # so that both action topics have something to compare
    config = tmp_path / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka_config, market_data_partitions=3)
    return Stage(tmp_path, kafka_config, recording, config)


def test_run_on_kafka_equals_the_raw_replay_and_its_journal_replays_byte_for_byte(stage: Stage) -> None:
    play(read_records(stage.recording), stage.kafka, lambda _: None)
    with RunningDaemon(stage) as daemon:
        daemon.wait_for("recording_ended")
        daemon.terminate()
    check_equal(stage)
    verdict = verify(stage.audit)
    assert verdict.ok
    assert verdict.warning is None, "SIGTERM ends the log with a stop record"


def test_killed_runs_lose_and_repeat_nothing(stage: Stage) -> None:
    """SIGKILL where it hurts: while the recording comes in, and once more during what follows the recovery."""
    chunks = list(read_records(stage.recording))
    third = len(chunks) // 3
    assert third > 0
    killed_at = iter([third, 2 * third])

    def kill_between(written: int) -> None:
        nonlocal daemon
        if written == sum(len(chunk) for chunk in chunks[: next_kill[0]]):
            daemon.wait_until_out(stage)
            daemon.kill()
            next_kill[0] = next(killed_at, -1)
            daemon = RunningDaemon(stage)
            assert cast(int, daemon.ready["inputs"]) > 0, "the journal had what was out"

    next_kill = [next(killed_at)]
    daemon = RunningDaemon(stage)
    try:
        play(chunks, stage.kafka, kill_between)
        daemon.wait_for("recording_ended")
        daemon.terminate()
    finally:
        daemon.kill()
    check_equal(stage)
    assert verify(stage.audit).ok


def test_wall_clock_run_replays_from_its_journal_byte_for_byte(stage: Stage) -> None:
    """Ticks, the end of the catch-up and results of slow work are journaled, so no clock is asked again."""
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    document["clock"] = "wall"
    document["calendar"]["end"] = "1992-01-31"  # else the jump to today's time completes the rows of decades
    stage.config.write_text(yaml.safe_dump(document), encoding="utf-8")
    play(read_records(stage.recording), stage.kafka, lambda _: None)
    for _ in range(2):  # the second run recovers from the first one's journal
        with RunningDaemon(stage) as daemon:
            daemon.wait_for("caught_up")
            daemon.terminate()
    again = stage.folder / "again"
    replay(ReplayPlan(recording=stage.journal, out=again))
    for topic, file in ((stage.kafka.topics.actions, "actions.jsonl"), (stage.kafka.topics.shadow, "shadow.jsonl")):
        published = read_topic(stage.kafka, topic)
        assert published
        assert published == lines_of(again / file)
    kinds = Counter(entry.kind for entries in read_journal(stage.journal) for entry in entries)
    assert kinds[Kind.RESULT] > 0
    assert kinds[Kind.CATCH_UP_END] == kinds[Kind.ASSIGNMENT] == kinds[Kind.STOP] == 2
    assert kinds[Kind.CONFIG] == 1


def test_another_configuration_is_refused_where_a_journal_is(stage: Stage) -> None:
    with RunningDaemon(stage) as daemon:
        daemon.terminate()
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    document["refit"] += 1
    stage.config.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = _run_to_its_end(stage)
    assert (done.returncode, done.stdout) == (1, "")
    assert "was written under another configuration" in done.stderr


def test_lost_journal_is_noticed_by_the_action_topics(stage: Stage) -> None:
    """Numbering from one again would give consumers old numbers with new contents."""
    play(islice(read_records(stage.recording), 2), stage.kafka, lambda _: None)
    with RunningDaemon(stage) as daemon:
        daemon.wait_for("recording_ended")
        daemon.terminate()
    shutil.rmtree(stage.journal)
    shutil.rmtree(stage.audit)
    done = _run_to_its_end(stage)
    assert done.returncode == 1
    assert "another journal wrote it, or this one lost its end" in done.stderr


def _run_to_its_end(stage: Stage) -> subprocess.CompletedProcess[str]:
    """For a daemon that must refuse to start."""
    return subprocess.run(command(stage), cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def _recording_lines() -> Iterator[bytes]:
    """The shipped recording's first lines, with a bad one now and then; the bad ones name nothing of it."""
    lines = (record.payload for chunk in read_records(shipped_recording()) for record in chunk)
    for number, line in enumerate(islice(lines, GOOD_LINES), start=1):
        yield line
        if number % BAD_EVERY == 0:
            yield BAD_LINES[number // BAD_EVERY % len(BAD_LINES)]
