"""Every changed, dropped, swapped or inserted byte of an audit log is found, and the right record is named."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.chain import GENESIS, link, seal
from audit.errors import AuditError
from audit.segments import segment_name
from audit.verify import Verdict, verify
from audit.writer import AuditWriter

RECORDS = [
    {"ts": 1_000 + i // 2, "kind": "decision" if i % 3 else "action", "scope": "firm/a", "value": i / 7, "note": "é"}
    for i in range(40)
]
FILE = segment_name(1)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a whole, stopped log: head, 40 records, checkpoint, stop."""
    directory = tmp_path_factory.mktemp("log")
    writer = AuditWriter(directory, "ab" * 32)
    writer.append(RECORDS)
    writer.stop()
    return (directory / FILE).read_bytes()


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Verdict]:
    """A function from the bytes of a log to their verdict."""
    directory = tmp_path_factory.mktemp("judged")

    def judged(content: bytes) -> Verdict:
        (directory / FILE).write_bytes(content)
        return verify(directory)

    return judged


def test_an_untouched_log_is_good(log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    verdict = judge(log)
    assert (verdict.ok, verdict.lines, verdict.first_bad, verdict.warning) == (True, 43, None, None)
    assert verdict.chain == orjson.loads(log.splitlines()[-1])["h"]


@given(data=st.data())
def test_any_changed_byte_is_found_and_its_record_named(
    data: st.DataObject, log: bytes, judge: Callable[[bytes], Verdict]
) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != log[at]))
    verdict = judge(log[:at] + bytes([byte]) + log[at + 1 :])
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad.n == log[:at].count(b"\n") + 1
    assert verdict.lines == verdict.first_bad.n - 1


@given(data=st.data())
def test_any_dropped_byte_is_found(data: st.DataObject, log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    length = data.draw(st.integers(1, 300))
    verdict = judge(log[:at] + log[at + length :])
    assert not verdict.ok or verdict.warning is not None
    if not verdict.ok:
        assert verdict.first_bad is not None
        assert verdict.first_bad.n == log[:at].count(b"\n") + 1


@given(data=st.data())
def test_any_inserted_byte_is_found(data: st.DataObject, log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    at = data.draw(st.integers(0, len(log)))
    verdict = judge(log[:at] + data.draw(st.binary(min_size=1, max_size=40)) + log[at:])
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad.n == log[:at].count(b"\n") + 1


@given(data=st.data())
def test_two_swapped_lines_are_found(data: st.DataObject, log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    lines = log.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 2))
    second = data.draw(st.integers(first + 1, len(lines) - 1))
    lines[first], lines[second] = lines[second], lines[first]
    verdict = judge(b"".join(lines))
    assert verdict.first_bad is not None
    assert verdict.first_bad.n == first + 1


@given(drop=st.integers(1, 42))
def test_a_log_cut_at_a_line_says_that_it_ends_without_a_stop(
    drop: int, log: bytes, judge: Callable[[bytes], Verdict]
) -> None:
    verdict = judge(b"".join(log.splitlines(keepends=True)[:-drop]))
    assert verdict.ok
    assert verdict.warning is not None
    assert "ends without a stop" in verdict.warning


def test_a_dropped_line_with_all_later_numbers_mended_breaks_the_chain(
    log: bytes, judge: Callable[[bytes], Verdict]
) -> None:
    lines = [orjson.loads(line) for line in log.splitlines()]
    del lines[9]
    mended = [orjson.dumps(line | {"n": n}) + b"\n" for n, line in enumerate(lines, 1)]
    bad = judge(b"".join(mended)).first_bad
    assert bad is not None
    assert (bad.n, bad.why[:16]) == (10, "the chain breaks")


def test_a_time_that_falls_is_named(log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    bad = judge(log.replace(b'"n":20,"ts":1009', b'"n":20,"ts":1007')).first_bad
    assert bad is not None
    assert (bad.n, bad.why) == (20, "ts must be an integer of at least 1008, got 1007")


def test_a_head_in_the_middle_is_bad(log: bytes, judge: Callable[[bytes], Verdict]) -> None:
    bad = judge(log.replace(b'"n":3,"ts":1000,"kind":"decision"', b'"n":3,"ts":1000,"kind":"head"')).first_bad
    assert bad is not None
    assert "one head record" in bad.why


def test_a_folder_without_a_log_is_an_error_not_a_pass(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no audit-"):
        verify(tmp_path)


def test_a_file_whose_name_skips_numbers_is_bad(tmp_path: Path, log: bytes) -> None:
    (tmp_path / segment_name(2)).write_bytes(log)
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert bad.n == 1
    assert "first n is 1" in bad.why


def test_a_file_after_one_without_a_foot_is_bad(tmp_path: Path, log: bytes) -> None:
    (tmp_path / FILE).write_bytes(log)
    (tmp_path / segment_name(44)).write_bytes(b"")
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert (bad.n, bad.why) == (44, "the file before it ends with kind stop at n 43, not with its foot")


def test_a_log_of_one_empty_file_is_bad(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"")
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert (bad.n, bad.why) == (1, "the file is empty")


def test_a_log_that_stops_making_checkpoints_is_bad(tmp_path: Path) -> None:
    """The chain alone would let anyone go on with a log whose key he lacks."""
    body = b'{"n":1,"ts":0,"kind":"head"}'
    chain = link(GENESIS, body)
    lines = [seal(body, chain, "head")]
    for n in range(2, 1_202):
        body = b'{"n":%d,"ts":0,"kind":"decision"}' % n
        chain = link(chain, body)
        lines.append(seal(body, chain, "decision"))
    (tmp_path / FILE).write_bytes(b"".join(lines))
    bad = verify(tmp_path).first_bad
    assert bad is not None
    assert "a checkpoint must come within 1000 records, got 1200" in bad.why
