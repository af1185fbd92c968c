"""`riskd plan` lists precisely what two replays give, whatever is changed."""

import json
from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.setup import Setup
from daemon.plan_command import Asked, Rehearsal, rehearsal
from daemon.plan_record import plan_record
from daemon.wiring import build_setup
from enforcement.records import LifeState
from tests.daemon.made_run import MadeRun
from tests.daemon.planned_desk import Desk, Document, Row, check_plan, in_process, level_of, limits_of, rows
from tests.replay.recordings import TIGHT_CONFIG, short_lines, write_short

SHIPPED_LINES = 2_700


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), days=20, quoted=6, quotes=10)


@pytest.fixture(scope="module")
def small_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("small"), days=7, quoted=2, quotes=8)


def test_a_tightened_var_limit_on_real_prices(tmp_path: Path) -> None:
    """The first months of the shipped recording, until there are a hundred rows and so a VaR 99."""
    desk = Desk(tmp_path, days=1, quoted=0, quotes=0)
    desk.recording, desk.base = write_short(tmp_path, short_lines()[:SHIPPED_LINES])
    proposed = tmp_path / "tighter.yaml"
    proposed.write_text(TIGHT_CONFIG.replace("at: 250000", "at: 200000"))
    record = check_plan(desk, proposed)
    assert limits_of(record, "appear") == {"var"}
    (*changed,) = ((each["path"], each["old"], each["new"]) for each in rows(record, "settings"))
    assert changed == [
        ("enforcement.limits[var].levels[hard].at", 250_000.0, 200_000.0),
        ("enforcement.limits[var].levels[hard].clear_at", 225_000.0, 180_000.0),
    ]
    levels = {(each["limit"], each["scope"], each["level"]): each for each in rows(record, "levels")}
    fired = cast("dict[str, dict[str, int]]", levels["var", "firm/concentrated", "hard"])
    assert fired["proposed"]["open_ns"] > fired["base"]["open_ns"]
    assert record["equal"] is False


def test_a_loosened_limit(desk: Desk) -> None:
    record = check_plan(desk, desk.config("loose", level_of("drawdown", 2.0)))
    assert limits_of(record, "vanish") == {"drawdown"}
    assert rows(record, "appear") == rows(record, "change") == []


def test_an_added_limit(desk: Desk) -> None:
    added: Document = {"id": "gross", "scope": "*/*", "sensor": "exposure", "metric": "gross", "confirm": 1,
                       "levels": [{"at": 100_000, "action": "warn"}]}  # fmt: skip
    record = check_plan(desk, desk.config("added", lambda limits: [*limits, added]))
    assert limits_of(record, "appear") == {"gross"}
    (first, *_) = [each for each in rows(record, "settings") if each["path"] == "enforcement.limits[gross].id"]
    assert (first["old"], first["new"]) == ("(absent)", "gross")
    by_limit = {(each["limit"], each["scope"]): each for each in rows(record, "limits")}
    rate = cast("dict[str, Row | None]", by_limit["gross", "firm/desk"]["verification"])
    assert rate["base"] is None, "it is not watched there"


def test_a_removed_limit(desk: Desk) -> None:
    removed = desk.config("removed", lambda limits: [each for each in limits if each["id"] != "leverage"])
    record = check_plan(desk, removed)
    assert "leverage" in limits_of(record, "vanish")
    assert "leverage" not in limits_of(record, "appear") | {
        cast("dict[str, Row]", pair)["base"]["limit"] for pair in rows(record, "change")
    }


def test_another_scope(desk: Desk) -> None:
    def one_desk(limits: list[Document]) -> list[Document]:
        return [each | {"scope": "firm/desk"} if each["id"] == "var_reduce" else each for each in limits]

    record = check_plan(desk, desk.config("scope", one_desk))
    assert {each["scope"] for each in rows(record, "vanish") if each["limit"] == "var_reduce"} <= {
        "firm/fund", "firm/abroad", "firm/_self", "calm/a",
    }  # fmt: skip
    assert ("enforcement.limits[var_reduce].scope", "*/*", "firm/desk") in [
        (each["path"], each["old"], each["new"]) for each in rows(record, "settings")
    ]


