"""The audit commands as a person meets them: keygen, and verify with keys and published checkpoints."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from audit.signing import read_signing_key
from audit.writer import AuditWriter
from daemon.cli import main

Ran = tuple[int, str, str]


@pytest.fixture
def audit(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `riskd audit` with these arguments in this process; gives the exit code and both streams."""

    def run(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(["audit", *map(str, arguments)])
        assert left.value.code is None or isinstance(left.value.code, int)
        captured = capfd.readouterr()
        return left.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def key(audit: Callable[..., Ran], tmp_path: Path) -> Path:
    path = tmp_path / "audit.pem"
    code, out, _ = audit("keygen", path)
    assert code == 0
    assert f"{path}.pub: public key" in out
    return path


def written(directory: Path, key: Path, shard: int = 0) -> bytes:
    """Write a stopped, signed log of several files, and return its published checkpoints as JSON lines."""
    signing_key = read_signing_key(key)
    writer = AuditWriter(directory, "00", shard=shard, segment_bytes=50_000, signing_key=signing_key)
    writer.append([{"ts": i, "kind": "decision", "value": i} for i in range(1_500)])
    writer.stop()
    return b"".join(record + b"\n" for record in writer.take_checkpoints())


def test_a_key_is_not_made_over_another(audit: Callable[..., Ran], key: Path) -> None:
    before = key.read_bytes()
    code, _, err = audit("keygen", key)
    assert (code, err) == (1, f"riskd: {key}: is there already, and a key is never overwritten\n")
    assert key.read_bytes() == before


def test_a_signed_log_of_many_files_passes_and_tells_what_was_checked(
    audit: Callable[..., Ran], key: Path, tmp_path: Path
) -> None:
    log, published = tmp_path / "log", tmp_path / "published.jsonl"
    published.write_bytes(written(log, key))
    code, out, err = audit("verify", log, "--key", f"{key}.pub", "--checkpoints", published)
    assert (code, err) == (0, "")
    assert ", signed up to n " in out
    assert "2 published checkpoints found in it" in out
    answer = orjson.loads(audit("verify", log, "--key", f"{key}.pub", "--checkpoints", published, "--json")[1])
    assert (answer["ok"], answer["records"], answer["checkpoints"], answer["compared"]) == (True, 1_500, 2, 2)
    assert answer["files"] > 2
    assert [entry["shard"] for entry in answer["logs"]] == [0]


def test_a_cut_log_fails_only_against_what_was_published(audit: Callable[..., Ran], key: Path, tmp_path: Path) -> None:
    log, published = tmp_path / "log", tmp_path / "published.jsonl"
    published.write_bytes(written(log, key))
    last = max(log.glob("audit-*.jsonl"))
    last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:-2]))
    assert audit("verify", log)[0] == 0
    code, out, _ = audit("verify", log, "--checkpoints", published)
    assert code == 1
    assert f"{last}: record n " in out
    assert "its end was cut off" in out


def test_every_partition_is_verified_and_one_bad_one_fails_all(
    audit: Callable[..., Ran], key: Path, tmp_path: Path
) -> None:
    log, published = tmp_path / "log", tmp_path / "published.jsonl"
    published.write_bytes(written(log, key) + written(log / "partition-1", key, 1))
    code, out, err = audit("verify", log, "--checkpoints", published)
    assert (code, out.count(": good, "), err) == (0, 2, "")
    last = max((log / "partition-1").glob("audit-*.jsonl"))
    last.write_bytes(last.read_bytes().replace(b"decision", b"decisiom", 1))
    code, out, _ = audit("verify", log)
    assert code == 1
    assert f"{log}: good, " in out
    assert f"{last}:" in out
    answer = orjson.loads(audit("verify", log, "--json")[1])
    assert (answer["ok"], [entry["ok"] for entry in answer["logs"]]) == (False, [True, False])


def test_published_checkpoints_come_from_one_place(audit: Callable[..., Ran], key: Path, tmp_path: Path) -> None:
    code, _, err = audit("verify", tmp_path, "--checkpoints", key, "--config", key)
    assert code == 2
    assert "either --checkpoints or --config" in err


def test_a_shard_without_its_log_fails_unless_it_is_another_machines(
    audit: Callable[..., Ran], key: Path, tmp_path: Path
) -> None:
    log, published = tmp_path / "log", tmp_path / "published.jsonl"
    published.write_bytes(written(log, key) + written(log / "partition-1", key, 1) + written(tmp_path / "else", key, 2))
    code, out, err = audit("verify", log, "--checkpoints", published)
    assert (code, out.count(": good, "), err) == (1, 2, "")
    assert f"{log / 'partition-2'}: no log of shard 2 is here, and 2 checkpoints of it were published\n" in out
    answer = orjson.loads(audit("verify", log, "--checkpoints", published, "--json")[1])
    assert (answer["ok"], [(entry["shard"], entry["ok"]) for entry in answer["logs"]]) == (
        False,
        [(0, True), (1, True), (2, False)],
    )
    code, out, _ = audit("verify", log, "--checkpoints", published, "--shard", "0", "--shard", "1")
    assert (code, out.count(": good, ")) == (0, 2)
    code, out, _ = audit("verify", log, "--checkpoints", published, "--shard", "1")
    assert (code, out.count("\n")) == (0, 1)


def test_without_published_checkpoints_it_always_says_what_cannot_be_seen(
    audit: Callable[..., Ran], key: Path, tmp_path: Path
) -> None:
    written(tmp_path / "log", key)
    unseen = "a cut at a checkpoint cannot be seen without the published checkpoints"
    code, _, err = audit("verify", tmp_path / "log", "--key", f"{key}.pub")
    assert (code, err) == (0, f"warning: nothing published was compared: {unseen}\n")
    answer = orjson.loads(audit("verify", tmp_path / "log", "--json")[1])
    assert (answer["ok"], answer["doubts"]) == (True, [f"nothing published was compared: {unseen}"])
    (tmp_path / "empty").write_bytes(b"")
    code, _, err = audit("verify", tmp_path / "log", "--checkpoints", tmp_path / "empty")
    assert code == 0
    assert f"no published checkpoint of shard 0 to compare with: {unseen}" in err


def test_what_others_wrote_among_the_checkpoints_is_counted_and_ends_nothing(
    audit: Callable[..., Ran], key: Path, tmp_path: Path
) -> None:
    log, published = tmp_path / "log", tmp_path / "published.jsonl"
    published.write_bytes(b"garbage\n" * 30 + written(log, key))
    code, out, err = audit("verify", log, "--key", f"{key}.pub", "--checkpoints", published)
    assert (code, "2 published checkpoints found in it" in out) == (0, True)
    assert err.count("is left out: is not JSON") == 20
    assert err.endswith("warning: 10 more published records are left out\n")
    answer = orjson.loads(audit("verify", log, "--key", f"{key}.pub", "--checkpoints", published, "--json")[1])
    assert (answer["ok"], answer["doubt_count"]) == (True, 30)
    assert audit("verify", log, "--checkpoints", published)[0] == 1, "without a key nobody can tell them apart"
