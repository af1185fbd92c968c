"""`riskd demo --broker kafka --keep-running`: on Apache Kafka, with the addresses to look at, until Ctrl-C."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from audit.verify import verify
from daemon.shipped import shipped_recording
from feeds.recording import read_records
from feeds.recording_writer import write_recording

pytestmark = pytest.mark.kafka

LINES = 3_000
BEATS = 15  # two times between, and the end, in each of five partitions
REPOSITORY = Path(__file__).parents[2]
END_TIMEOUT_S = 60.0
PROGRAM = """
import sys
from pathlib import Path
from daemon.demo import DemoPlan, run_demo
run_demo(DemoPlan(out=Path(sys.argv[1]), recording=Path(sys.argv[2]), broker="kafka", keep_running=True))
"""


@pytest.fixture
def demo(tmp_path: Path, kafka_bootstrap: str) -> Iterator[subprocess.Popen[str]]:
    """The demo with a broker of its own; the session's only says whether one can run here."""
    recording = tmp_path / "recording.jsonl"
    payloads = (record.payload for chunk in read_records(shipped_recording()) for record in chunk)
    write_recording(recording, islice(payloads, LINES))
    with (tmp_path / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "demo"), str(recording)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"{pattern} is not in: {text}"
    return match[1]


def test_broker_and_daemon_stay_until_ctrl_c_and_then_nothing_is_left(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert demo.stdout is not None
    told = ""
    for line in demo.stdout:
        told += line
        if line.startswith("  config "):
            break
    sent = LINES + BEATS
    expected = f"{LINES:,} records + {BEATS} heartbeats = {sent:,} sent = {sent:,} applied + 0 rejected"
    assert expected in told, (tmp_path / "stderr").read_text()
    bootstrap, address = found(r"Kafka +(\S+)", told), found(r"metrics +http://(\S+)/metrics", told)
    assert AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).brokers
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/state")
    assert json.loads(connection.getresponse().read())["shards"][0]["n"] == sent
    connection.close()

    demo.send_signal(signal.SIGINT)
    assert demo.wait(END_TIMEOUT_S) == 0
    verdict = verify(tmp_path / "demo" / "audit")
    assert (verdict.ok, verdict.warning) == (True, None)
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(address, timeout=10).connect()
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=1)