@pytest.mark.long
@given(drawdown=st.floats(0.3, 2.0), leverage=st.floats(0.8, 1.3), top=st.floats(0.5, 2.0))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_thresholds(small_desk: Desk, drawdown: float, leverage: float, top: float) -> None:
    def change(limits: list[Document]) -> list[Document]:
        for limit, times in (("drawdown", drawdown), ("leverage", leverage), ("top", top)):
            limits = level_of(limit, times)(limits)
        return limits

    check_plan(small_desk, small_desk.config("any", change))


def test_open_time_firing_is_that_of_the_sessions(desk: Desk) -> None:
    """From the decisions and the calendar alone, session by session; scopes whose every calendar is XNYS."""
    proposed = desk.config("tight", level_of("stress", 0.7))
    with rehearsal(Asked(proposed, desk.recording, desk.base, desk.out()), run=in_process) as found:
        told = {
            (str(row["limit"]), str(row["scope"]), str(row["level"])): row for row in rows(plan_record(found), "levels")
        }
        setup = build_setup(desk.base)
        compared = 0
        for side in ("base", "proposed"):
            end_ns = cast(int, found.sides[side].done.summary["last_ts"])
            for key, intervals in firing_intervals(found.folders[side], end_ns).items():
                if key[1] == "calm/a":
                    expected = sum(open_within(setup, start, end) for start, end in intervals)
                    assert cast("dict[str, Row]", told[key])[side] == {"began": len(intervals), "open_ns": expected}
                    compared += 1
    assert compared > 1


def firing_intervals(folder: Path, end_ns: int) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    since: dict[tuple[str, str, str], int] = {}
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for line in (folder / "decisions.jsonl").read_bytes().splitlines():
        decision = json.loads(line)
        key = (decision["limit"], decision["scope"], decision["level"])
        if decision["life"] == LifeState.FIRING:
            since.setdefault(key, decision["ts_decided"])
        elif decision["life"] == LifeState.OK and key in since:
            found.setdefault(key, []).append((since.pop(key), decision["ts_decided"]))
    for key, start in since.items():
        found.setdefault(key, []).append((start, end_ns))
    return found


def open_within(setup: Setup, start_ns: int, end_ns: int) -> int:
    (calendar,) = setup.calendars
    return sum(
        max(0, min(end_ns, close) - max(start_ns, opened))
        for opened, close in zip(calendar.opens.tolist(), calendar.closes.tolist(), strict=True)
    )


def test_rates_of_false_positives_are_those_of_the_audit_log(desk: Desk) -> None:
    """Counted from the log's lines by hand; null comes with its reason, and only where nothing can be told."""
    with rehearsal(
        Asked(desk.config("tight", level_of("stress", 0.7)), desk.recording, desk.base), run=in_process
    ) as found:
        record = plan_record(found)
        found_false = Counter(
            (line["limit"], line["scope"])
            for line in audit_lines(found, "proposed")
            if line["kind"] == "verification" and line["result"] == "false"
        )
    told = 0
    for row in rows(record, "limits"):
        rate = cast("dict[str, Row | None]", row["verification"])["proposed"]
        if rate is None:
            continue
        assert rate["false"] == found_false[row["limit"], row["scope"]]
        if rate["per_week"] is None:
            assert rate["why_not"]
            assert not rate["weeks"] or (rate["episodes"] and not rate["confirmed"] and not rate["false"])
        else:
            assert rate["per_week"] == pytest.approx(cast(int, rate["false"]) / cast(float, rate["weeks"]))
            told += 1
    assert told > 0


def audit_lines(found: Rehearsal, side: str) -> list[Row]:
    paths = sorted((found.folders[side] / "audit").glob("audit-*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def test_the_base_of_a_journal_is_its_own_run(desk: Desk, tmp_path: Path) -> None:
    """Under both sides slow work is computed anew, so that equal settings would give equal actions."""
    run = MadeRun(tmp_path, build_setup(desk.base))
    run.assign()
    run.take(desk.events[:150])
    run.end()
    with rehearsal(Asked(desk.base, run.journal), run=in_process) as found:
        assert found.is_equal
    with rehearsal(Asked(desk.config("tight", level_of("stress", 0.7)), run.journal), run=in_process) as found:
        for topic in ("actions", "shadow"):
            assert (found.folders["base"] / f"{topic}.jsonl").read_bytes().splitlines() == run.values[topic]
        assert {each.path.split(".")[1] for each in found.changes} == {"limits[stress]"}
