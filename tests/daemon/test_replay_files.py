"""The folder of a replay's outputs: what goes in, what an earlier one leaves, and what is never touched."""

import hashlib
from pathlib import Path

import pytest

from audit.verify import verify
from audit.writer import AuditWriter
from daemon.outputs import Outputs
from daemon.replay_files import LINE_FILES, OutputFolderError, ReplayFiles
from feeds.record import Record, Rejection, RejectReason

NOT_JSON = Rejection(RejectReason.NOT_JSON, "not JSON: invalid byte")


def refused(payload: bytes, n: int = 7) -> tuple[Record, Rejection]:
    return Record(n, "market-data", 3, 99, payload), NOT_JSON


def test_every_output_has_its_file_and_the_contents_tell_size_and_digest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = ReplayFiles(out, "ab")
    files.write(Outputs(rejections=[refused(b"x", 1), refused(b"y", 2)], audit=[{"ts": 5, "kind": "rejection"}]))
    files.write_states([{"n": 2, "nav": float("nan")}])
    contents = files.finish(9)
    files.write_summary({"files": contents})
    assert sorted(path.name for path in out.iterdir()) == sorted([*LINE_FILES, "audit", "summary.json"])
    for name in LINE_FILES:
        data = (out / name).read_bytes()
        lines = data.count(b"\n")
        assert contents[name] == {"lines": lines, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert (out / "deadletter.jsonl").read_bytes().count(b"\n") == 2
    assert (out / "states.jsonl").read_bytes() == b'{"n":2,"nav":null}\n'
    verdict = verify(out / "audit")
    assert verdict.ok
    assert contents["audit"] == {"lines": 4, "records": 1, "chain": verdict.chain}


def finished(out: Path) -> None:
    """Leave a whole replay's files in `out`."""
    files = ReplayFiles(out, "ab")
    files.write(Outputs(rejections=[refused(b"x")], audit=[{"ts": 5, "kind": "rejection"}]))
    files.write_summary({"files": files.finish(9)})


def test_an_earlier_replay_is_replaced_whole(tmp_path: Path) -> None:
    finished(tmp_path)
    ReplayFiles(tmp_path, "ab").finish(0)
    assert (tmp_path / "deadletter.jsonl").read_bytes() == b""
    assert not (tmp_path / "summary.json").exists()
    assert verify(tmp_path / "audit").lines == 3


def test_an_interrupted_replay_is_replaced_too(tmp_path: Path) -> None:
    files = ReplayFiles(tmp_path, "ab")
    files.write(Outputs(audit=[{"ts": 5, "kind": "rejection"}]))
    files.abandon()
    finished(tmp_path)
    assert verify(tmp_path / "audit").ok


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    finished(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(OutputFolderError, match=r"holds notes\.txt, which no replay wrote"):
        ReplayFiles(tmp_path, "ab")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_force_replaces_the_replay_and_leaves_the_rest(tmp_path: Path) -> None:
    finished(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    ReplayFiles(tmp_path, "ab", force=True).finish(0)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "deadletter.jsonl").read_bytes() == b""


@pytest.mark.parametrize("force", [False, True])
def test_a_daemon_s_own_audit_log_is_never_deleted(tmp_path: Path, force: bool) -> None:
    AuditWriter(tmp_path / "audit", "ab").stop()
    with pytest.raises(OutputFolderError, match="an audit log that no replay wrote"):
        ReplayFiles(tmp_path, "ab", force=force)
    assert verify(tmp_path / "audit").ok


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("")
    with pytest.raises(OutputFolderError, match="is a file"):
        ReplayFiles(path, "ab")
