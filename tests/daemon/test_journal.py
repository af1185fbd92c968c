"""The journal gives back what was appended, in segments that rotate, for one writer at a time."""

import itertools
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.edge import made_record
from daemon.journal import SEGMENT_BYTES_MIN, JournalWriter
from feeds.journal_frames import (
    GROUP_HEADER_BYTES,
    GROUP_RECORDS_MAX,
    HEADER_BYTES,
    NUMBERED,
    FormatError,
    JournalError,
    JournalRecord,
    Kind,
    SegmentHeader,
    pack_header,
    parse_header,
)
from feeds.journal_packing import JournalEntries, pack_group, split_groups
from feeds.journal_reader import is_journal, journal_bytes, segment_paths
from feeds.record import Record, Rejection, RejectReason
from tests.daemon.journal_sample import SEGMENT_BYTES, entries, entry, read, write

TICK = JournalRecord(made_record(b'{"type":"tick","ts":9}', ts_in=9), Kind.TICK)


@st.composite
def streams(draw: st.DrawFn) -> list[JournalRecord]:
    """Return a stream with every kind, n counted on over inputs and rejections."""
    stream: list[JournalRecord] = []
    n = 0
    for kind in draw(st.lists(st.sampled_from(Kind), max_size=40)):
        payload = draw(st.binary(max_size=30))
        if kind not in NUMBERED:
            stream.append(JournalRecord(made_record(payload, ts_in=draw(st.integers(0, 2**63 - 1))), kind))
            continue
        n += 1
        record = Record(
            n, draw(st.sampled_from(["a", "b", "", "ü"])), draw(st.integers(-1, 2**31 - 1)),
            draw(st.integers(-1, 2**63 - 1)), payload, draw(st.integers(0, 2**63 - 1)),
        )  # fmt: skip
        refused = Rejection(draw(st.sampled_from(RejectReason)), "why \x00 ü", draw(st.sampled_from([None, "A"])))
        stream.append(JournalRecord(record, kind, refused if kind is Kind.REJECTION else None))
    return stream


@settings(deadline=None, max_examples=60)
@given(stream=streams(), cuts=st.lists(st.integers(0, 40)), reopened=st.integers(0, 40))
def test_any_batching_and_any_reopening_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, stream: list[JournalRecord], cuts: list[int], reopened: int
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    bounds = sorted({0, *(min(cut, len(stream)) for cut in [*cuts, reopened]), len(stream)})
    batches = [stream[start:end] for start, end in itertools.pairwise(bounds)]
    write(directory, [batch for batch, end in zip(batches, bounds[1:], strict=True) if end <= reopened])
    write(directory, [batch for batch, end in zip(batches, bounds[1:], strict=True) if end > reopened])
    assert read(directory) == stream


def test_segments_rotate_by_size_and_the_name_has_the_first_n(tmp_path: Path) -> None:
    stream = [entry(n, b"x" * 200) for n in range(1, 201)]
    write(tmp_path, [stream[start : start + 5] for start in range(0, 200, 5)], SEGMENT_BYTES_MIN)
    paths = segment_paths(tmp_path)
    assert len(paths) > 10
    assert all(path.stat().st_size <= SEGMENT_BYTES_MIN for path in paths)
    assert paths[0].name == f"journal-{1:020}.rjl"
    assert read(tmp_path) == stream
    assert journal_bytes(tmp_path) == sum(path.stat().st_size for path in paths)
    second = int(paths[1].name[8:28])
    assert read(tmp_path, second)[0].record.n == second
    assert is_journal(tmp_path)


def test_a_group_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    stream = [entry(1), entry(2, b"x" * 3 * SEGMENT_BYTES_MIN), entry(3)]
    write(tmp_path, [[item] for item in stream], SEGMENT_BYTES_MIN)
    assert len(segment_paths(tmp_path)) == 3
    assert read(tmp_path) == stream


def test_segments_that_hold_only_ticks_keep_their_order(tmp_path: Path) -> None:
    """A quiet weekend of ticks fills segments without any input, so several begin at the same n."""
    ticks = [JournalRecord(made_record(b"%d" % n), Kind.TICK) for n in range(400)]
    stream = [entry(1), *ticks, entry(2)]
    write(tmp_path, [[item] for item in stream], SEGMENT_BYTES_MIN)
    assert len({path.name[:28] for path in segment_paths(tmp_path)}) == 2 < len(segment_paths(tmp_path))
    assert read(tmp_path) == stream
    assert [path.name for path in segment_paths(tmp_path)] == sorted(path.name for path in tmp_path.iterdir())


