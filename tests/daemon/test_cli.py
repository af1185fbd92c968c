"""The commands as a person meets them: help, exit codes, what goes to which stream."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.main import get_command

from audit.writer import AuditWriter
from config.setup import setup_digest, setup_to_json
from daemon.cli import app
from daemon.cli_help import SECTIONS, SectionedGroup
from daemon.edge import decode_inputs, journal_entries, made_record
from daemon.journal import JournalWriter
from daemon.wiring import build_setup
from feeds.journal_frames import JournalRecord, Kind
from feeds.record import Record
from tests.daemon.conftest import Riskd

GOOD = "enforcement:\n  limits:\n    - {id: v, sensor: var_breach, metric: var_99, levels: [{at: 10, action: warn}]}\n"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["replay"],
        ["run"],
        ["check"],
        ["status"],
        ["stress"],
        ["journal"],
        ["journal", "cat"],
        ["audit", "verify"],
        ["topics", "create"],
    ],
)
def test_every_command_explains_itself(riskd: Riskd, command: list[str]) -> None:
    ran = riskd(*command, "--help")
    assert ran.code == 0
    assert command in ([], ["journal"]) or "Examples:" in ran.out
    assert "riskd" in ran.out or command == ["journal"]


def test_help_shows_every_command_once_and_how_to_begin_first(riskd: Riskd) -> None:
    """One that no section of `daemon/cli_help.py` names would stand under "Others"."""
    _, _, rows = riskd("--help").out.partition("See it:")
    shown = [line.split()[0] for line in rows.splitlines() if line.startswith("  ") and line[2] != " "]
    assert sorted(shown) == sorted(name for _, names in SECTIONS for name in names)
    group = get_command(app)
    assert isinstance(group, SectionedGroup)
    assert set(shown) == set(group.commands)
    assert shown.index("demo") < shown.index("run") < shown.index("evidence") < shown.index("halt")


def test_the_version_is_the_package_s(riskd: Riskd) -> None:
    ran = riskd("--version")
    assert (ran.code, ran.out.split()[0]) == (0, "riskd")


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["replay", "/nowhere.jsonl", "--out", "x"],
        ["check", "/nowhere.yaml"],
        ["audit", "verify", "/nowhere"],
        ["journal", "cat", "/nowhere"],
        ["run"],
        ["nonsense"],
        ["demo", "--speed", "fast"],
    ],
)
def test_wrong_usage_exits_2_and_says_why(riskd: Riskd, arguments: list[str]) -> None:
    ran = riskd(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "Usage" in ran.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--speed", "0x"], "speed must be max"),
        (["--states", "1 fortnight"], "duration must look like"),
        (["--states", "0s"], "period must be above 0"),
        (["--batch", "0"], "--batch"),
    ],
)
def test_a_wrong_option_of_replay_is_named(riskd: Riskd, tmp_path: Path, options: list[str], why: str) -> None:
    recording = tmp_path / "day.jsonl"
    recording.write_text("")
    ran = riskd("replay", recording, "--out", tmp_path / "out", *options)
    assert ran.code == 2
    assert why in ran.err
    assert not (tmp_path / "out").exists()


def test_optimised_python_is_refused() -> None:
    """Assertions guard what must hold; -O takes them away."""
    ran = subprocess.run(
        [sys.executable, "-O", "-m", "daemon.cli", "--version"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "python -O" in ran.stderr


def test_help_needs_no_kernels() -> None:
    """`riskd --help` must come at once, so nothing heavy may be imported for it."""
    code = (
        "import sys\nfrom daemon.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numba', 'numpy', 'scipy', 'pandas', 'confluent_kafka', 'pydantic', 'exchange_calendars'}\n"
        "sys.exit(repr(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


# --- check


def test_a_good_configuration_passes_check(riskd: Riskd, tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(GOOD)
    ran = riskd("check", path)
    assert (ran.code, ran.out, ran.err) == (0, f"{path}: good; 1 limits watched, 0 not\n", "")


def test_every_fault_comes_with_its_line_and_path_and_exits_78(riskd: Riskd, tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("clocks: event\nwindow: {rows: 5}\n")
    ran = riskd("check", path)
    assert ran.code == 78
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"{path}:1:1: clocks: ")
    assert lines[1].startswith(f"{path}:2:")
    assert "window.rows" in lines[1]
    assert lines[2] == f"{path}: 2 faults"


def test_check_as_json_is_one_object(riskd: Riskd, tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("window: {rows: 5}\n")
    ran = riskd("check", path, "--json")
    answer = orjson.loads(ran.out)
    assert (ran.code, answer["ok"]) == (78, False)
    assert [(fault["path"], fault["line"]) for fault in answer["faults"]] == [("window.rows", 1)]
    path.write_text(GOOD + "bar: 1m\n")
    ran = riskd("check", path, "--json")
    assert (ran.code, orjson.loads(ran.out)) == (0, {"ok": True, "faults": [], "unwatched": []})


def test_every_shipped_limit_is_watched(riskd: Riskd) -> None:
    ran = riskd("check", "config/risk_limits_v2.yaml")
    assert ran.code == 0
    assert "15 limits watched, 0 not" in ran.out + ran.err
    assert "not watched" not in ran.err


def test_what_check_shows_is_itself_a_good_configuration(riskd: Riskd, tmp_path: Path) -> None:
    path, shown = tmp_path / "limits.yaml", tmp_path / "shown.yaml"
    path.write_text("enforcement: {var_limits: {var_99_limit: 123456}}\n")
    ran = riskd("check", path, "--show")
    assert ran.code == 0
    assert "123456" in ran.out
    shown.write_text(ran.out)
    assert riskd("check", shown, "--show").out == ran.out


# --- audit verify and journal cat


def test_a_good_audit_log_passes_and_a_changed_one_names_its_record(riskd: Riskd, tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, "00")
    writer.append([{"ts": i, "kind": "decision", "value": i} for i in range(5)])
    writer.stop()
    assert riskd("audit", "verify", tmp_path).code == 0
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes().replace(b'"value":3', b'"value":4'))
    ran = riskd("audit", "verify", tmp_path)
    assert ran.code == 1
    assert f"{path}:5: record n 5 is bad: the chain breaks" in ran.out
    answer = orjson.loads(riskd("audit", "verify", tmp_path, "--json").out)
    assert (answer["ok"], answer["lines"], answer["first_bad"]["n"]) == (False, 4, 5)


def test_a_log_without_a_stop_passes_with_a_warning(riskd: Riskd, tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, "00")
    writer.append([{"ts": 1, "kind": "decision"}])
    writer.sync()
    writer.abandon()
    ran = riskd("audit", "verify", tmp_path)
    assert ran.code == 0
    assert "ends without a stop" in ran.err


def test_a_folder_without_a_log_fails_in_one_line(riskd: Riskd, tmp_path: Path) -> None:
    ran = riskd("audit", "verify", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"riskd: {tmp_path}: no audit-*.jsonl here\n"


def test_a_journal_is_printed_as_envelopes_from_the_n_asked_for(riskd: Riskd, tmp_path: Path) -> None:
    setup = build_setup(None)
    lines = [b'{"type":"heartbeat","ts":%d,"source":"t"}' % ts for ts in (5, 6)] + [b"\xff not json"]
    records = [Record(n, "market-data", 0, n - 1, line) for n, line in enumerate(lines, 1)]
    with JournalWriter(tmp_path, 0, 1 << 20, setup_digest=setup_digest(setup)) as journal:
        journal.append([JournalRecord(made_record(setup_to_json(setup)), Kind.CONFIG)])
        journal.append(journal_entries(decode_inputs(records, {"XNYS"}, setup.config)))
        journal.sync()
    ran = riskd("journal", "cat", tmp_path, "--from", "2")
    assert ran.code == 0
    printed = [orjson.loads(line) for line in ran.out.splitlines()]
    assert [(line["n"], line["kind"]) for line in printed] == [(2, "input"), (3, "rejection")]
    first = riskd("journal", "cat", tmp_path).out.splitlines()[0]
    assert orjson.loads(first)["kind"] == "config"
