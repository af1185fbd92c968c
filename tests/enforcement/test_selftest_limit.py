"""The reserved root of self-tests: one real limit that navs move, in every mode, and nothing beside it."""

import pytest

from tests.helpers import SECOND_NS, EventDict, at_place, nav, open_of, play, quote, small_setup, snapshot, stock

NOON = open_of(20) + 2 * 3600 * SECOND_NS
ROOT = "_selftest-0"
BOOK: tuple[EventDict, ...] = (
    stock("AA"), snapshot({("firm/a", "AA"): 100.0}, NOON - 10), quote("AA", 20.0, NOON - 9),
    nav("firm/a", 50_000.0, NOON - 8),
)  # fmt: skip
LIMITS = [
    {"id": "gross", "scope": "**", "sensor": "exposure", "metric": "gross", "levels": [{"at": 1e6, "action": "halt"}]},
    {"id": "loss", "scope": "*", "sensor": "exposure", "metric": "day_loss", "hard": True,
     "levels": [{"at": 1.0, "action": "halt"}]},
]  # fmt: skip


def drill(at: int, token: float = 0.125) -> list[EventDict]:
    """A self-test: known, whole, breached, whole again."""
    value = 1_000.0 + token
    return [
        snapshot({}, at, ROOT), nav(ROOT, value, at + 1), nav(ROOT, value - 100.0, at + SECOND_NS),
        nav(ROOT, value, at + 2 * SECOND_NS),
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["monitoring", "gradual", "full"])
def test_a_drill_throttles_its_own_root_and_clears_and_does_so_again(mode: str) -> None:
    played = play([*BOOK, *drill(NOON), *drill(NOON + 60 * SECOND_NS, 0.5)], small_setup(LIMITS, mode=mode))
    told = [(each.scope, each.type, each.cause.limit, each.effect) for each in played.outputs.actions]
    once = [(ROOT, "throttle", "selftest", "enforced"), (ROOT, "none", "selftest", "enforced")]
    assert told == once * 2
    assert at_place(played.state(ROOT), "trading_state.own") == "ACTIVE"


def test_a_drill_that_was_cut_off_does_not_spoil_the_next() -> None:
    cut = drill(NOON)[:3]
    played = play([*BOOK, *cut, *drill(NOON + 60 * SECOND_NS, 0.5)], small_setup(LIMITS))
    assert [each.type for each in played.outputs.actions][-2:] == ["throttle", "none"]


def test_no_other_book_no_evidence_and_no_total_notices_it() -> None:
    events = [*BOOK, quote("AA", 20.5, NOON + 200 * SECOND_NS)]
    without = play(events, small_setup(LIMITS, mode="full"))
    drilled = play([*BOOK, *drill(NOON), events[-1]], small_setup(LIMITS, mode="full"))
    assert drilled.core.evidence() == without.core.evidence()
    for scope in ("firm", "firm/a"):
        left, right = ({k: v for k, v in each.state(scope).items() if k != "n"} for each in (without, drilled))
        assert left == right
    watched = [each for each in drilled.outputs.audit if each["kind"] == "watch" and each["scope"] == ROOT]
    assert [each["limits"] for each in watched] == [[]]
