"""The demo's summary: read from the audit log alone it is the replay's own, and its sum holds or is refused."""

from pathlib import Path
from typing import cast

import pytest
import zstandard

from config.dump import dump_full
from daemon.demo_daemon import Counts, DemoError
from daemon.demo_summary import Accounted, summarise
from daemon.replay import ReplayPlan, replay
from feeds.player import Played
from tests.helpers import small_setup
from tests.replay.test_golden import LIMITS, RECORDING

Summary = dict[str, object]
FROM_THE_AUDIT = (
    "setup_digest", "last_ts", "inputs", "decisions", "actions", "shadow", "fired_by_year", "still_firing",
)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def replayed(out: Path) -> Summary:
    config = out / "riskd.yaml"
    config.write_text(dump_full(small_setup(LIMITS, mode="gradual", portfolios=("firm",)).config), encoding="utf-8")
    return replay(ReplayPlan(recording=RECORDING, out=out / "replay", config=config))


@pytest.fixture(scope="module")
def accounted(replayed: Summary) -> Accounted:
    """The replay's inputs, as if a player had sent them: all but ten as records."""
    inputs = cast("dict[str, int]", replayed["inputs"])
    by_type = dict(cast("dict[str, dict[str, int]]", replayed["inputs"])["by_type"])
    by_type["Heartbeat"] -= 1
    played = Played(inputs["sent"] - 1, 1, cast(int, replayed["first_ts"]), by_type)
    refused = cast("dict[str, dict[str, int]]", replayed["inputs"])["rejected_by_reason"]
    return Accounted(played, Counts(inputs["sent"], refused), inputs["sent"])


def test_the_summary_of_an_audit_log_is_the_replay_s_own(out: Path, replayed: Summary, accounted: Accounted) -> None:
    found = summarise(accounted, out / "replay" / "audit", {"actions.jsonl": {"lines": 7}})
    assert {name: found[name] for name in FROM_THE_AUDIT} == {name: replayed[name] for name in FROM_THE_AUDIT}
    decisions = cast("dict[str, int]", found["decisions"])
    assert decisions["count"] > 20
    files = cast("dict[str, dict[str, int]]", found["files"])
    assert files["actions.jsonl"] == {"lines": 7}
    assert files["audit"]["lines"] == cast("dict[str, dict[str, int]]", replayed["files"])["audit"]["lines"]


def test_a_compressed_segment_of_the_log_counts_as_well(
    tmp_path: Path, out: Path, replayed: Summary, accounted: Accounted
) -> None:
    (log,) = (out / "replay" / "audit").glob("audit-*.jsonl")
    (tmp_path / f"{log.name}.zst").write_bytes(zstandard.compress(log.read_bytes()))
    assert summarise(accounted, tmp_path, {})["decisions"] == replayed["decisions"]


def test_a_log_without_a_line_is_refused(tmp_path: Path, accounted: Accounted) -> None:
    with pytest.raises(DemoError, match="the audit log is empty"):
        summarise(accounted, tmp_path, {})


def test_the_sum_is_told_in_one_line() -> None:
    accounted = Accounted(Played(90, 10, 1, {}), Counts(100, {"LATE": 3, "NOT_JSON": 1}), 100)
    accounted.check()
    assert accounted.text() == ("Accounted for: 90 records + 10 heartbeats = 100 sent = 96 applied + 4 rejected.")


@pytest.mark.parametrize(("read", "numbered"), [(99, 99), (100, 99), (101, 101), (99, 100)])
def test_a_sum_that_does_not_hold_is_an_error(read: int, numbered: int) -> None:
    with pytest.raises(DemoError, match=f"sent 100 inputs, but riskd read {read} and applied or rejected {numbered}"):
        Accounted(Played(90, 10, 1, {}), Counts(read, {}), numbered).check()
