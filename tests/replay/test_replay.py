"""The same recording gives the same bytes: whatever the batch, the process, the hash seed, or who looks on."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from audit.verify import verify
from daemon.replay import ReplayPlan, Seen, replay
from daemon.replay_files import LINE_FILES
from feeds.recording_blocks import RecordingError
from tests.replay.recordings import SHORT_LINES, short_lines, write_short

PERIOD_NS = 2 * 86_400 * 10**9
STATES_AT = (25, 26, 1_000, 1_001, 4_321, 5_999, 6_000)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The short recording and its configuration."""
    return write_short(tmp_path_factory.mktemp("short"), short_lines())


@pytest.fixture(scope="module")
def first(short: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one replay, with states of every second day and at chosen inputs."""
    out = tmp_path_factory.mktemp("first")
    replay(plan_of(short, out))
    return out


def plan_of(short: tuple[Path, Path], out: Path, *, batch: int = 1_000, speed: float | None = None) -> ReplayPlan:
    recording, config = short
    return ReplayPlan(
        recording=recording,
        out=out,
        config=config,
        batch=batch,
        states_every_ns=PERIOD_NS,
        states_at=STATES_AT,
        speed=speed,
    )


def digests(out: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a replay by its name."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines_of(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_the_replay_has_something_to_compare(first: Path) -> None:
    """Equal empty files would prove nothing."""
    assert set(digests(first)) == {*LINE_FILES, "summary.json", "audit/audit-00000000000000000001.jsonl"}
    decisions = lines_of(first / "decisions.jsonl")
    assert {"pending", "firing", "recovering", "ok"} <= {str(decision["life"]) for decision in decisions} | {"pending"}
    assert len({(decision["scope"], decision["limit"]) for decision in decisions}) > 5
    assert len(lines_of(first / "actions.jsonl")) > 5
    assert len(lines_of(first / "shadow.jsonl")) > 5


@pytest.mark.parametrize("batch", [1, 77])
def test_every_batch_gives_the_same_bytes(short: tuple[Path, Path], first: Path, tmp_path: Path, batch: int) -> None:
    replay(plan_of(short, tmp_path, batch=batch))
    assert digests(tmp_path) == digests(first)


def test_onlookers_and_pace_change_nothing(short: tuple[Path, Path], first: Path, tmp_path: Path) -> None:
    class Onlooker:
        def __init__(self) -> None:
            self.inputs = 0

        def step(self, seen: Seen) -> None:
            self.inputs = seen.core.n
            if seen.core.n % 1_000 == 0:
                seen.core.state_records()

    onlooker = Onlooker()
    replay(plan_of(short, tmp_path, speed=1e12), onlooker)
    assert onlooker.inputs == SHORT_LINES
    assert digests(tmp_path) == digests(first)


@pytest.mark.parametrize("seed", ["1"])
def test_another_process_with_another_hash_seed_gives_the_same_bytes(
    short: tuple[Path, Path], first: Path, tmp_path: Path, seed: str
) -> None:
    recording, config = short
    points, out = tmp_path / "points", tmp_path / "out"
    points.write_text("\n".join(map(str, STATES_AT)))
    command: list[str | Path] = [sys.executable, "-m", "daemon.cli", "replay", recording]
    options: list[str | Path] = ["--config", config, "--out", out, "--states", "2d", "--states-at", points, "--json"]
    ran = subprocess.run(
        [*command, *options, "--batch", "333"],
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout == (out / "summary.json").read_bytes()
    assert digests(out) == digests(first)


def test_states_come_after_exactly_the_inputs_asked_for_and_once_a_period(
    short: tuple[Path, Path], first: Path
) -> None:
    states = lines_of(first / "states.jsonl")
    times = [orjson.loads(line)["ts"] for line in short_lines()]
    expected = set(STATES_AT)
    boundary = (times[0] // PERIOD_NS + 1) * PERIOD_NS
    for n, ts in enumerate(times, 1):
        if ts >= boundary:
            expected.add(n)
            boundary = (ts // PERIOD_NS + 1) * PERIOD_NS
    assert {state["n"] for state in states} == expected
    scopes = {str(state["scope"]) for state in states if state["n"] == SHORT_LINES}
    assert scopes == {"firm", "firm/long-only", "firm/long-short", "firm/concentrated"}
    for n in STATES_AT:  # one set, also where both ways ask for it
        of_n = [str(state["scope"]) for state in states if state["n"] == n]
        assert len(of_n) == len(set(of_n))


def test_the_audit_log_is_good_and_tells_every_decision_and_action(first: Path) -> None:
    verdict = verify(first / "audit")
    assert (verdict.ok, verdict.warning) == (True, None)
    records = lines_of(first / "audit" / "audit-00000000000000000001.jsonl")
    decisions = [record["d"] for record in records if record["kind"] == "decision"]
    assert decisions == [decision["d"] for decision in lines_of(first / "decisions.jsonl")]
    actions = [(r["topic"], r["seq"]) for r in records if r["kind"] == "action"]
    for topic, name in (("actions", "actions.jsonl"), ("shadow", "shadow.jsonl")):
        written = [action["seq"] for action in lines_of(first / name)]
        assert [seq for where, seq in actions if where == topic] == written == list(range(1, len(written) + 1))


def test_the_summary_adds_up(first: Path) -> None:
    summary = orjson.loads((first / "summary.json").read_bytes())
    assert summary["inputs"]["sent"] == SHORT_LINES == summary["inputs"]["applied"] + summary["inputs"]["rejected"]
    for name in LINE_FILES:
        assert summary["files"][name]["sha256"] == digests(first)[name]
    assert summary["decisions"]["count"] == summary["files"]["decisions.jsonl"]["lines"]
    assert summary["files"]["audit"]["chain"] == verify(first / "audit").chain


def test_no_file_knows_where_it_was_written_or_when(first: Path, short: tuple[Path, Path]) -> None:
    for path in first.rglob("*.json*"):
        content = path.read_bytes()
        assert str(first).encode() not in content
        assert str(short[0]).encode() not in content


def test_malformed_records_become_dead_letters_in_order(short: tuple[Path, Path], tmp_path: Path) -> None:
    lines = short_lines()[:2_000]
    bad = [b"", b"not json", b"\xff\xfe", b'{"type":"close"}', b'{"type":"what","ts":1}', b"[1]", b"{" * 900]
    mixed = [line for i, good in enumerate(lines) for line in ([bad[i % len(bad)], good] if i % 10 == 0 else [good])]
    recording, config = write_short(tmp_path, mixed)
    out = tmp_path / "out"
    summary = replay(ReplayPlan(recording=recording, config=config, out=out))
    letters = lines_of(out / "deadletter.jsonl")
    assert [letter["n"] for letter in letters] == [n for n, line in enumerate(mixed, 1) if line in bad]
    inputs = summary["inputs"]
    assert isinstance(inputs, dict)
    assert (inputs["sent"], inputs["applied"], inputs["rejected"]) == (2_200, 2_000, 200)
    assert sum(inputs["rejected_by_reason"].values()) == 200


def test_a_recording_that_is_cut_short_leaves_no_summary_and_no_stop(short: tuple[Path, Path], tmp_path: Path) -> None:
    """Nobody may take half a replay for a whole one."""
    recording, config = short
    cut = tmp_path / "cut.jsonl.zst"
    cut.write_bytes(recording.read_bytes()[:-1_000])
    out = tmp_path / "out"
    with pytest.raises(RecordingError, match="cut short"):
        replay(ReplayPlan(recording=cut, config=config, out=out))
    assert not (out / "summary.json").exists()
    replay(ReplayPlan(recording=recording, config=config, out=out))  # and its remains are in nobody's way
    assert (out / "summary.json").exists()
