"""The real `riskd run` as a process of a test, and the place where it works."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from config.schema import KafkaConfig

REPOSITORY = Path(__file__).parents[2]

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where one test works: its own topics, recording, configuration and folders."""

    folder: Path
    kafka: KafkaConfig
    recording: Path
    config: Path

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def audit(self) -> Path:
        return self.folder / "audit"


class RunningDaemon:
    """`riskd run` as a process of ours; its log lines are what we wait on."""

    def __init__(self, stage: Stage) -> None:
        self._process = subprocess.Popen(command(stage), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
        self.ready = self.wait_for("serving")

    def __enter__(self) -> "RunningDaemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def wait_for(self, event: str) -> Line:
        """Read the log up to this event; a daemon that ends before fails the test with what it said."""
        said = []
        assert self._process.stderr is not None
        for line in self._process.stderr:
            said.append(line)
            if line.startswith("{") and (fields := cast(Line, json.loads(line)))["event"] == event:
                return fields
        pytest.fail(f"riskd run ended with {self._process.wait()} before {event}: {''.join(said)}")

    def wait_until_out(self, stage: Stage) -> None:
        """Return when a reader can see something that it published, so that a kill has something to spoil."""
        consumer = Consumer(
            {
                "bootstrap.servers": stage.kafka.bootstrap,
                "group.id": f"{stage.kafka.group}-look",
                "isolation.level": "read_committed",
            }
        )
        consumer.assign([TopicPartition(stage.kafka.topics.shadow, 0, 0)])
        message = consumer.poll(60)
        consumer.close()
        assert message is not None, "nothing was published"
        assert message.error() is None

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        rest = self._process.communicate(timeout=60)[1]
        assert self._process.returncode == 0, rest

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(60)
        if self._process.stderr is not None:
            self._process.stderr.close()


def command(stage: Stage, module: str = "daemon.cli") -> list[str]:
    """Return the command line of the daemon; module: what is riskd."""
    return [sys.executable, "-m", module, "run", "--config", str(stage.config)]
