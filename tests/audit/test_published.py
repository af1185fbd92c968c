"""Published checkpoints as they come from a topic that others may write to."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import AuditError
from audit.published import DOUBTS_NAMED_MAX
from audit.verify import verify
from tests.audit.signed_log import KEY, OTHER, read, written


def test_what_no_key_signed_cannot_make_a_good_log_look_cut(tmp_path: Path) -> None:
    records = written(tmp_path, 5)
    forged = orjson.dumps(orjson.loads(records[0]) | {"n": 99})
    published = read([*records, forged], KEY)
    assert len(published.doubts) == 1
    assert "n 99" in published.doubts[0]
    verdict = verify(tmp_path, keys=[KEY.public_key()], published=published)
    assert (verdict.ok, verdict.compared) == (True, 1)
    assert not verify(tmp_path, published=read([*records, forged])).ok


def test_published_twice_is_as_good_as_once_but_not_with_another_h() -> None:
    record = {"schema": "risk.audit.checkpoint", "schema_version": 1, "shard": 1, "n": 7, "h": "00" * 32}
    text = orjson.dumps(record)
    assert read([text, b"\n", text]).chains == {1: {7: bytes(32)}}
    with pytest.raises(AuditError, match="published before with another h"):
        read([text, orjson.dumps(record | {"h": "11" * 32})])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"not json", "is not JSON"),
        (b"[]", "must be an object of schema"),
        (b'{"schema":"risk.audit.checkpoint","schema_version":2}', "schema_version 1, got 2"),
        (b'{"schema":"risk.audit.checkpoint","schema_version":1,"shard":true}', "integer shard, got True"),
        (b'{"schema":"risk.audit.checkpoint","schema_version":1,"shard":0,"n":1,"h":"zz"}', "64 hex digits"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(AuditError, match=why):
        read([text])


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One checkpoint as it was published."""
    (record,) = written(tmp_path_factory.mktemp("published"), 5)
    return record


@pytest.mark.parametrize(
    "text",
    [
        b"garbage",
        b"\xff",
        b"[]",
        b'"text"',
        b"[" * 5_000,
        b'{"schema":"risk.audit.checkpoint","schema_version":2}',
        b'{"schema":"risk.audit.checkpoint","schema_version":1,"shard":0,"n":1,"h":7}',
    ],
)
def test_what_cannot_be_read_is_a_doubt_where_keys_are_and_ends_nothing(good: bytes, text: bytes) -> None:
    published = read([text, good, text], KEY)
    assert len(published.chains[0]) == 1
    assert (published.doubt_count, len(published.doubts)) == (2, 2)
    assert published.doubts[1].startswith("published checkpoint 3 is left out: ")
    with pytest.raises(AuditError, match="published checkpoint 1 "):
        read([text, good])


@given(changed=st.dictionaries(
    st.sampled_from(["shard", "setup_digest", "n", "ts", "lines", "records", "previous", "key", "sig", "h"]),
    st.one_of(st.none(), st.booleans(), st.integers(0, 2**70), st.text(max_size=70), st.just("ab" * 32),
              st.just("ab" * 64), st.recursive(st.none(), st.lists, max_leaves=3)),
    min_size=1,
))  # fmt: skip
def test_no_change_of_a_record_passes_the_key_and_none_ends_the_reading(
    good: bytes, changed: dict[str, object]
) -> None:
    record = orjson.loads(good)
    if all(record[name] == value and type(record[name]) is type(value) for name, value in changed.items()):
        return
    try:
        text = orjson.dumps(record | changed)
    except orjson.JSONEncodeError:  # an integer over 64 bits
        return
    published = read([text, good], KEY)
    assert (published.doubt_count, dict(published.chains)) == (1, dict(read([good], KEY).chains))


def test_values_nested_deeper_than_json_is_written_are_a_doubt(good: bytes) -> None:
    text = good.replace(b'"ts":4', b'"ts":' + b"[" * 500 + b"]" * 500)
    assert text != good
    assert read([text, good], KEY).doubt_count == 1


def test_a_good_signature_carries_no_other_h(tmp_path: Path) -> None:
    """The signature says h_(n-1); an h_n that was put beside it would make a good log look forged."""
    (record,) = written(tmp_path, 5)
    forged = orjson.dumps(orjson.loads(record) | {"h": "00" * 32})
    upper = orjson.loads(record)
    upper = orjson.dumps(upper | {"sig": upper["sig"].upper()})
    published = read([forged, upper, record], KEY)
    assert published.doubt_count == 2
    assert "(shard 0, n 7) its h is not what follows from its signature" in published.doubts[0]
    verdict = verify(tmp_path, keys=[KEY.public_key()], published=published)
    assert (verdict.ok, verdict.compared) == (True, 1)


def test_doubts_are_counted_and_only_the_first_are_named(good: bytes) -> None:
    published = read([b"garbage"] * 1_000 + [good], KEY)
    assert (published.doubt_count, len(published.doubts), len(published.chains)) == (1_000, DOUBTS_NAMED_MAX, 1)


def test_a_record_that_another_key_signed_is_a_doubt(good: bytes) -> None:
    published = read([good], OTHER)
    assert (published.chains, published.doubt_count) == ({}, 1)
    assert "(shard 0, n 7) the checkpoint is signed by key" in published.doubts[0]
