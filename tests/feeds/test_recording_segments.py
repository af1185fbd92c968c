"""A recording that is written as it comes: segments, restarts, and folders that are another's."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.edge import made_record
from daemon.journal import JournalWriter
from feeds.journal_frames import JournalRecord, Kind
from feeds.record import Record
from feeds.recording import read_records
from feeds.recording_blocks import RecordingError
from feeds.recording_segments import SEGMENT_BYTES_MIN, SegmentWriter

QUOTE = b'{"type":"quote","ts":1,"instrument":"A","bid":1,"ask":2}'


def numbered(count: int, first_n: int = 1, payload: bytes = QUOTE) -> list[Record]:
    return [Record(n, "t.market-data", 2, 10 + n, payload, 10**18 + n) for n in range(first_n, first_n + count)]


def read(folder: Path) -> list[Record]:
    return list(itertools.chain.from_iterable(read_records(folder)))


def test_what_is_written_is_read_back_over_segments_in_name_order(tmp_path: Path) -> None:
    records = numbered(200)
    with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN) as writer:
        writer.write(records[:120])
        writer.write(records[120:])
        assert writer.records == 200
    names = sorted(entry.name for entry in tmp_path.iterdir())
    assert len(names) == writer.segments > 3
    assert names[0] == "recording-00000000000000000001.jsonl.zst"
    assert read(tmp_path) == records


@given(payloads=st.lists(st.one_of(st.binary(max_size=40), st.just(QUOTE)), max_size=20))
def test_any_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("any")
    records = [record for n, payload in enumerate(payloads, 1) for record in numbered(1, n, payload)]
    with SegmentWriter(folder, SEGMENT_BYTES_MIN) as writer:
        writer.write(records)
        assert not writer.has_segments, "a segment appears when it is whole"
    assert (read(folder) if payloads else []) == records


def test_a_segment_that_a_crash_left_open_is_removed_and_the_next_run_goes_on_behind_the_last_whole_one(
    tmp_path: Path,
) -> None:
    with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN) as writer:
        writer.write(numbered(3))
        writer.roll()
        assert [record.n for record in read(tmp_path)] == [1, 2, 3]
        writer.roll()
        assert writer.segments == 1, "nothing to close is no segment"
    (tmp_path / ".recording-00000000000000000004.jsonl.zst.partial").write_bytes(b"half a fra")
    (tmp_path / "NOTES.md").write_text("stays")
    with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN) as writer:
        assert writer.has_segments
        writer.write(numbered(2, first_n=4))
    assert read(tmp_path) == numbered(5)
    assert sorted(entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("recording")) == ["NOTES.md"]


def test_what_was_written_before_trouble_elsewhere_is_kept(tmp_path: Path) -> None:
    def break_off() -> None:
        with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN) as writer:
            writer.write(numbered(2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert read(tmp_path) == numbered(2)


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    refused = pytest.raises(RecordingError, match="is being written by another process")
    with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN), refused:
        SegmentWriter(tmp_path, SEGMENT_BYTES_MIN)
    with SegmentWriter(tmp_path, SEGMENT_BYTES_MIN) as writer:
        assert not writer.has_segments


def test_a_folder_that_is_anothers_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with JournalWriter(journal, 0, 1 << 20) as writer:
        writer.append([JournalRecord(made_record(b""), Kind.STOP)])
    with pytest.raises(RecordingError, match="holds a journal"):
        SegmentWriter(journal, SEGMENT_BYTES_MIN)
    (tmp_path / "day.jsonl.gz").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"day.jsonl.gz is another recording's"):
        SegmentWriter(tmp_path, SEGMENT_BYTES_MIN)
    with pytest.raises(RecordingError, match="segment_bytes must be at least 4096, got 1"):
        SegmentWriter(tmp_path / "new", 1)


def test_trouble_with_the_disk_names_the_file_and_leaves_no_half_segment(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"file.* cannot be opened: (File exists|Not a directory)"):
        SegmentWriter(tmp_path / "file", SEGMENT_BYTES_MIN)
    folder = tmp_path / "gone"
    with SegmentWriter(folder, SEGMENT_BYTES_MIN) as writer:
        folder.rmdir()
        with pytest.raises(RecordingError, match=r"partial cannot be written: No such file"):
            writer.write(numbered(1))
