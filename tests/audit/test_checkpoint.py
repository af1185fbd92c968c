"""Signed and published checkpoints: they show what a chain alone cannot, a cut end and a log written anew."""

import hashlib
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import CHECKPOINT_LINES, GENESIS, link, seal, unseal
from audit.checkpoint import PublishedCheckpoints, by_fingerprint, read_published
from audit.errors import AuditError
from audit.segments import segment_name
from audit.verify import verify, verify_all
from audit.writer import CHECKPOINTS_KEPT_MAX, AuditWriter

DIGEST = "ab" * 32
FILE = segment_name(1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
S_NS = 10**9


def made(count: int, start: int = 0) -> list[dict[str, object]]:
    return [{"ts": i, "kind": "decision", "value": i} for i in range(start, start + count)]


def written(directory: Path, count: int = 2_500, key: Ed25519PrivateKey | None = KEY, shard: int = 0) -> list[bytes]:
    """Write a stopped log and return what it gave to publish."""
    writer = AuditWriter(directory, DIGEST, signing_key=key, shard=shard)
    writer.append(made(count))
    writer.stop()
    return writer.take_checkpoints()


def read(records: list[bytes], key: Ed25519PrivateKey | None = None) -> PublishedCheckpoints:
    return read_published(records, None if key is None else by_fingerprint([key.public_key()]))


def rewritten(directory: Path, old: bytes, new: bytes) -> None:
    """Change bytes of the log and mend the whole chain after them, as whoever has the file but not the key can."""
    chain, lines = GENESIS, []
    for text in (directory / FILE).read_bytes().replace(old, new).splitlines():
        kind = orjson.loads(text)["kind"]
        body = unseal(text, kind)
        assert body is not None
        chain = link(chain, body)
        lines.append(seal(body, chain, kind))
    (directory / FILE).write_bytes(b"".join(lines))


def test_a_signature_can_be_checked_with_nothing_of_ours(tmp_path: Path) -> None:
    written(tmp_path, 5)
    lines = (tmp_path / FILE).read_bytes().splitlines()
    before, checkpoint = orjson.loads(lines[-3]), orjson.loads(lines[-2])
    chain = bytes(32)
    for text in lines[:-2]:
        cut = text.rindex(b',"h":"')
        chain = hashlib.sha256(chain + text[:cut] + b"}").digest()
    assert chain.hex().startswith(before["h"])
    message = (
        f'{{"schema":"risk.audit.checkpoint","schema_version":1,"shard":0,"setup_digest":"{DIGEST}","n":7,"ts":4,'
        f'"lines":6,"records":5,"previous":"{chain.hex()}",'
        f'"key":"{hashlib.sha256(KEY.public_key().public_bytes_raw()).hexdigest()[:16]}"}}'
    )
    KEY.public_key().verify(bytes.fromhex(checkpoint["sig"]), message.encode())


def test_the_published_record_is_the_signed_message_with_its_place_in_the_log(tmp_path: Path) -> None:
    published = [orjson.loads(record) for record in written(tmp_path)]
    lines = [orjson.loads(line) for line in (tmp_path / FILE).read_bytes().splitlines()]
    checkpoints = [line for line in lines if line["kind"] == "checkpoint"]
    assert len(checkpoints) == len(published) == 3
    for record, line in zip(published, checkpoints, strict=True):
        assert {key: record[key] for key in ("n", "ts", "lines", "records", "key", "sig", "h")} == {
            key: value for key, value in line.items() if key != "kind"
        }
        assert (record["shard"], record["setup_digest"], record["file"]) == (0, DIGEST, FILE)


def test_a_checkpoint_is_handed_out_once_and_only_when_it_is_durable(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
    writer.append(made(CHECKPOINT_LINES))
    assert writer.take_checkpoints() == []
    writer.sync()
    assert len(writer.take_checkpoints()) == 1
    assert writer.take_checkpoints() == []
    writer.stop()
    assert len(writer.take_checkpoints()) == 1


def test_lines_without_a_checkpoint_get_one_after_ten_seconds_and_quiet_seconds_none(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
    for second in range(25):
        writer.tick(second * S_NS)
    assert writer.lines == 0
    writer.append(made(3))
    for second in range(25, 60):
        writer.tick(second * S_NS)
    assert [orjson.loads(record)["n"] for record in writer.take_checkpoints()] == [5]
    writer.append(made(1, 3))
    writer.tick(60 * S_NS)
    assert len(writer.take_checkpoints()) == 1
    writer.tick(10 * S_NS)  # the clock was set back: the ten seconds begin anew
    writer.append(made(1, 4))
    writer.tick(19 * S_NS)
    assert writer.take_checkpoints() == []
    writer.tick(20 * S_NS)
    assert len(writer.take_checkpoints()) == 1
    writer.stop()
    assert verify(tmp_path, keys=[KEY.public_key()]).ok


def test_checkpoints_that_nobody_takes_are_bounded(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, reserve_bytes=0)
    for second in range(0, 10 * (CHECKPOINTS_KEPT_MAX + 5), 10):
        writer.append(made(1, second))
        writer.tick(second * S_NS)
    taken = writer.take_checkpoints()
    assert len(taken) == CHECKPOINTS_KEPT_MAX
    assert orjson.loads(taken[-1])["lines"] == writer.lines - 1
    writer.stop()


def test_a_signed_log_passes_its_key_and_no_other(tmp_path: Path) -> None:
    written(tmp_path)
    verdict = verify(tmp_path, keys=[KEY.public_key()])
    assert (verdict.ok, verdict.warning, verdict.checkpoints, verdict.signed_n) == (True, None, 3, verdict.lines - 1)
    assert verify(tmp_path, keys=[OTHER.public_key(), KEY.public_key()]).ok
    bad = verify(tmp_path, keys=[OTHER.public_key()]).first_bad
    assert bad is not None
    assert (bad.n, "is signed by key" in bad.why) == (CHECKPOINT_LINES, True)


def test_an_unsigned_log_passes_without_a_key_only(tmp_path: Path) -> None:
    written(tmp_path, key=None)
    assert verify(tmp_path).ok
    bad = verify(tmp_path, keys=[KEY.public_key()]).first_bad
    assert bad is not None
    assert (bad.n, bad.line, bad.why) == (CHECKPOINT_LINES, CHECKPOINT_LINES, "the checkpoint is not signed")


@pytest.mark.parametrize(
    ("old", "new", "n"),
    [
        (b'"value":2000', b'"value":2001', 2_504),
        (b'"shard":0', b'"shard":1', CHECKPOINT_LINES),
        (DIGEST.encode(), b"cd" * 32, CHECKPOINT_LINES),
    ],
)
def test_a_log_whose_whole_chain_was_mended_fails_at_its_first_signature(
    tmp_path: Path, old: bytes, new: bytes, n: int
) -> None:
    written(tmp_path)
    rewritten(tmp_path, old, new)
    assert verify(tmp_path).ok
    bad = verify(tmp_path, keys=[KEY.public_key()]).first_bad
    assert bad is not None
    assert (bad.n, "the checkpoint's signature is not that of key" in bad.why) == (n, True)


@pytest.mark.parametrize("key", [KEY, None])
def test_a_log_that_was_mended_or_cut_fails_against_what_was_published(
    tmp_path: Path, key: Ed25519PrivateKey | None
) -> None:
    published = read(written(tmp_path, key=key), key)
    keys = [] if key is None else [key.public_key()]
    verdict = verify(tmp_path, keys=keys, published=published)
    assert (verdict.ok, verdict.warning, verdict.compared) == (True, None, 3)

    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"".join(content.splitlines(keepends=True)[:-2]))
    assert verify(tmp_path, keys=keys).ok
    bad = verify(tmp_path, keys=keys, published=published).first_bad
    assert bad is not None
    assert bad.n == verdict.lines - 1
    assert (
        bad.why == f"the log ends at n {verdict.lines - 2}, but checkpoint n {bad.n} was published: its end was cut off"
    )

    (tmp_path / FILE).write_bytes(content)
    rewritten(tmp_path, b'"value":7,', b'"value":8,')
    bad = verify(tmp_path, published=published).first_bad
    assert bad is not None
    assert (bad.n, "was published with h" in bad.why) == (CHECKPOINT_LINES, True)


def test_a_published_checkpoint_that_the_log_has_under_another_kind_is_named(tmp_path: Path) -> None:
    published = written(tmp_path / "long", 30)
    written(tmp_path / "other", 50)
    bad = verify(tmp_path / "other", published=read(published)).first_bad
    assert bad is not None
    assert (bad.n, "it was written anew" in bad.why) == (32, True)


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


def test_every_partition_has_its_own_log_and_is_compared_by_its_shard(tmp_path: Path) -> None:
    records = written(tmp_path, 5)
    for shard in (1, 2, 10):
        records += written(tmp_path / f"partition-{shard}", 5 + shard, shard=shard)
    verdicts = verify_all(tmp_path, keys=[KEY.public_key()], published=read(records, KEY))
    assert [(verdict.ok, verdict.shard, verdict.compared) for verdict in verdicts] == [
        (True, 0, 1),
        (True, 1, 1),
        (True, 2, 1),
        (True, 10, 1),
    ]
    (tmp_path / "partition-2").rename(tmp_path / "partition-3")
    verdicts = verify_all(tmp_path)
    assert [verdict.ok for verdict in verdicts] == [True, True, False, True]
    bad = verdicts[2].first_bad
    assert bad is not None
    assert bad.why == "the log belongs to shard 2, and the folder is partition-3"


def test_lines_after_the_last_signature_are_told(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
    writer.append(made(1_010))
    writer.sync()
    writer.abandon()
    warning = verify(tmp_path, keys=[KEY.public_key()], published=PublishedCheckpoints({})).warning
    assert warning is not None
    assert "the last 12 lines follow the last signed checkpoint, n 1000" in warning
    assert "no published checkpoint of shard 0" in warning


def test_a_key_can_be_changed_between_two_runs(tmp_path: Path) -> None:
    for start, key in enumerate((KEY, OTHER)):
        writer = AuditWriter(tmp_path, DIGEST, signing_key=key)
        assert writer.is_signed
        writer.append(made(5, 5 * start))
        writer.stop()
    assert verify(tmp_path, keys=[KEY.public_key(), OTHER.public_key()]).ok
    assert not verify(tmp_path, keys=[KEY.public_key()]).ok
