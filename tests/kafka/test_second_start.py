"""A second daemon: one that may not write ends by itself; one that takes over ends the first, also where it is idle."""

import shutil
import subprocess
from itertools import islice
from pathlib import Path

import pytest
import yaml

from config.schema import KafkaConfig
from daemon.shipped import demo_config, shipped_recording
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.recording import read_records
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import REPOSITORY, Stage, command

pytestmark = pytest.mark.kafka

RENEWAL_S = 60.0  # leases are renewed every 10 s; the machine is busy


@pytest.fixture
def stage(tmp_path: Path, kafka_config: KafkaConfig) -> Stage:
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document["kafka"] = kafka_config.model_dump(mode="json", exclude_none=True)
    document["http"] = {"port": 0}
    create_topics(kafka_config)
    play(islice(read_records(shipped_recording()), 2), kafka_config, lambda _: None)
    return stage_in(tmp_path / "first", kafka_config, document)


def stage_in(folder: Path, kafka: KafkaConfig, document: dict[str, object]) -> Stage:
    folder.mkdir(exist_ok=True)
    document |= {
        "journal": {"directory": str(folder / "journal")},
        "audit": {"log_directory": str(folder / "audit"), "enabled": True},
    }
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Stage(folder, kafka, shipped_recording(), config)


def test_who_may_not_write_ends_alone_and_who_takes_over_ends_the_first(stage: Stage) -> None:
    document = yaml.safe_load(stage.config.read_text(encoding="utf-8"))
    empty = stage_in(stage.folder.parent / "empty", stage.kafka, document)
    successor = stage_in(stage.folder.parent / "successor", stage.kafka, document)
    with LoggedDaemon(stage) as first:
        wait_until(lambda: bool(first.lines("recording_ended")), "the first has read everything", 120.0)
        for other, why in ((stage, "is in use by another writer"), (empty, "the journal is empty")):
            done = subprocess.run(
                command(other), cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
            )
            assert (done.returncode, why in done.stderr) == (1, True), done.stderr
        wait_until(first.is_ready, "the first is as it was")
        shutil.copytree(stage.journal, successor.journal)
        shutil.copytree(stage.audit, successor.audit)
        with LoggedDaemon(successor) as second:
            wait_until(lambda: bool(second.lines("serving")), "the second serves", 120.0)
            wait_until(lambda: first.process.poll() is not None, "the first learns by its lease", RENEWAL_S)
            assert first.process.returncode == 1
            assert "another process publishes for this shard" in first.text()
            assert second.process.poll() is None
