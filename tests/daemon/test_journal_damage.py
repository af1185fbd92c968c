"""The journal cuts only what a crash tore, refuses what is damaged, and trusts no disk that failed once."""

import errno
import itertools
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.journal import SEGMENT_BYTES_MIN, JournalWriter
from feeds.journal_frames import (
    HEADER_BYTES,
    JournalError,
    SegmentHeader,
    pack_header,
)
from feeds.journal_packing import JournalEntries, pack_group
from feeds.journal_reader import TornTail, segment_paths
from tests.daemon.journal_sample import SEGMENT_BYTES, entries, entry, read, write


def test_a_tail_torn_at_any_byte_of_the_last_group_is_cut_and_the_writer_goes_on(tmp_path: Path) -> None:
    write(tmp_path, [entries(1, 3), entries(4, 2)])
    (path,) = segment_paths(tmp_path)
    whole = path.read_bytes()
    start = len(whole) - len(pack_group(JournalEntries.of(entries(4, 2)), ordinal=0, position=0))
    for end in range(start, len(whole)):
        for tail in (b"", b"\0" * 50):
            path.write_bytes(whole[:end] + tail)
            assert read(tmp_path) == entries(1, 3)
            with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
                torn = end - start + len(tail)
                assert writer.cut == (TornTail(path, start, torn) if torn else None)
                assert writer.last_n == 3
                assert writer.position == (path.name, start)
                writer.append(entries(4, 2))
            assert path.read_bytes() == whole


def test_a_segment_torn_before_its_header_was_whole_is_removed(tmp_path: Path) -> None:
    write(tmp_path, [entries(1, 3)])
    header = pack_header(SegmentHeader(shard=0, ordinal=1, first_n=4, setup_digest=""))
    torn = tmp_path / f"journal-{4:020}.rjl"
    for size in range(HEADER_BYTES + 1):
        torn.write_bytes(header[:size] if size < HEADER_BYTES else b"\0" * size)
        assert read(tmp_path) == entries(1, 3)
        with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
            assert writer.cut == TornTail(torn, 0, size)
            assert writer.last_n == 3
        assert not torn.exists()


def test_a_journal_torn_in_its_very_first_header_begins_anew(tmp_path: Path) -> None:
    (tmp_path / f"journal-{1:020}.rjl").write_bytes(b"RISK")
    write(tmp_path, [entries(1, 2)])
    assert read(tmp_path) == entries(1, 2)


def test_every_flipped_bit_before_the_last_group_is_refused_with_file_and_byte(tmp_path: Path) -> None:
    write(tmp_path, [entries(1, 1), entries(2, 1)])
    (path,) = segment_paths(tmp_path)
    whole = path.read_bytes()
    second = len(whole) - len(pack_group(JournalEntries.of(entries(2, 1)), ordinal=0, position=0))
    for index, bit in itertools.product(range(second), (0, 3, 7)):
        damaged = bytearray(whole)
        damaged[index] ^= 1 << bit
        path.write_bytes(damaged)
        place = "0" if index < HEADER_BYTES else str(HEADER_BYTES)
        with pytest.raises(JournalError, match=rf"{path.name} at byte {place}:"):
            read(tmp_path)
        with pytest.raises(JournalError, match=rf"{path.name} at byte {place}:"):
            JournalWriter(tmp_path, 0, SEGMENT_BYTES)
        assert path.read_bytes() == damaged


def test_every_flipped_bit_of_the_last_group_is_found(tmp_path: Path) -> None:
    write(tmp_path, [entries(1, 1), entries(2, 1)])
    (path,) = segment_paths(tmp_path)
    whole = path.read_bytes()
    second = len(whole) - len(pack_group(JournalEntries.of(entries(2, 1)), ordinal=0, position=0))
    for index in range(second, len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 0x04
        path.write_bytes(damaged)
        assert read(tmp_path) == entries(1, 1)


def test_damage_in_an_earlier_segment_is_never_taken_for_a_torn_tail(tmp_path: Path) -> None:
    write(tmp_path, [[entry(n, b"x" * 3000)] for n in range(1, 4)], SEGMENT_BYTES_MIN)
    first = segment_paths(tmp_path)[0]
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(JournalError, match=rf"{first.name} at byte {HEADER_BYTES}: .* later segments follow"):
        read(tmp_path)


def test_a_group_forged_inside_a_payload_does_not_turn_a_torn_tail_into_damage(tmp_path: Path) -> None:
    forged = pack_group(JournalEntries.of(entries(9, 1)), ordinal=0, position=0)
    write(tmp_path, [entries(1, 1), [entry(2, forged * 3)]])
    (path,) = segment_paths(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
        assert writer.cut is not None
        assert writer.last_n == 1


def test_a_missing_or_foreign_segment_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [[entry(n, b"x" * 3000)] for n in range(1, 5)], SEGMENT_BYTES_MIN)
    paths = segment_paths(tmp_path)
    second = paths[1].read_bytes()
    paths[1].unlink()
    with pytest.raises(JournalError, match="segment 1 must be next, got 2"):
        read(tmp_path)
    paths[1].write_bytes(pack_header(SegmentHeader(shard=3, ordinal=1, first_n=2, setup_digest="")))
    with pytest.raises(JournalError, match="shard must be 0, got 3"):
        read(tmp_path)
    paths[1].write_bytes(pack_header(SegmentHeader(shard=0, ordinal=1, first_n=2, setup_digest="")))
    with pytest.raises(JournalError, match="input 2 must be next, got 3"):
        read(tmp_path)
    paths[1].write_bytes(second)
    paths[1].rename(tmp_path / f"journal-{1:020}_000001.rjl")
    with pytest.raises(JournalError, match="the name must say n 2"):
        read(tmp_path)


def test_a_sync_error_is_final(tmp_path: Path) -> None:
    """After a failed fsync the kernel may have dropped the pages: a second one that succeeds would lie."""
    calls: list[int] = []

    def failing_disk(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")

    writer = JournalWriter(tmp_path, 0, SEGMENT_BYTES, sync_file=failing_disk)
    writer.append(entries(1, 1))
    with pytest.raises(JournalError, match="sync failed: Input/output error"):
        writer.sync()
    for action in (writer.sync, lambda: writer.append(entries(2, 1))):
        with pytest.raises(JournalError, match="takes nothing more: sync failed"):
            action()
    writer.close()
    assert len(calls) == 2


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_the_disk_takes_only_in_part_is_final_and_cut_at_the_next_start(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, 0, SEGMENT_BYTES)
    writer.append(entries(1, 2))
    position = writer.position[1]
    with file_size_limit(position + 20), pytest.raises(JournalError, match="write failed"):
        writer.append(entries(3, 5))
    with pytest.raises(JournalError, match="takes nothing more"):
        writer.append(entries(3, 5))
    writer.close()
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as again:
        assert again.cut == TornTail(segment_paths(tmp_path)[0], position, 20)
        again.append(entries(3, 1))
    assert read(tmp_path) == entries(1, 3)
