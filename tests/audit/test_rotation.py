"""Rotation and packing: the same log in many files, and no step of it at which a crash could hurt."""

import io
import itertools
import os
import sys
from pathlib import Path

import orjson
import pytest
import zstandard

from audit.errors import AuditError
from audit.segments import segment_name, segments
from audit.verify import verify
from audit.writer import AuditWriter
from tests.audit.made_disk import CrashError, Crashing

DIGEST = "ef" * 32
SEGMENT_BYTES = 1_200
DAY_NS = 86_400 * 10**9
RECORDS = [{"ts": 10 * i, "kind": "decision", "value": i} for i in range(40)]


def write_all(directory: Path) -> AuditWriter:
    writer = AuditWriter(directory, DIGEST, segment_bytes=SEGMENT_BYTES)
    for record in RECORDS:
        writer.append([record])
    writer.stop()
    return writer


def values(directory: Path) -> list[int]:
    lines = [orjson.loads(line) for segment in segments(directory) for line in segment.lines()]
    return [line["value"] for line in lines if line["kind"] == "decision"]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_long_log_is_many_files_whose_heads_and_feet_hold_each_other(tmp_path: Path) -> None:
    writer = write_all(tmp_path)
    verdict = verify(tmp_path)
    assert (verdict.ok, verdict.warning, verdict.records) == (True, None, len(RECORDS))
    assert (verdict.lines, verdict.chain) == (writer.lines, writer.chain)
    found = segments(tmp_path)
    assert verdict.files == len(found) > 3
    assert [segment.path.name for segment in found[:-1]] == [segment.name + ".zst" for segment in found[:-1]]
    assert found[-1].packed is None
    contents = [[orjson.loads(line) for line in segment.lines()] for segment in found]
    for before, after in itertools.pairwise(contents):
        foot, head = before[-1], after[0]
        assert (foot["kind"], head["kind"]) == ("foot", "head")
        assert (head["previous"], head["lines"], head["n"]) == (foot["h"], foot["n"], foot["n"] + 1)
        assert (
            head["records"]
            == foot["records"]
            == sum(line["kind"] == "decision" for line in before) + int(before[0]["records"])
        )


def test_batches_and_syncs_do_not_move_the_rotation(tmp_path: Path) -> None:
    write_all(tmp_path / "single")
    writer = AuditWriter(tmp_path / "whole", DIGEST, segment_bytes=SEGMENT_BYTES)
    writer.append(RECORDS[:7])
    writer.sync()
    writer.append(RECORDS[7:])
    writer.stop()
    one, two = ([line for s in segments(tmp_path / name) for line in s.lines()] for name in ("single", "whole"))
    assert one == two
    assert names(tmp_path / "single") == names(tmp_path / "whole")


def run_until(crash: Crashing, directory: Path) -> int:
    """Go on with the log up to the crash; return how many records were surely synced, -1 where there was no crash."""
    synced = 0
    writer: AuditWriter | None = None
    try:
        writer = AuditWriter(directory, DIGEST, segment_bytes=SEGMENT_BYTES, disk=crash.disk())
        synced = writer.records
        for start in range(writer.records, len(RECORDS), 5):
            writer.append(RECORDS[start : start + 5])
            writer.sync()
            synced = writer.records
        writer.stop()
    except CrashError:
        if writer is not None:
            writer.abandon()
        return synced
    return -1


def check_and_finish(directory: Path, synced: int) -> None:
    """What a crash left must verify but for a torn end, must open, go on, and then be whole."""
    if list(directory.glob("audit-*")):
        bad = verify(directory).first_bad
        assert bad is None or bad.torn or bad.why == "the file is empty"
    writer = AuditWriter(directory, DIGEST, segment_bytes=SEGMENT_BYTES)
    assert writer.records >= synced
    writer.append(RECORDS[writer.records :])
    writer.stop()
    verdict = verify(directory)
    assert (verdict.ok, verdict.warning, verdict.records) == (True, None, len(RECORDS))
    assert values(directory) == list(range(len(RECORDS)))
    found = segments(directory)
    assert names(directory) == sorted([*(s.name + ".zst" for s in found[:-1]), found[-1].name])


def test_a_crash_at_any_step_leaves_a_log_that_verifies_opens_and_goes_on(tmp_path: Path) -> None:
    steps = 0
    while (synced := run_until(Crashing(steps), tmp_path / str(steps))) >= 0:
        check_and_finish(tmp_path / str(steps), synced)
        steps += 1
    assert steps > 60  # opening, writes, rotations and packing of every file were all cut short once


@pytest.mark.parametrize("first", range(3, 90, 8))
def test_a_second_crash_while_opening_after_the_first_loses_nothing(tmp_path: Path, first: int) -> None:
    for second in range(12):
        directory = tmp_path / str(second)
        synced = run_until(Crashing(first), directory)
        again = run_until(Crashing(second), directory)
        check_and_finish(directory, max(synced, again))


