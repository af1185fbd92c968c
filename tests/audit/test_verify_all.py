"""Logs of several shards: each is compared with what was published of it, and none may be missing."""

from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.verify import verify_all
from tests.audit.signed_log import FILE, KEY, read, written


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


def test_a_log_of_which_checkpoints_were_published_and_that_is_gone_fails(tmp_path: Path) -> None:
    records = written(tmp_path, 5) + written(tmp_path / "partition-1", 5, shard=1) + written(tmp_path / "x", 5, shard=2)
    (tmp_path / "x" / FILE).unlink()
    first, second, third = verify_all(tmp_path, published=read(records, KEY))
    assert (first.ok, second.ok, third.ok) == (True, True, False)
    assert (third.shard, third.files, third.directory) == (2, 0, tmp_path / "partition-2")
    assert third.first_bad is not None
    assert third.first_bad.why == "no log of shard 2 is here, and 1 checkpoints of it were published"
    (tmp_path / FILE).unlink()
    verdicts = verify_all(tmp_path, published=read(records, KEY))
    assert [(verdict.shard, verdict.ok) for verdict in verdicts] == [(1, True), (0, False), (2, False)]
    assert verdicts[1].directory == tmp_path


def test_only_the_shards_that_were_asked_for_are_verified_and_compared(tmp_path: Path) -> None:
    records = written(tmp_path, 5) + written(tmp_path / "partition-1", 5, shard=1) + written(tmp_path / "x", 5, shard=2)
    (tmp_path / "partition-1" / FILE).write_bytes(b'{"kind":"head","shard":1}\n')
    (tmp_path / "partition-3").mkdir()
    published = read(records, KEY)
    assert [(each.shard, each.compared) for each in verify_all(tmp_path, published=published, shards=[0])] == [(0, 1)]
    assert [each.ok for each in verify_all(tmp_path, shards=[0, 1])] == [True, False]
    (absent,) = verify_all(tmp_path, shards=[2])
    assert absent.first_bad is not None
    assert absent.first_bad.why == "no log of shard 2 is here"
    with pytest.raises(AuditError, match="no audit-"):
        verify_all(tmp_path, shards=[3])


def test_the_folder_of_one_partition_can_be_verified_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "partition-1"
    records = written(tmp_path, 5) + written(folder, 5, shard=1)
    published = read(records, KEY)
    assert [each.ok for each in verify_all(folder, published=published)] == [True, False]
    assert [(each.ok, each.compared) for each in verify_all(folder, published=published, shards=[1])] == [(True, 1)]


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"[]\n", b'{"shard":true}\n'])
def test_a_log_that_does_not_say_whose_it_is_is_judged_whatever_was_asked_for(tmp_path: Path, content: bytes) -> None:
    tmp_path.joinpath(FILE).write_bytes(content)
    assert [each.ok for each in verify_all(tmp_path, shards=[4])] == [False, False]