@settings(deadline=None, max_examples=40)
@given(stream=streams(), from_n=st.integers(0, 45))
def test_reading_from_n_leaves_out_everything_up_to_the_input_before(
    tmp_path_factory: pytest.TempPathFactory, stream: list[JournalRecord], from_n: int
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    padded = [
        JournalRecord(msgspec.structs.replace(item.record, payload=b"x" * 700)) if item.kind is Kind.INPUT else item
        for item in stream
    ]
    write(directory, [[item] for item in padded], SEGMENT_BYTES_MIN)
    start = max((index + 1 for index, item in enumerate(padded) if 0 < item.record.n < from_n), default=0)
    reached = from_n <= 1 or any(item.record.n == from_n - 1 for item in padded)
    assert read(directory, from_n) == (padded[start:] if reached else [])


def test_n_must_count_on_without_a_gap(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
        writer.append(entries(1, 2))
        refused = Rejection(RejectReason.NOT_JSON, "why")
        for wrong in (
            entry(2),
            entry(4),
            JournalRecord(entry(3).record, Kind.TICK),
            JournalRecord(entry(3).record, Kind.REJECTION),
            JournalRecord(TICK.record, Kind.TICK, refused),
        ):
            with pytest.raises(JournalError, match=r"must have n|do not fit"):
                writer.append([wrong])
        writer.append(entries(3, 1))
    assert read(tmp_path) == entries(1, 3)


def test_a_large_batch_becomes_groups_within_their_bound() -> None:
    groups = list(split_groups(JournalEntries.of(entries(1, 2 * GROUP_RECORDS_MAX + 1))))
    assert [len(group) for group in groups] == [GROUP_RECORDS_MAX, GROUP_RECORDS_MAX, 1]
    heavy = [entry(n, b"x" * (20 * 1024 * 1024)) for n in range(1, 4)]
    assert [len(group) for group in split_groups(JournalEntries.of(heavy))] == [2, 1]
    assert list(split_groups(JournalEntries.of([]))) == []


def test_another_shard_and_a_second_writer_are_refused(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES), pytest.raises(JournalError, match="in use by another writer"):
        JournalWriter(tmp_path, 0, SEGMENT_BYTES)
    with pytest.raises(JournalError, match="belongs to shard 0, got shard 1"):
        JournalWriter(tmp_path, 1, SEGMENT_BYTES)
    with pytest.raises(JournalError, match="at least 4096, got 10"):
        JournalWriter(tmp_path, 0, 10)
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES):
        pass  # the refused ones let go of the folder


def test_another_setup_begins_a_segment_of_its_own(tmp_path: Path) -> None:
    for digest, batch in (("aa", entries(1, 2)), ("aa", entries(3, 1)), ("bb", entries(4, 1)), ("cc", []), ("dd", [])):
        with JournalWriter(tmp_path, 0, SEGMENT_BYTES, setup_digest=digest) as writer:
            writer.append(batch)
    headers = [parse_header(path.read_bytes()[:HEADER_BYTES]) for path in segment_paths(tmp_path)]
    assert [(header.ordinal, header.first_n, header.setup_digest) for header in headers] == [
        (0, 1, "aa"),
        (1, 4, "bb"),
        (2, 5, "cc"),
        (3, 5, "dd"),
    ]
    assert read(tmp_path) == entries(1, 4)


def test_a_header_of_an_unknown_version_or_a_long_digest_is_refused() -> None:
    header = SegmentHeader(shard=0, ordinal=0, first_n=1, setup_digest="")
    with pytest.raises(FormatError, match="at most 64"):
        pack_header(SegmentHeader(shard=0, ordinal=0, first_n=1, setup_digest="a" * 65))
    with pytest.raises(FormatError, match="begins with"):
        parse_header(b"NOTRISKD" + pack_header(header)[8:])
    assert parse_header(pack_header(header)) == header


def test_sync_touches_the_disk_only_where_something_was_appended(tmp_path: Path) -> None:
    calls: list[int] = []
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES, sync_file=calls.append) as writer:
        created = len(calls)
        writer.sync()
        assert len(calls) == created
        writer.append(entries(1, 1))
        writer.sync()
        writer.sync()
        assert len(calls) == created + 1


def test_a_closed_writer_takes_nothing_more(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, 0, SEGMENT_BYTES)
    writer.close()
    writer.close()
    with pytest.raises(JournalError, match="it is closed"):
        writer.append(entries(1, 1))


def test_a_folder_without_segments_or_without_access_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no journal segment"):
        read(tmp_path)
    with pytest.raises(JournalError, match="cannot be read"):
        read(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match="cannot be opened"):
        JournalWriter(tmp_path / "file", 0, SEGMENT_BYTES)


def test_a_reader_beside_the_writer_sees_whole_groups_only(tmp_path: Path) -> None:
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
        writer.append(entries(1, 2))
        assert read(tmp_path) == entries(1, 2)
        name, end = writer.position
        assert os.path.getsize(tmp_path / name) == end
        with (tmp_path / name).open("ab") as file:
            file.write(pack_group(JournalEntries.of(entries(3, 1)), ordinal=0, position=end)[: GROUP_HEADER_BYTES + 5])
        assert read(tmp_path) == entries(1, 2)
