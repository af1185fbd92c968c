"""`riskd evidence --from-audit`: rates and stages from the log alone, and every lie in it told."""

import json
import random
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit.writer import AuditWriter
from daemon.cli import app
from daemon.evidence_command import examine
from daemon.examined_unit import ExaminedUnit, Spell
from daemon.examiner import Examiner
from tests.daemon.evidence_desk import calm, evidence_setup, firing, in_order, label
from tests.helpers import DAY_NS, EventDict, Played, play

Line = dict[str, object]
DAYS = 250
VERDICTS = (("true", None),) * 6 + (("false", "data_error"), ("false", "model_error"), ("false", "duplicate"))


def story(seed: int, fired: int, until: int = DAYS) -> list[EventDict]:
    """Some firings in separate sessions; most are labelled, some twice, up to a month later."""
    draw = random.Random(seed)
    days = sorted(draw.sample(range(5, until - 40), fired))
    events = [event for place, day in enumerate(days) for event in firing(day, f"f{place}")]
    labels: dict[str, EventDict] = {}
    for ordinal, day in enumerate(days, 1):
        for _ in range(draw.choice((1, 1, 1, 2))):
            verdict, cause = draw.choice(VERDICTS)
            told = label(ordinal, day + draw.randrange(1, 25), verdict, cause=cause)
            labels[str(told["command_id"])] = told
    return in_order(calm(until), events, list(labels.values()))


@pytest.fixture(scope="module")
def climbed() -> Played:
    burst = [event for day in range(180, 187) for event in firing(day, f"b{day}")]
    labels = [label(ordinal, 190, "false", cause="model_error") for ordinal in range(3, 10)]
    return play(
        in_order(
            calm(DAYS), firing(10, "a"), firing(60, "b"), burst, [label(1, 12, "true"), label(2, 70, "true")], labels
        ),
        evidence_setup(),
    )


def examined(lines: list[Line]) -> Examiner:
    examiner = Examiner()
    for line in lines:
        examiner.take(line)
    return examiner


def unit_of(examiner: Examiner) -> ExaminedUnit:
    return examiner.units["lev", "firm"]


def test_stages_and_figures_are_those_of_the_core(climbed: Played) -> None:
    examiner = examined(climbed.outputs.audit)
    unit = unit_of(examiner)
    assert examiner.differences() == []
    assert [(before, after, cause) for _, before, after, cause in unit.steps][:3] == [
        ("SHADOW", "SOFT", "evidence"), ("SOFT", "FULL", "evidence"), ("FULL", "SOFT", "cusum"),
    ]  # fmt: skip
    figures = climbed.core.enforcer.ladders.find(unit.episodes[-1].id).figures(examiner.ts)
    assert unit.weeks(examiner.ts) == pytest.approx(figures.weeks, abs=1e-12)
    assert len(unit.false_weeks()) == figures.false
    assert unit.e_value(examiner.ts) == pytest.approx(figures.e_value, rel=1e-9)
    assert unit.cusum(examiner.ts) == pytest.approx((figures.cusum, figures.cusum_peak), abs=1e-9)
    assert unit.uptime(examiner.ts) == pytest.approx(figures.uptime, abs=1e-12)
    assert unit.rate(examiner.ts) == pytest.approx((figures.naive_rate, figures.rate_upper), rel=1e-9)


@pytest.mark.parametrize(
    ("seed", "fired", "readiness", "overdispersion"),
    [(1, 4, "eprocess", False), (2, 8, "eprocess", True), (3, 10, "poisson_ucb", False), (4, 6, "naive", False)],
)
def test_the_log_of_any_story_agrees_with_the_formulas(seed, fired, readiness, overdispersion) -> None:
    setup = evidence_setup(readiness=readiness, resolved_min=0.5, overdispersion=overdispersion)
    examiner = examined(play(story(seed, fired, 160), setup).outputs.audit)
    assert examiner.differences() == []
    assert unit_of(examiner).steps


def test_a_step_that_the_evidence_does_not_give_is_named(climbed: Played) -> None:
    lines = [dict(line) for line in climbed.outputs.audit]
    promotion = next(line for line in lines if line["kind"] == "promotion")
    for changed in (
        [line for line in lines if line is not promotion],
        [line | ({"ts": line["ts"] - DAY_NS} if line is promotion else {}) for line in lines],
        [line | ({"verdict": "unresolved"} if line["kind"] == "label" else {}) for line in lines],
    ):  # fmt: skip
        found = examined(sorted(changed, key=lambda line: int(str(line["ts"]))))
        assert len(found.differences()) == 1
        assert "lev in firm: the log has" in found.differences()[0]


@pytest.fixture
def folder(climbed: Played, tmp_path: Path) -> Path:
    writer = AuditWriter(tmp_path / "audit", "0" * 32)
    writer.append(climbed.outputs.audit)
    writer.stop(climbed.core.now_ns)
    return tmp_path / "audit"


def test_the_command_prints_the_table_and_json(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["evidence", "--from-audit", str(folder)])
    assert shown.exit_code == 0
    assert re.search(r"^  20\d\d-\d\d-\d\dT[\d:]{8}Z  lev in firm: SHADOW to SOFT \(evidence\)$", shown.stdout, re.M)
    assert "every step in the log is that of the formulas" in shown.stdout
    (log,) = json.loads(CliRunner().invoke(app, ["evidence", "--from-audit", str(folder), "--json"]).stdout)
    assert log["sound"] is True
    (limit,) = log["limits"]
    assert (limit["limit"], limit["scope"], len(limit["steps"])) == ("lev", "firm", 4)
    assert {"k", "weeks", "e_value", "d", "naive_rate_per_week", "rate_upper_per_week", "lacks"} <= limit.keys()


def test_a_log_that_was_changed_is_not_examined(folder: Path) -> None:
    path = next(folder.glob("audit-*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"verdict":"true"', b'"verdict":"fals"', 1))
    shown = CliRunner().invoke(app, ["evidence", "--from-audit", str(folder)])
    assert shown.exit_code == 1
    assert "NOT AS IT WAS WRITTEN" in shown.stdout
    assert not examine(folder)[0].is_sound


def test_a_line_that_is_being_written_is_no_change(folder: Path) -> None:
    """Of a living daemon the last line may be there by half."""
    whole = examine(folder)[0]
    with next(folder.glob("audit-*.jsonl")).open("ab") as log:
        log.write(b'{"n":99999,"ts":1,"kind":"la')
    found = examine(folder)[0]
    assert found.is_sound
    assert unit_of(found.examiner).steps == unit_of(whole.examiner).steps != []


def test_a_folder_without_a_log_and_two_sources_are_errors(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["evidence", "--from-audit", str(tmp_path), "--url", "http://x"]).exit_code == 2
    with pytest.raises(Exception, match="holds no audit log"):
        examine(tmp_path)


def test_a_spell_sums_what_held() -> None:
    spell = Spell()
    for ts, is_on in ((10, True), (10, False), (20, True), (25, True), (30, False), (40, True)):
        spell.turn(ts, is_on=is_on)
    assert [spell.lasted(ts) for ts in (5, 10, 20, 22, 30, 35, 45)] == [0, 0, 0, 2, 10, 10, 15]
    assert [spell.first_after(since, 45) for since in (0, 22, 30, 41)] == [20, 22, 40, 41]
    assert spell.first_after(0, 20) is None
