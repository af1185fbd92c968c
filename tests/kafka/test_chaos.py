"""Ten kills of the daemon and two of the broker, at random moments: nothing lost, repeated, or out of order."""

import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from audit.verify import verify
from config.schema import KafkaConfig
from daemon.shipped import demo_config, shipped_recording
from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError
from feeds.kafka_topics import create_topics
from feeds.player import Player
from feeds.record import Record
from feeds.recording import read_records
from tests.kafka.conftest import skip_without_broker
from tests.kafka.equality import check_equal
from tests.kafka.running import REPOSITORY, Stage, command

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

SEED = 20261121
DAEMON_KILLS = 10
BROKER_KILLS_AFTER = (3, 7)  # daemon kills
CHUNK_RECORDS = 2_000
CHUNK_EVERY_S = 0.5  # so that the recording still comes while the kills go on
LOG_WAIT_S = 240.0


def test_ten_kills_of_the_daemon_and_two_of_the_broker_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Half of the kills come while it runs, half at any moment of its start: recovery too is killed."""
    chance = random.Random(SEED)
    with ExitStack() as stack:
        broker = _broker(stack, tmp_path / "kafka")
        stage = _stage(tmp_path, broker.bootstrap)
        feed = _Feed(stage)
        feed.start()
        daemon = _Daemon(stage)
        try:
            for kill in range(1, DAEMON_KILLS + 1):
                if kill % 2:
                    daemon.wait_for("serving")
                    time.sleep(chance.uniform(0.0, 2.0))
                else:
                    time.sleep(chance.uniform(0.5, 5.0))
                daemon.kill()
                if kill in BROKER_KILLS_AFTER:
                    daemon = _Daemon(stage)
                    daemon.wait_for("serving")
                    time.sleep(chance.uniform(0.0, 1.0))
                    broker.kill()
                    time.sleep(chance.uniform(0.0, 2.0))
                    broker.start()
                    continue
                daemon = _Daemon(stage)
            feed.finish()
            daemon.end_after("recording_ended")
        finally:
            daemon.kill()
        check_equal(stage)
        assert verify(stage.audit).ok


@dataclass
class _Daemon:
    """`riskd run` with its log in a file; as a service manager would, `end_after` starts it again where it gave up."""

    stage: Stage

    def __post_init__(self) -> None:
        self._log = self.stage.folder / "daemon.log"
        self._begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command(self.stage), cwd=REPOSITORY, stderr=log)

    def wait_for(self, event: str) -> bool:
        """Return True when it logged the event, False where it ended before."""
        deadline_s = time.monotonic() + LOG_WAIT_S
        while time.monotonic() < deadline_s:
            is_alive = self._process.poll() is None
            if f'"event":"{event}"' in self._said():
                return True
            if not is_alive:
                return False
            time.sleep(0.05)
        raise AssertionError(f"no {event} within {LOG_WAIT_S} s: {self._said()[-2_000:]}")

    def end_after(self, event: str) -> None:
        """Wait for the event and stop in good order."""
        restarts = 0
        while not self.wait_for(event):
            restarts += 1
            assert restarts < 5, f"it cannot go on: {self._said()[-2_000:]}"
            self.__post_init__()
        self._process.terminate()
        assert self._process.wait(60) == 0, self._said()[-2_000:]

    def kill(self) -> None:
        """SIGKILL our own process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(60)

    def _said(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode()


class _Feed(threading.Thread):
    """The recording, chunk after chunk; its producer outlives the broker's kills."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(name="feed", daemon=True)
        self._stage = stage
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            player = Player(self._stage.kafka)
            for chunk in _chunks(self._stage.recording):
                player.play(chunk)
                time.sleep(CHUNK_EVERY_S)
            player.finish()
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self._failure = error

    def finish(self) -> None:
        """Wait until all of it is written."""
        self.join(LOG_WAIT_S)
        assert not self.is_alive(), "the recording was not written in time"
        if self._failure is not None:
            raise self._failure


def _chunks(recording: Path) -> Iterator[list[Record]]:
    waiting: list[Record] = []
    for records in read_records(recording):
        waiting += records
        while len(waiting) >= CHUNK_RECORDS:
            yield waiting[:CHUNK_RECORDS]
            waiting = waiting[CHUNK_RECORDS:]
    yield waiting


def _broker(stack: ExitStack, folder: Path) -> LocalKafka:
    """Its own, because it is killed."""
    try:
        return stack.enter_context(LocalKafka(folder))
    except BrokerUnavailableError as error:
        skip_without_broker(str(error))


def _stage(folder: Path, bootstrap: str) -> Stage:
    kafka = KafkaConfig(bootstrap=bootstrap, group="chaos")
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document["clock"] = "event"
    document["kafka"] = kafka.model_dump(mode="json", exclude_none=True)
    document["journal"] = {"directory": str(folder / "journal"), "segment_bytes": 8 << 20}
    document["audit"] = {"log_directory": str(folder / "audit"), "segment_bytes": 1 << 18}
    document["http"] = {"port": 0}
    document["enforcement"]["mode"] = "full"
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka, market_data_partitions=3)
    return Stage(folder, kafka, shipped_recording(), config)
