"""A full disk: the log ends at a line, the reserve takes the last words, and whoever looks is told."""

import errno
from pathlib import Path

import pytest

from audit.disk import Disk
from audit.errors import AuditError
from audit.reserve import RESERVE_FILE
from audit.segments import segments
from audit.verify import verify
from audit.writer import AuditWriter
from tests.audit.made_disk import Small

DIGEST = "12" * 32
RESERVE_BYTES = 20_000
EVERY_NS = 10 * 10**9


def made(count: int, start: int = 0) -> list[dict[str, object]]:
    return [{"ts": i, "kind": "decision", "value": i} for i in range(start, start + count)]


def opened(directory: Path, small: Small) -> AuditWriter:
    writer = AuditWriter(directory, DIGEST, disk=small.disk(), reserve_bytes=RESERVE_BYTES)
    writer.tick(0)
    return writer


@pytest.mark.parametrize("left_bytes", [0, 1, 700, 1_234])
def test_the_reserve_takes_what_no_longer_fits(tmp_path: Path, left_bytes: int) -> None:
    small = Small(RESERVE_BYTES + 50_000)
    writer = opened(tmp_path, small)
    assert writer.degraded is None
    writer.append(made(20))
    writer.sync()
    small.room_bytes = left_bytes
    writer.append(made(20, 20))
    writer.sync()
    assert writer.degraded is not None
    assert "the disk is full" in writer.degraded
    assert not (tmp_path / RESERVE_FILE).exists()
    assert verify(tmp_path).ok
    writer.append(made(20, 40))
    writer.stop()
    verdict = verify(tmp_path)
    assert (verdict.ok, verdict.records, verdict.warning) == (True, 60, None)


def test_room_that_comes_back_ends_the_trouble(tmp_path: Path) -> None:
    small = Small(RESERVE_BYTES)
    writer = opened(tmp_path, small)
    writer.append(made(20))
    writer.sync()
    assert writer.degraded is not None
    writer.tick(EVERY_NS)
    assert writer.degraded is not None
    small.room_bytes = 10 * RESERVE_BYTES
    writer.tick(2 * EVERY_NS)
    assert writer.degraded is None
    assert (tmp_path / RESERVE_FILE).stat().st_size == RESERVE_BYTES
    writer.stop()


def test_a_disk_that_is_full_again_ends_the_log_at_a_whole_line(tmp_path: Path) -> None:
    small = Small(RESERVE_BYTES)
    writer = opened(tmp_path, small)
    with pytest.raises(AuditError, match="no reserve is left"):
        writer.append(made(2_000))
    writer.abandon()
    verdict = verify(tmp_path)
    assert verdict.ok
    assert 0 < verdict.records < 2_000
    small.room_bytes = 10**6
    again = opened(tmp_path, small)
    assert (again.cut_bytes, again.records) == (0, verdict.records)
    again.append(made(2_000)[again.records :])
    again.stop()
    assert (verify(tmp_path).ok, verify(tmp_path).records) == (True, 2_000)


def test_a_disk_without_room_for_the_reserve_is_a_trouble_from_the_start(tmp_path: Path) -> None:
    writer = opened(tmp_path, Small(RESERVE_BYTES - 1))
    assert writer.degraded is not None
    assert "no room for a reserve" in writer.degraded
    assert not (tmp_path / RESERVE_FILE).exists()
    writer.append(made(3))
    writer.stop()
    assert verify(tmp_path).ok


def test_a_reserve_of_the_process_before_is_kept(tmp_path: Path) -> None:
    small = Small(10 * RESERVE_BYTES)
    opened(tmp_path, small).stop()
    room_bytes = small.room_bytes
    writer = opened(tmp_path, small)
    assert writer.degraded is None
    assert small.room_bytes == room_bytes
    writer.abandon()


def test_a_file_that_no_longer_can_be_made_takes_the_reserve(tmp_path: Path) -> None:
    """A rotation on a full disk: the entry of the next file needs room too."""
    real, full = Disk(), [False]

    def create(path: Path) -> int:
        if full[0] and (tmp_path / RESERVE_FILE).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return real.create(path)

    writer = AuditWriter(tmp_path, DIGEST, segment_bytes=1_000, disk=Disk(create=create), reserve_bytes=RESERVE_BYTES)
    writer.tick(0)
    full[0] = True
    writer.append(made(20))
    writer.stop()
    assert writer.degraded is not None
    assert verify(tmp_path).ok


def test_a_closed_file_stays_plain_while_the_disk_has_no_room_for_its_packed_form(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, segment_bytes=1_000)
    writer.append(made(30))
    writer.sync()
    writer.abandon()
    for room_bytes, is_packed in ((700, False), (1_000_000, True)):  # 700 are enough for the lines of a stop
        again = AuditWriter(tmp_path, DIGEST, disk=Small(room_bytes).disk(), reserve_bytes=0)
        again.stop()
        assert {segment.plain is None for segment in segments(tmp_path)[:-1]} == {is_packed}
        assert not list(tmp_path.glob("*.tmp"))
        assert verify(tmp_path).ok


def test_packing_that_fails_otherwise_is_told_by_a_later_call(tmp_path: Path) -> None:
    def rename(_source: Path, _target: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer = AuditWriter(tmp_path, DIGEST, segment_bytes=1_000, disk=Disk(rename=rename))
    writer.append(made(30))
    writer.tick(0)
    with pytest.raises(AuditError, match=r"packing failed, .*Input/output error"):
        writer.stop()
    assert verify(tmp_path).ok
