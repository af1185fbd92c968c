"""Which actions of two replays are a pair, where several of one kind fall on one moment."""

from dataclasses import replace

import pytest

from daemon.plan_actions import Episode, PlannedAction
from daemon.plan_match import compare_actions

EPISODES = ([Episode("net", "firm", "a", 0, 100)], [Episode("net", "firm", "b", 0, 100)])


def action(seq: int, ts: int, says: str, episode_id: str = "a") -> PlannedAction:
    return PlannedAction(
        topic="shadow", action_id=f"{seq}", seq=seq, ts=ts, scope="firm", limit="net", level="hard", kind="targets",
        transition="firing>firing", episode_id=episode_id, type="reduce_position", trading_state="REDUCING",
        reason=says, asks=f"asks {says}", says=says, position=0, length=1,
    )  # fmt: skip


def of_proposed(actions: list[PlannedAction]) -> list[PlannedAction]:
    return [replace(each, seq=each.seq + 50, episode_id="b") for each in actions]


def test_a_burst_at_one_moment_that_is_the_same_under_both_is_no_difference() -> None:
    """A replay of the shipped coins has two targets of one limit at one moment: two fills with one time."""
    burst = [action(1, 5, "first"), action(2, 5, "second"), action(3, 5, "third"), action(4, 9, "later")]
    found = compare_actions(burst, of_proposed(burst), EPISODES)
    assert [(one.says, other.says) for one, other in found.same] == [(each.says, each.says) for each in burst]
    assert found.change == found.reworded == found.appear == found.vanish == []


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_of_a_burst_the_one_that_is_gone_is_named(gone: int) -> None:
    burst = [action(1, 5, "first"), action(2, 5, "second"), action(3, 5, "third")]
    left = [each for index, each in enumerate(burst) if index != gone]
    found = compare_actions(burst, of_proposed(left), EPISODES)
    assert [each.says for each in found.vanish] == [burst[gone].says]
    assert len(found.same) == 2
    assert found.change == found.appear == []


def test_what_says_something_else_at_the_same_moment_is_a_change() -> None:
    before = [action(1, 5, "first"), action(2, 5, "second"), action(3, 30, "later")]
    after = of_proposed([action(1, 5, "first"), action(2, 5, "other"), action(3, 40, "last")])
    found = compare_actions(before, after, EPISODES)
    assert [(one.says, other.says) for one, other in found.change] == [("second", "other"), ("later", "last")]
    assert [one.says for one, _ in found.same] == ["first"]
