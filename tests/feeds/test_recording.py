"""Recordings of every form give the same records, and a damaged one says what is wrong with which file."""

import base64
import gzip
import itertools
import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Topics
from daemon.edge import made_record
from daemon.journal import JournalWriter
from feeds.decode import decode
from feeds.envelope import read_line, write_line
from feeds.journal_frames import JournalRecord, Kind
from feeds.journal_reader import envelopes
from feeds.record import Record, Rejection, RejectReason
from feeds.recording import CHUNK_RECORDS_MAX, LINE_BYTES_MAX, read_records, recording_bytes
from feeds.recording_blocks import RecordingError
from feeds.recording_writer import write_recording

QUOTE = b'{"type":"quote","ts":1,"instrument":"A","bid":1,"ask":2}'
FILL = b'{ "ts":1, "type":"fill", "portfolio":"firm"}'
BEAT = b'{"type":"heartbeat","ts":2,"source":"feed"}'
HALT = b'{"type":"halt","ts":2}'
LINES = [QUOTE, FILL, b"", b"\xff not json", BEAT, b'{"type":"quotes"}', HALT, b'{"items":[{"type":"fill"}]}']
TOPICS = ["market-data", "positions", "", "", "market-data", "", "control", ""]


def read(path: Path, topics: Topics | None = None) -> list[Record]:
    chunks = list(read_records(path, topics=topics))
    assert all(0 < len(chunk) <= CHUNK_RECORDS_MAX for chunk in chunks)
    return list(itertools.chain.from_iterable(chunks))


