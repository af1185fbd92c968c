"""One decision path: a mode changes what a decision does outside, and nothing else."""

from dataclasses import replace

import msgspec
import pytest

from enforcement.records import Action, Effect, encode
from tests.helpers import Played, play
from tests.replay.made_stream import made_events, made_setup

MODES = ("monitoring", "gradual", "full")
HARD = {"loss", "operator_halt"}
ENFORCED = HARD | {"model_available"}  # an unknown root is held where any of its limits is enforced, such as `loss`


@pytest.fixture(scope="module")
def runs() -> dict[str, Played]:
    events = made_events(seed=3, days=60, quoted=20)
    return {mode: play(events, made_setup(mode), states_at=(len(events),)) for mode in MODES}


def without_mode(action: Action) -> dict[str, object]:
    """An action's content apart from what a mode may change."""
    content: dict[str, object] = msgspec.to_builtins(action)
    cause = content["cause"]
    assert isinstance(cause, dict)
    del content["mode"], cause["published_type"]
    return content


@pytest.mark.parametrize("mode", ["gradual", "full"])
def test_decision_records_are_the_same_bytes_in_every_mode(runs: dict[str, Played], mode: str) -> None:
    monitoring, other = (
        [encode(decision) for decision in runs[name].outputs.decisions] for name in ("monitoring", mode)
    )
    assert len(monitoring) > 100
    assert other == monitoring


def test_the_numbers_are_the_same_in_every_mode(runs: dict[str, Played]) -> None:
    def numbers(mode: str) -> list[dict[str, object]]:
        states = [msgspec.json.decode(state, type=dict[str, object]) for state in runs[mode].states]
        return [
            {key: value for key, value in state.items() if key not in ("trading_state", "limits")} for state in states
        ]

    assert numbers("monitoring") == numbers("gradual") == numbers("full")


def test_the_shadow_topic_carries_the_same_in_every_mode_but_for_the_mode_itself(runs: dict[str, Played]) -> None:
    monitoring = [without_mode(action) for action in runs["monitoring"].outputs.shadow]
    assert len(monitoring) > 50
    for mode in ("gradual", "full"):
        assert [without_mode(action) for action in runs[mode].outputs.shadow] == monitoring


def test_the_mode_stands_in_every_action_and_the_effect_is_that_of_its_topic(runs: dict[str, Played]) -> None:
    for mode in MODES:
        outputs = runs[mode].outputs
        assert {action.mode for action in (*outputs.actions, *outputs.shadow)} == {mode}
        assert {action.effect for action in outputs.shadow} == {Effect.SHADOW}
        assert {action.effect for action in outputs.actions} == {Effect.ENFORCED}


@pytest.mark.parametrize("mode", ["monitoring", "gradual"])
def test_without_evidence_nothing_but_hard_limits_is_enforced(runs: dict[str, Played], mode: str) -> None:
    """Gradual starts in SHADOW, so it does as much as monitoring: the hard limits, and those do act."""
    actions = runs[mode].outputs.actions
    assert {action.cause.limit for action in actions} == ENFORCED
    assert {active.limit for action in actions for active in action.active} == ENFORCED
    decided = {decision.limit for decision in runs[mode].outputs.decisions if decision.decided_type != "none"}
    assert decided > ENFORCED


@pytest.mark.parametrize("mode", ["monitoring", "gradual"])
def test_without_hard_limits_nothing_at_all_is_enforced(mode: str) -> None:
    events = [event for event in made_events(seed=3, days=25, quoted=8) if event["type"] != "halt"]
    setup = made_setup(mode)
    soft = tuple(limit for limit in setup.config.enforcement.limits if not limit.hard)
    enforcement = setup.config.enforcement.model_copy(update={"limits": soft})
    played = play(events, replace(setup, config=setup.config.model_copy(update={"enforcement": enforcement})))
    assert played.outputs.actions == []
    assert len(played.outputs.shadow) > 20


def test_full_enforces_every_decided_type_as_it_was_decided(runs: dict[str, Played]) -> None:
    outputs = runs["full"].outputs
    assert len(outputs.actions) > len(runs["monitoring"].outputs.actions)
    assert all(action.cause.published_type == action.cause.decided_type for action in outputs.actions)

    def merged(action: Action) -> tuple[object, ...]:
        return action.action_id, action.scope, action.type, action.params, action.active, action.trading_state

    told_again = [action for action in outputs.actions if action.reason_code == "ACK_MISSING"]
    assert told_again, "nobody acknowledges in the made stream"
    decided = [action for action in outputs.actions if action not in told_again]
    assert [merged(action) for action in decided] == [merged(action) for action in outputs.shadow]


def test_a_pinned_limit_stays_in_shadow_in_every_mode() -> None:
    events = made_events(seed=3, days=25, quoted=8)
    setup = made_setup("full")
    limits = tuple(
        limit.model_copy(update={"pinned_shadow": limit.id == "top"}) for limit in setup.config.enforcement.limits
    )
    enforcement = setup.config.enforcement.model_copy(update={"limits": limits})
    pinned = type(setup)(setup.config.model_copy(update={"enforcement": enforcement}), setup.calendars, setup.scenarios)
    played = play(events, pinned)
    assert "top" in {action.cause.limit for action in played.outputs.shadow}
    assert "top" not in {active.limit for action in played.outputs.actions for active in action.active}
