"""Signed and published checkpoints: they show what a chain alone cannot, a cut end and a log written anew."""

import hashlib
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import CHECKPOINT_LINES
from audit.published import PublishedCheckpoints
from audit.verify import verify
from audit.writer import CHECKPOINTS_KEPT_MAX, AuditWriter
from tests.audit.signed_log import DIGEST, FILE, KEY, OTHER, cut_with_stop, made, read, rewritten, written

S_NS = 10**9


def test_a_signature_can_be_checked_with_nothing_of_ours(tmp_path: Path) -> None:
    written(tmp_path, 5)
    lines = (tmp_path / FILE).read_bytes().splitlines()
    chain, links = bytes(32), []
    for text in lines:
        cut = text.rindex(b',"h":"')
        chain = hashlib.sha256(chain + text[:cut] + b"}").digest()
        links.append(chain.hex())
        assert links[-1].startswith(orjson.loads(text)["h"])
    key = hashlib.sha256(KEY.public_key().public_bytes_raw()).hexdigest()[:16]
    for kind, n in (("checkpoint", 7), ("stop", 8)):
        message = (
            f'{{"schema":"risk.audit.{kind}","schema_version":1,"shard":0,"setup_digest":"{DIGEST}","n":{n},"ts":4,'
            f'"lines":{n - 1},"records":5,"previous":"{links[n - 2]}","key":"{key}"}}'
        )
        line = orjson.loads(lines[n - 1])
        assert (line["kind"], line["key"]) == (kind, key)
        KEY.public_key().verify(bytes.fromhex(line["sig"]), message.encode())


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
    assert (verdict.ok, verdict.warning, verdict.checkpoints, verdict.signed_n) == (True, None, 3, verdict.lines)
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


def test_lines_after_the_last_signature_are_told(tmp_path: Path) -> None:
    writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
    writer.append(made(1_010))
    writer.sync()
    writer.abandon()
    warning = verify(tmp_path, keys=[KEY.public_key()], published=PublishedCheckpoints({})).warning
    assert warning is not None
    assert "the last 12 lines follow the last signature, n 1000" in warning
    assert "no published checkpoint of shard 0" in warning


def test_a_key_can_be_changed_between_two_runs(tmp_path: Path) -> None:
    for start, key in enumerate((KEY, OTHER)):
        writer = AuditWriter(tmp_path, DIGEST, signing_key=key)
        assert writer.is_signed
        writer.append(made(5, 5 * start))
        writer.stop()
    assert verify(tmp_path, keys=[KEY.public_key(), OTHER.public_key()]).ok
    assert not verify(tmp_path, keys=[KEY.public_key()]).ok


def test_a_stop_that_was_forged_after_a_cut_fails_the_key(tmp_path: Path) -> None:
    """Whoever has the files but no key cannot take away the last decisions and end the log as the daemon does."""
    written(tmp_path)
    cut_with_stop(tmp_path, CHECKPOINT_LINES)
    assert (verify(tmp_path).ok, verify(tmp_path).warning) == (True, None)
    bad = verify(tmp_path, keys=[KEY.public_key()]).first_bad
    assert bad is not None
    assert (bad.n, bad.why) == (CHECKPOINT_LINES + 1, "the stop is not signed")


def test_the_signature_of_a_checkpoint_is_none_of_a_stop(tmp_path: Path) -> None:
    """A stop in the very place of a checkpoint has the same numbers and the same chain before it."""
    writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
    writer.append(made(2))
    writer.stop()
    path = tmp_path / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    rewritten(tmp_path, b'"kind":"checkpoint"', b'"kind":"stop"')
    assert verify(tmp_path).ok
    bad = verify(tmp_path, keys=[KEY.public_key()]).first_bad
    assert bad is not None
    assert (bad.n, "the stop's signature is not that of key" in bad.why) == (4, True)


def test_a_log_that_goes_on_after_a_stop_has_that_one_signed_too(tmp_path: Path) -> None:
    for start in (0, 5):
        writer = AuditWriter(tmp_path, DIGEST, signing_key=KEY)
        writer.append(made(5, start))
        writer.stop()
    verdict = verify(tmp_path, keys=[KEY.public_key()])
    assert (verdict.ok, verdict.warning, verdict.signed_n) == (True, None, verdict.lines)