def expected(lines: list[bytes], topics: list[str]) -> list[Record]:
    return [Record(n, topic, 0, -1, line) for n, (line, topic) in enumerate(zip(lines, topics, strict=True), 1)]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_every_form_of_file_gives_the_same_records_and_n_counts_blank_and_bad_lines(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"day{suffix}"
    assert write_recording(path, LINES) == len(LINES)
    assert read(path) == expected(LINES, TOPICS)
    assert recording_bytes(path) == path.stat().st_size
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_folder_is_one_stream_in_name_order_and_other_files_are_no_part_of_it(tmp_path: Path) -> None:
    write_recording(tmp_path / "2.jsonl.gz", LINES[3:6])
    write_recording(tmp_path / "10.jsonl.zst", LINES[:3])
    (tmp_path / "3.jsonl").write_bytes(b"\n".join(LINES[6:]))
    (tmp_path / "NOTICE.md").write_text("not a recording")
    assert read(tmp_path) == expected(LINES, TOPICS)
    positions: list[int] = []
    for _ in read_records(tmp_path, on_position=positions.append):
        pass
    assert positions == sorted(positions)
    assert (
        positions[-1] == recording_bytes(tmp_path) == sum(entry.stat().st_size for entry in tmp_path.glob("*.jsonl*"))
    )


def test_lines_may_end_with_crlf_and_the_last_one_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    for text in (b"\r\n".join(LINES), b"\r\n".join(LINES) + b"\r\n", b"\n".join(LINES) + b"\r"):
        path.write_bytes(text)
        assert read(path) == expected(LINES, TOPICS)


def test_a_blank_line_is_rejected_as_not_json(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_bytes(b"\n")
    (record,) = read(tmp_path)
    result = decode(record.topic, record.payload)
    assert isinstance(result, Rejection)
    assert result.reason is RejectReason.NOT_JSON


def test_an_empty_file_is_a_recording_without_records(tmp_path: Path) -> None:
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst"):
        write_recording(tmp_path / f"day{suffix}", [])
    assert read(tmp_path) == []


def test_bare_events_take_the_configured_topic_names(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_bytes(b"\n".join([QUOTE, FILL, HALT]))
    topics = Topics(market_data="md", positions="pos", control="ctl")
    assert [record.topic for record in read(tmp_path, topics)] == ["md", "pos", "ctl"]


def test_an_envelope_gives_its_source_and_the_line_gives_n(tmp_path: Path) -> None:
    source = Record(77, "md", 3, 812, b'{"type": "quote",  "x":1}', 55)
    odd = Record(78, "md", 3, 813, b"\xff\x00", 56)
    (tmp_path / "day.jsonl").write_bytes(b"\n".join([QUOTE, write_line(source), write_line(odd)]))
    assert read(tmp_path) == [
        Record(1, "market-data", 0, -1, QUOTE),
        Record(2, "md", 3, 812, source.payload, 55),
        Record(3, "md", 3, 813, odd.payload, 56),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"topic":"md"}',
        b'{"topic":"md","payload_b64":"?"}',
        b'{"topic":"md","payload":{},"payload_b64":""}',
        b'{"topic":"md","partition":-2,"payload":{}}',
        b'{"topic":"md","partition":2147483648,"payload":{}}',
        b'{"topic":"md","offset":9223372036854775808,"payload":{}}',
        b'{"topic":"md","ts_in":-1,"payload":{}}',
        b'{"topic":5,"payload":{}}',
        b'{"payload":{}}',
        b'{"topic":"' + b"x" * 250 + b'","payload":{}}',
        b"[" * 100_000,
    ],
)
def test_a_broken_envelope_is_kept_as_a_bad_line(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "day.jsonl").write_bytes(line)
    (record,) = read(tmp_path)
    assert record == Record(1, "", 0, -1, line)
    assert isinstance(decode(record.topic, record.payload), Rejection)


@given(
    st.binary(max_size=60)
    | st.recursive(st.integers() | st.text(max_size=5), lambda x: st.dictionaries(st.text(max_size=3), x)).map(
        lambda value: json.dumps(value).encode()
    ),
    st.integers(-1, 2**31 - 1),
    st.integers(-1, 2**63 - 1),
)
def test_any_payload_comes_back_from_its_envelope_byte_for_byte(payload: bytes, partition: int, offset: int) -> None:
    line = write_line(Record(5, "tópico", partition, offset, payload, 9), "input")
    assert b"\n" not in line
    json.loads(line)
    found = read_line(line)
    assert not isinstance(found, str)
    assert found is not None
    assert (found.topic, found.partition, found.offset, found.ts_in) == ("tópico", partition, offset, 9)
    assert (found.payload, found.kind) == (payload, "input")


def test_readable_payloads_stay_readable_in_an_envelope() -> None:
    assert json.loads(write_line(Record(1, "md", 0, 0, QUOTE)))["payload"] == json.loads(QUOTE)
    for payload in (b'{"a":NaN}', b'{"a":\n1}', b"{", b"[1]", b'{"a":"\xff"}'):
        members = json.loads(write_line(Record(1, "md", 0, 0, payload)))
        assert base64.b64decode(members["payload_b64"]) == payload


def test_a_journal_and_its_print_are_the_same_recording(tmp_path: Path) -> None:
    entries = [
        JournalRecord(made_record(b'{"base_currency":"USD"}'), Kind.CONFIG),
        JournalRecord(Record(1, "md", 0, 5, QUOTE, 7)),
        JournalRecord(made_record(b'{"type":"tick","ts":9}'), Kind.TICK),
        JournalRecord(Record(2, "md", 1, 6, b"\xff", 8), Kind.REJECTION, Rejection(RejectReason.NOT_JSON, "why", "A")),
        JournalRecord(Record(3, "md", 0, 7, QUOTE, 9)),
    ]
    with JournalWriter(tmp_path / "journal", 0, 1 << 20) as writer:
        writer.append(entries)
    inputs = [entry.record for entry in entries if entry.record.n]
    assert read(tmp_path / "journal") == inputs
    printed = list(envelopes(tmp_path / "journal"))
    assert json.loads(printed[3])["rejection"] == {"reason": "NOT_JSON", "detail": "why", "instrument": "A"}
    write_recording(tmp_path / "print.jsonl.zst", printed)
    assert read(tmp_path / "print.jsonl.zst") == inputs
    positions: list[int] = []
    for _ in read_records(tmp_path / "journal", on_position=positions.append):
        pass
    assert positions[-1] == recording_bytes(tmp_path / "journal")


def test_a_line_beyond_any_payload_is_cut_so_that_memory_is_bounded_and_the_next_lines_stay(tmp_path: Path) -> None:
    long = b"x" * (LINE_BYTES_MAX + 300_000)
    records = [expected([QUOTE, long[:LINE_BYTES_MAX], QUOTE], ["market-data", "", "market-data"])]
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst"):
        path = tmp_path / f"day{suffix}"
        write_recording(path, [QUOTE, long, QUOTE])
        records.append(read(path))
    assert records[0] == records[1] == records[2] == records[3]
    result = decode("", records[0][1].payload)
    assert isinstance(result, Rejection)
    assert result.reason is RejectReason.TOO_LARGE


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_file_cut_anywhere_is_an_error_that_names_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"day.jsonl{suffix}"
    write_recording(path, LINES)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(RecordingError, match=f"day.jsonl{suffix} is (cut short|damaged)"):
            read(path)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_damaged_compressed_file_is_an_error_that_names_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"day.jsonl{suffix}"
    write_recording(path, [b"%d" % (n * n) for n in range(1000)])
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0x10
    path.write_bytes(whole)
    with pytest.raises(RecordingError, match=f"day.jsonl{suffix} is (cut short|damaged)"):
        read(path)


def test_a_compressed_file_of_several_parts_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl.gz").write_bytes(gzip.compress(QUOTE + b"\n" + FILL[:9]) + gzip.compress(FILL[9:]))
    frames = [zstandard.ZstdCompressor().compress(part) for part in (QUOTE + b"\n" + FILL[:9], FILL[9:])]
    (tmp_path / "day.jsonl.zst").write_bytes(b"".join(frames))
    both = read(tmp_path)
    assert [record.payload for record in both] == [QUOTE, FILL, QUOTE, FILL]


def test_what_is_no_recording_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("1,2")
    (tmp_path / "folder.jsonl").mkdir()
    for path, word in (
        (tmp_path / "none.jsonl", "does not exist"),
        (tmp_path / "day.csv", "must end in"),
        (tmp_path, "holds no recording"),
        (tmp_path / "folder.jsonl", "holds no recording"),
    ):
        with pytest.raises(RecordingError, match=word) as caught:
            read(path)
        assert str(path) in str(caught.value)
        with pytest.raises(RecordingError, match=word):
            recording_bytes(path)


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_the_same_lines_give_the_same_file(tmp_path: Path, suffix: str) -> None:
    write_recording(tmp_path / f"one{suffix}", LINES)
    write_recording(tmp_path / f"two{suffix}", iter(LINES))
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_a_recording_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="must end in"):
        write_recording(tmp_path / "day.txt", LINES)
    with pytest.raises(RecordingError, match="line 2"):
        write_recording(tmp_path / "day.jsonl", [QUOTE, b"a\nb"])
    with pytest.raises(RecordingError, match="cannot be written"):
        write_recording(tmp_path / "none" / "day.jsonl", LINES)
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=25)  # each example syncs a file
@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=30))
def test_any_lines_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("lines") / "day.jsonl.zst"
    write_recording(path, lines)
    assert [(record.n, record.payload) for record in read(path)] == list(enumerate(lines, 1))
