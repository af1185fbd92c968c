"""`riskd plan` as a person meets it: two processes, the folder it keeps, equal configurations, and clear refusals."""

import json
from functools import partial
from pathlib import Path

import pytest

from daemon.plan_command import SIDES
from daemon.replay import ReplayPlan, replay
from daemon.replay_files import LINE_FILES
from tests.daemon.conftest import Riskd
from tests.daemon.planned_desk import Desk, level_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), days=7, quoted=2, quotes=8)


@pytest.fixture
def plan(riskd: Riskd) -> Riskd:
    return partial(riskd, "plan")


def test_two_processes_give_the_files_of_two_replays_and_the_plan(desk: Desk, plan: Riskd, tmp_path: Path) -> None:
    proposed, out = desk.config("tight", level_of("top", 0.5)), tmp_path / "plan"
    code, printed, err = plan(proposed, "--base", desk.base, "--against", desk.recording, "--out", out)
    assert (code, err) == (0, "")
    assert "would" in printed.splitlines()[0]
    assert "enforcement.limits[top].levels[hard].at: 0.2 -> 0.1" in printed
    assert printed == (out / "plan.txt").read_text()
    record = json.loads((out / "plan.json").read_bytes())
    assert (record["schema"], record["schema_version"], record["equal"]) == ("riskd.plan", 1, False)
    for side, config in zip(SIDES, (desk.base, proposed), strict=True):
        alone = tmp_path / side
        replay(ReplayPlan(recording=desk.recording, out=alone, config=config))
        for name in (*LINE_FILES, "summary.json"):
            assert (out / side / name).read_bytes() == (alone / name).read_bytes()
    code, printed, _ = plan(proposed, "--base", desk.base, "--against", desk.recording, "--out", out, "--json")
    assert (code, json.loads(printed)) == (0, record), "once more into the same folder, and the same bytes"
    assert printed.encode() == (out / "plan.json").read_bytes()


def test_equal_configurations_are_no_difference_and_are_not_played(desk: Desk, plan: Riskd, tmp_path: Path) -> None:
    code, printed, _ = plan(desk.base, "--base", desk.base, "--against", desk.recording, "--out", tmp_path / "out")
    assert code == 0
    assert printed.startswith("No difference")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"plan.json", "plan.txt"}
    record = json.loads((tmp_path / "out" / "plan.json").read_bytes())
    assert (record["equal"], record["settings"], record["counts"]["appear"]) == (True, [], 0)


def test_a_recording_without_prices_is_refused(desk: Desk, plan: Riskd, tmp_path: Path) -> None:
    priceless = tmp_path / "priceless.jsonl"
    kept = [event for event in desk.events if event["type"] not in ("quote", "trade", "close")]
    priceless.write_text("".join(json.dumps(event) + "\n" for event in kept))
    proposed = desk.config("other", level_of("top", 0.6))
    code, _, err = plan(proposed, "--base", desk.base, "--against", priceless)
    assert code == 1
    assert err == f"riskd: {priceless} holds no price (no quote, trade or close): nothing in it can be measured\n"


def test_refusals_name_what_is_wrong(desk: Desk, plan: Riskd, tmp_path: Path) -> None:
    bad, broken, foreign = tmp_path / "bad.yaml", tmp_path / "broken.jsonl.zst", tmp_path / "foreign"
    bad.write_text("nonsense: 1\n")
    broken.write_bytes(b"no zstd")
    foreign.mkdir()
    (foreign / "letter.txt").write_text("mine")
    proposed = desk.config("other", level_of("top", 0.6))
    code, _, err = plan(bad, "--against", desk.recording)
    assert code == 78
    assert "nonsense" in err
    code, _, err = plan(proposed, "--base", desk.base, "--against", tmp_path / "nowhere.jsonl")
    assert code == 2
    assert "does not exist" in err
    code, _, err = plan(proposed, "--base", desk.base, "--against", broken)
    assert code == 1
    assert str(broken) in err
    code, _, err = plan(proposed, "--base", desk.base, "--against", desk.recording, "--out", foreign)
    assert code == 1
    assert "holds letter.txt, which no plan wrote" in err
    assert (foreign / "letter.txt").read_text() == "mine"
