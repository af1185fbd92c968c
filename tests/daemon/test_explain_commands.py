"""Actions that people's commands brought about or held: explained byte for byte, with the exceptions in force."""

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.explain_command import explain
from daemon.explain_pass import Recomputed, recompute
from daemon.explain_record import explanation_record
from daemon.explain_sources import Asked
from daemon.replay_source import open_source
from tests.daemon.command_desk import CAP, desk_setup, opening, override, priced, raised, said, trades
from tests.daemon.made_run import MadeRun
from tests.helpers import EventDict

BREACH = trades(1, 150.0)
STORIES: dict[str, list[EventDict]] = {
    "a raised level": [*raised(0.5, "o", 30, 3.0), trades(1, 150.0), trades(2, 100.0), priced(31), priced(32)],
    "a suppressed limit": [
        override(0.5, "o", 20, kind="suppress", scope="firm/a", limit="lev"), BREACH, priced(3), priced(21),
    ],
    "a state that is held": [override(0.5, "o", 20, kind="pin_state", scope="firm/a", state="HALTED"), priced(21)],
    "a limit that is taken away": [
        BREACH, said("limits", 5, "o", limits=[CAP], merge=False), said("approve", 6, "o+", by="bob", approves="o"),
        priced(7),
    ],
}  # fmt: skip


def run_of(events: list[EventDict], folder: Path) -> MadeRun:
    setup = desk_setup()
    run = MadeRun(folder, replace(setup, config=setup.config.model_copy(update={"clock": "event"})))
    run.assign()
    run.take([*opening(), *sorted(events, key=lambda event: int(str(event["ts"])))])
    run.end()
    return run


def all_of(run: MadeRun) -> list[Recomputed]:
    return [each for found in recompute(open_source(run.journal, None), lambda _: True) for each in found]


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_action_matches(story: str, tmp_path: Path) -> None:
    run = run_of(STORIES[story], tmp_path)
    found = all_of(run)
    for topic, values in run.values.items():
        assert [each.value for each in found if each.topic == topic] == values
    for action_id in dict.fromkeys(each.action.action_id for each in found):
        explanation = explain(Asked(action_id, journal=run.journal, audit=tmp_path / "audit", actions=tmp_path))
        assert explanation.is_match, (explanation.troubles, explanation.comparisons)


def test_an_override_in_force_is_named_with_those_who_made_it(tmp_path: Path) -> None:
    run = run_of(STORIES["a raised level"], tmp_path)
    held = [each for each in all_of(run) if each.action.cause.effective_at == 3.0]
    assert held
    explanation = explain(Asked(held[0].action.action_id, journal=run.journal, audit=tmp_path / "audit"))
    record = explanation_record(explanation)
    first = explanation.found[0].scene
    assert [(each.id, each.actor, each.approved_by) for each in first.overrides] == [("o", "ana", "bob")]
    assert first.limit.levels[0].at == 2.0, "the limit as it is configured"
    overrides = record["overrides"]
    assert isinstance(overrides, list)
    assert {(each["kind"], each.get("change")) for each in overrides} >= {
        ("override", "begun"),
        ("approval", "approved"),
    }