def test_a_plain_file_beside_its_compressed_form_is_removed_only_where_they_agree(tmp_path: Path) -> None:
    write_all(tmp_path)
    first = segments(tmp_path)[0]
    content = b"".join(first.lines())
    (tmp_path / first.name).write_bytes(content)
    assert verify(tmp_path).ok
    AuditWriter(tmp_path, DIGEST).abandon()
    assert not (tmp_path / first.name).exists()

    (tmp_path / first.name).write_bytes(content[:-1] + b"x")
    assert not verify(tmp_path).ok
    with pytest.raises(AuditError, match="differs from"):
        AuditWriter(tmp_path, DIGEST)
    assert (tmp_path / first.name).exists()


def test_a_half_written_compressed_file_is_removed(tmp_path: Path) -> None:
    write_all(tmp_path)
    part = tmp_path / "audit-00000000000000000001.jsonl.zst.tmp"
    part.write_bytes(b"half")
    AuditWriter(tmp_path, DIGEST).abandon()
    assert not part.exists()
    assert verify(tmp_path).ok


@pytest.mark.parametrize("kind", ["changed", "cut", "grown", "swapped"])
def test_damage_of_a_compressed_file_is_found(tmp_path: Path, kind: str) -> None:
    write_all(tmp_path)
    packed = segments(tmp_path)[1].path
    content = bytearray(packed.read_bytes())
    if kind == "changed":
        content[len(content) // 2] ^= 1
    elif kind == "cut":
        del content[len(content) // 2 :]
    elif kind == "grown":
        content += b"more"
    else:
        plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(bytes(content))).read()
        content = bytearray(zstandard.ZstdCompressor().compress(plain.replace(b"decision", b"decisiom", 1)))
    packed.write_bytes(bytes(content))
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert bad.file in {packed.name, segments(tmp_path)[2].path.name}


def test_a_missing_file_in_the_middle_is_named(tmp_path: Path) -> None:
    write_all(tmp_path)
    found = segments(tmp_path)
    found[1].path.unlink()
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert bad.file == found[2].path.name
    assert "first n is" in bad.why


def test_opening_reads_the_last_file_and_the_foot_before_it_alone(tmp_path: Path) -> None:
    """A log of months must open like one of a day: damage further back is for verification to find."""
    writer = write_all(tmp_path)
    segments(tmp_path)[0].path.write_bytes(b"damaged")
    again = AuditWriter(tmp_path, DIGEST)
    assert (again.lines, again.records, again.chain) == (writer.lines, writer.records, writer.chain)
    again.abandon()
    assert not verify(tmp_path).ok


def test_a_log_of_another_shard_is_refused(tmp_path: Path) -> None:
    AuditWriter(tmp_path, DIGEST, shard=2).stop()
    with pytest.raises(AuditError, match="belongs to shard 2, got shard 0"):
        AuditWriter(tmp_path, DIGEST)


def test_a_new_day_begins_a_new_file_and_packs_the_old_one_but_a_quiet_day_does_not(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(RECORDS[:3])
    writer.tick(5 * DAY_NS + 1)
    assert len(segments(tmp_path)) == 1
    writer.tick(6 * DAY_NS)
    assert len(segments(tmp_path)) == 2
    writer.tick(7 * DAY_NS)
    writer.tick(6 * DAY_NS)  # the clock was set back
    assert len(segments(tmp_path)) == 2
    writer.append(RECORDS[3:])
    writer.tick(9 * DAY_NS)
    writer.stop()
    assert [segment.path.suffix for segment in segments(tmp_path)] == [".zst", ".zst", ".jsonl"]
    assert verify(tmp_path).ok
    assert values(tmp_path) == list(range(len(RECORDS)))


def test_a_log_of_yesterday_is_ended_at_the_first_tick_of_today(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST)
    writer.append(RECORDS[:3])
    writer.stop()
    os.utime(tmp_path / segment_name(1), ns=(3 * DAY_NS, 3 * DAY_NS))
    again = AuditWriter(tmp_path, DIGEST)
    again.tick(4 * DAY_NS)
    again.append(RECORDS[3:])
    again.stop()
    kinds = [orjson.loads(line)["kind"] for line in segments(tmp_path)[0].lines()]
    assert kinds[-3:] == ["stop", "resume", "foot"]
    verdict = verify(tmp_path)
    assert (verdict.ok, verdict.files) == (True, 2)


def test_wall_time_is_in_no_line(tmp_path: Path) -> None:
    chains = []
    for start_ns in (3 * DAY_NS, 700 * DAY_NS):
        writer = AuditWriter(tmp_path / str(start_ns), DIGEST)
        writer.append(RECORDS[:3])
        for passed_ns in (0, 10**10, DAY_NS):
            writer.tick(start_ns + passed_ns)
        writer.stop()
        chains.append(writer.chain)
    assert chains[0] == chains[1]


def test_a_stop_right_after_packing_began_waits_for_it(tmp_path: Path) -> None:
    """The packing thread may not have come to its turn when the writer stops; that must cost nothing."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1.0)  # the thread that began something goes on first
    try:
        for attempt in range(20):
            directory = tmp_path / str(attempt)
            writer = AuditWriter(directory, DIGEST, segment_bytes=SEGMENT_BYTES, reserve_bytes=0)
            for start in (0, 20):
                writer.append(RECORDS[start : start + 20])
                writer.tick(start)
            writer.stop()
            assert all(segment.plain is None for segment in segments(directory)[:-1])
    finally:
        sys.setswitchinterval(interval_s)
