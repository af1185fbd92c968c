"""The audit writer: numbering, checkpoints, the same bytes for every batching, and reopening after a crash."""

import errno
import itertools
import os
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.chain import CHECKPOINT_LINES, GENESIS, link, unseal
from audit.disk import Disk
from audit.errors import AuditError
from audit.segments import segment_name
from audit.verify import verify
from audit.writer import AuditWriter

DIGEST = "cd" * 32
FILE = segment_name(1)


def made(count: int, start: int = 0) -> list[dict[str, object]]:
    return [{"ts": 10 * i, "kind": "decision", "value": i} for i in range(start, start + count)]


def lines_of(directory: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in (directory / FILE).read_bytes().splitlines()]


def test_a_log_opens_with_a_head_and_ends_with_a_checkpoint_and_a_stop(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(2))
    writer.stop(99)
    lines = lines_of(tmp_path)
    assert [line["kind"] for line in lines] == ["head", "decision", "decision", "checkpoint", "stop"]
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["ts"] for line in lines] == [0, 0, 10, 10, 99]
    head = lines[0]
    assert (head["schema"], head["schema_version"], head["setup_digest"]) == ("risk.audit", 1, DIGEST)
    assert [list(line)[:3] + list(line)[-1:] for line in lines] == [["n", "ts", "kind", "h"]] * 5


def test_the_chain_is_sha256_of_the_hash_before_and_the_line(tmp_path: Path) -> None:
    """An auditor must be able to recompute it with nothing of ours: prove it by the formula, line by line."""
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(3))
    writer.stop()
    chain = GENESIS
    for text in (tmp_path / FILE).read_bytes().splitlines():
        record = orjson.loads(text)
        body = unseal(text, str(record["kind"]))
        assert body == orjson.dumps({key: value for key, value in record.items() if key != "h"})
        chain = link(chain, body)
        assert chain.hex().startswith(record["h"])
        assert len(record["h"]) == (16 if record["kind"] == "decision" else 64)


def test_every_thousandth_line_is_a_checkpoint(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(2_500))
    writer.stop()
    at = [line["n"] for line in lines_of(tmp_path) if line["kind"] == "checkpoint"]
    assert at[:2] == [CHECKPOINT_LINES, 2 * CHECKPOINT_LINES]
    assert verify(tmp_path).ok


@given(cuts=st.lists(st.integers(0, 1_100), max_size=8))
def test_any_batching_gives_the_same_bytes(cuts: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    records = made(1_100)
    written = []
    for bounds in ([0, 1_100], sorted([0, *cuts, 1_100])):
        directory = tmp_path_factory.mktemp("batched")
        writer = AuditWriter(directory, DIGEST)
        for start, end in itertools.pairwise(bounds):
            writer.append(records[start:end])
            writer.sync()
        writer.stop()
        written.append((directory / FILE).read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("cut", [1, 30, 55])
def test_reopening_cuts_a_torn_line_and_goes_on_with_the_chain(tmp_path: Path, cut: int) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(20))
    writer.sync()
    writer.abandon()
    path = tmp_path / FILE
    torn_length = len(path.read_bytes().splitlines(keepends=True)[-1]) - cut
    os.truncate(path, path.stat().st_size - cut)

    again = AuditWriter(tmp_path, DIGEST)
    assert again.cut_bytes == torn_length
    assert (again.lines, again.records) == (20, 19)
    again.append(made(20)[again.records :])
    again.stop()
    verdict = verify(tmp_path)
    assert verdict.ok
    assert verdict.warning is None
    lines = lines_of(tmp_path)
    assert [line["value"] for line in lines if line["kind"] == "decision"] == list(range(20))
    resume = next(line for line in lines if line["kind"] == "resume")
    assert (resume["n"], resume["cut_bytes"]) == (21, torn_length)


def test_reopening_after_a_stop_goes_on_with_the_same_file(tmp_path: Path) -> None:
    for start in (0, 5):
        writer = AuditWriter(tmp_path, DIGEST)
        writer.append(made(5, start))
        writer.stop()
    kinds = [line["kind"] for line in lines_of(tmp_path)]
    assert kinds == ["head", *["decision"] * 5, "checkpoint", "stop", "resume", *["decision"] * 5, "checkpoint", "stop"]
    assert verify(tmp_path).ok


def test_reopening_refuses_a_log_that_is_bad_before_its_end(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(5))
    writer.stop()
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes().replace(b'"value":2', b'"value":7'))
    with pytest.raises(AuditError, match=r"line 4 \(n 4\) is bad: the chain breaks"):
        AuditWriter(tmp_path, DIGEST)


def test_a_file_that_a_crash_left_empty_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"")
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(1))
    writer.stop()
    assert verify(tmp_path).ok


def test_a_log_without_records_still_has_head_and_stop(tmp_path: Path) -> None:
    AuditWriter(tmp_path, DIGEST).stop()
    assert [line["kind"] for line in lines_of(tmp_path)] == ["head", "checkpoint", "stop"]
    assert verify(tmp_path).ok


@pytest.mark.parametrize("failing", ["write", "sync_file"])
def test_a_failed_write_or_sync_is_final(tmp_path: Path, failing: str) -> None:
    """What the file holds after it is unknown, so no later call may add to it."""
    real, armed = Disk(), [False]

    def refuse() -> None:
        if armed[0]:
            raise OSError(errno.EIO, "Input/output error")

    def write(file: int, data: bytes) -> int:
        refuse()
        return real.write(file, data)

    def sync_file(file: int) -> None:
        refuse()
        real.sync_file(file)

    disk = Disk(write=write) if failing == "write" else Disk(sync_file=sync_file)
    writer = AuditWriter(tmp_path, DIGEST, disk=disk)
    armed[0] = True
    writer.append(made(1))
    with pytest.raises(AuditError, match="Input/output error"):
        writer.sync()
    for call in (writer.sync, writer.stop, lambda: writer.append(made(1)), lambda: writer.tick(0)):
        with pytest.raises(AuditError, match="an earlier write failed"):
            call()
    writer.abandon()


def test_a_time_that_falls_stops_the_writer(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(made(3))
    with pytest.raises(AssertionError, match="must not fall"):
        writer.append(made(1))
    writer.abandon()


def test_a_record_may_not_bring_its_own_number(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    with pytest.raises(AssertionError, match="leave n and h"):
        writer.append([{"ts": 1, "kind": "decision", "n": 4}])
    writer.abandon()
