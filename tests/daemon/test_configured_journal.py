"""Every reader of a journal goes over the configurations in it: replays, explanations, plans, examiners, previews."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audit.verify import verify
from config.dump import dump_full
from config.limit_rules import resolve_limit
from config.schema import Limit
from config.setup import Setup
from daemon.check_order_moment import CheckPlan, CheckRun
from daemon.core import MODEL_VERSION, Core
from daemon.examiner import Examiner
from daemon.explain_pass import recompute
from daemon.model_check import ModelCheck
from daemon.order_answer import OrderQuestion
from daemon.plan_command import Asked, rehearsal
from daemon.plan_record import plan_record
from daemon.recovery import recover
from daemon.replay import ReplayPlan, replay
from daemon.replay_source import open_source
from daemon.start_preview import start_previews
from daemon.start_setup import start_setup
from sensors.catalogue import SHIPPED
from tests.daemon.made_run import MadeRun
from tests.daemon.planned_desk import in_process
from tests.helpers import DAY_NS, EventDict
from tests.replay.made_stream import made_events, made_setup

CUTS = (300, 420)


def resolved(setup: Setup) -> Setup:
    """Return the setup with its limits as a loaded file has them."""
    return with_limits(setup, [resolve_limit(each, SHIPPED.known) for each in setup.config.enforcement.limits])


def with_limits(setup: Setup, limits: Sequence[Limit], **fields: object) -> Setup:
    enforcement = setup.config.enforcement.model_copy(update={"limits": tuple(limits), **fields})
    return replace(setup, config=setup.config.model_copy(update={"enforcement": enforcement}))


def tightened(setup: Setup) -> Setup:
    """Return the setup in full mode with every second limit at half of its levels, and its last one gone."""
    limits = list(setup.config.enforcement.limits[:-1])
    for at in range(1, len(limits), 2):
        levels = [
            each.model_copy(update={"at": each.at / 2, "clear_at": (each.clear_at or 0.0) / 2})
            for each in limits[at].levels
        ]
        limits[at] = limits[at].model_copy(update={"levels": tuple(levels)})
    return with_limits(setup, limits, mode="full")


def ts_of(event: EventDict) -> int:
    return int(str(event["ts"]))


@pytest.fixture(scope="module", params=["event", "wall"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A run that was started again with two other files, the second of them the first again."""
    clock: str = request.param
    events = made_events(days=30, quoted=6, quotes=20)
    first = resolved(made_setup("gradual", clock=clock))
    made = MadeRun(tmp_path_factory.mktemp(clock), first)
    parts = [events[: CUTS[0]], events[CUTS[0] : CUTS[1]], events[CUTS[1] :]]
    for part, file in zip(parts, (None, tightened(first), first), strict=True):
        until = ts_of(part[-1]) - DAY_NS if clock == "wall" else None
        if file is None:
            made.assign(catch_up_until=until)
        else:
            made.restart(file, catch_up_until=until)
        made.take(part)
        if clock == "wall":
            made.catch_up_end(ts_of(part[-1]))
    made.end()
    return made


def test_its_replay_gives_the_run_byte_by_byte(run: MadeRun, tmp_path: Path) -> None:
    summary = replay(ReplayPlan(recording=run.journal, out=tmp_path, batch=17))
    assert run.values["actions"], "full mode enforced something"
    for name, values in run.values.items():
        assert (tmp_path / f"{name}.jsonl").read_bytes().splitlines() == values
    assert verify(tmp_path / "audit").ok
    assert Examiner().play(tmp_path / "audit").differences() == []
    records = [each for each in run.outputs.audit if each["kind"] == "config"]
    assert [each["change"] for each in records] == ["file", "file"]
    assert summary["inputs"]


def test_every_action_is_explained_byte_by_byte(run: MadeRun) -> None:
    found = [each for several in recompute(open_source(run.journal, None), lambda _: True) for each in several]
    by_topic = {topic: [each.value for each in found if each.topic == topic] for topic in ("actions", "shadow")}
    assert by_topic == run.values


def test_a_restart_recovers_it_and_finds_the_last_file(run: MadeRun) -> None:
    start = start_setup(run.journal, run.setup)
    assert (len(start.journaled), start.begin(0)) == (3, [])
    core = Core(start.begun, compute_slow_work=run.setup.config.clock == "event", model_version=start.begun_model)
    check = ModelCheck(run.journal, run.folder / "audit", MODEL_VERSION)
    recover(run.journal, run.setup, core, lambda outputs: check.hold(outputs.audit))
    start.finish_recovery(core, check)
    assert core.enforcer.limits == Core(run.setup).enforcer.limits


def test_a_plan_compares_with_the_run_as_it_was(run: MadeRun, tmp_path: Path) -> None:
    proposed = tmp_path / "same.yaml"
    proposed.write_text(dump_full(run.setup.config), encoding="utf-8")
    with rehearsal(Asked(proposed, run.journal, out=tmp_path / "out"), run=in_process) as found:
        assert found.base_varies
        assert not found.is_equal
        assert not [each for each in found.changes if each.path.startswith("enforcement")]
        record = plan_record(found)
    assert record["base_varies"] is True
    kinds = [json.loads(line)["kind"] for line in _audit_lines(tmp_path / "out" / "base")]
    assert kinds.count("config") == 2
    kinds = [json.loads(line)["kind"] for line in _audit_lines(tmp_path / "out" / "proposed")]
    assert kinds.count("config") == 0


def _audit_lines(folder: Path) -> list[bytes]:
    return [line for path in sorted((folder / "audit").glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def test_a_question_about_an_order_is_held_against_the_last_file(run: MadeRun) -> None:
    scope = next(each for each in run._core.state.scopes if "/" in each)
    held = run._core.state.terms[0].name
    question = OrderQuestion(portfolio=scope, instrument=held, side="buy", quantity=1.0)
    asked = CheckRun(CheckPlan(run.journal, question))
    for _ in asked.steps():
        pass
    limits = asked._core.enforcer.bound_limits(scope)
    assert [each.configured for each in limits] == [each.configured for each in run._core.enforcer.bound_limits(scope)]
    assert asked.answer().seen.n == run._core.n


def test_a_preview_is_against_the_last_file(run: MadeRun) -> None:
    [same] = start_previews(run.journal, run.setup)
    assert not same.changes.taken
    [other] = start_previews(run.journal, tightened(run.setup))
    assert other.takeover.removed == (run.setup.config.enforcement.limits[-1].id,)
