"""The ladder: every step and figure of random histories against a second, slow ladder that shares no code."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.promotion import PromotionConfig
from enforcement.episodes import Verification
from enforcement.figures import DAY_NS
from enforcement.ladder import Circumstances, Step, Unit
from tests.enforcement.slow_ladder import Fact, SlowLadder
from tests.enforcement.test_ladder import START, label_of

VERDICTS = [
    ("true", None), ("false", "data_error"), ("false", "model_error"), ("false", "benign_approved"),
    ("false", "duplicate"), ("unresolved", None),
]  # fmt: skip


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 4 * 7 * 24)),
        st.tuples(st.just("fire"), st.integers(1, 200)),
        st.tuples(st.just("again"), st.integers(1, 30)),
        st.tuples(st.just("blind"), st.integers(1, 60)),
        st.tuples(st.just("label"), st.integers(0, 30), st.sampled_from(VERDICTS)),
        st.tuples(st.just("label"), st.integers(0, 3), st.sampled_from(VERDICTS[:1])),
        st.tuples(st.just("verify"), st.integers(0, 30), st.sampled_from(["data_error", "model_error", None])),
        st.tuples(st.just("quiet"), st.integers(10, 60)),
    ),
    min_size=5, max_size=60,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MOVES, st.integers(0, 40))
def test_every_step_and_figure_is_that_of_a_ladder_that_reads_the_whole_history_each_time(moves, red_day: int) -> None:
    both = Both(red_day)
    for move in moves:
        both.play(move)
    assert both.steps == both.slow.steps


def test_long_histories_climb_and_fall_as_the_slow_ladder_does() -> None:
    """Three of some two years each; random moves are too wild to climb, so that these label well and fire seldom."""
    draw = random.Random(7)
    steps = 0
    for _ in range(3):
        both = Both(red_day=draw.choice([0, 0, 60]))
        for _ in range(draw.randrange(10, 18)):
            both.play(("quiet", draw.randrange(25, 70)))
            both.play(("fire", draw.randrange(1, 30)))
            both.play(("label", 0, draw.choice(VERDICTS[:1] * 5 + VERDICTS)))
            if draw.random() < 0.2:
                for _ in range(draw.randrange(2, 7)):
                    both.play(("fire", draw.randrange(1, 30)))
                    both.play(("verify", 0, draw.choice(["data_error", "model_error", None])))
        assert both.steps == both.slow.steps
        steps += len(both.steps)
    assert steps >= 8


class Both:
    """Tells the unit and the slow ladder the same, hour by hour, and looks at every midnight."""

    def __init__(self, red_day: int) -> None:
        self.unit = Unit("var", "firm", PromotionConfig(resolved_min=0.5), 1.0)
        self.slow = SlowLadder(resolved_min=0.5)
        self.now, self.red_day, self.ordinal = START // DAY_NS * DAY_NS, red_day, 0
        self.steps: list[tuple[int, str, str]] = []
        self.turn(is_live=True, is_up=True)

    def turn(self, *, is_live: bool, is_up: bool) -> None:
        self.unit.turn(self.now, is_live=is_live, is_up=is_up)
        self.slow.tell(Fact(self.now, "turn", (is_live, is_up)))

    def hours(self, count: int, *, is_quiet: bool = True) -> None:
        for _ in range(count):
            self.now += 3_600 * 10**9
            if self.now % DAY_NS == 0:
                day = self.now // DAY_NS - START // DAY_NS
                is_red = self.red_day > 0 and day == 7 * self.red_day
                self.keep(self.unit.look(self.now, Circumstances(is_quiet, True, is_red)))
                self.slow.tell(Fact(self.now, "look", (is_quiet, True, is_red)))
                found, slow = self.unit.figures(self.now), self.slow
                assert found.false == slow.false(self.now)
                assert found.weeks == pytest.approx(slow.weeks(self.now), abs=1e-12)
                assert found.e_value == pytest.approx(slow.e_value(self.now), rel=1e-9)
                assert (found.cusum, found.cusum_peak) == pytest.approx(slow.cusum(self.now), abs=1e-9)

    def keep(self, step: Step | None) -> None:
        if step is not None:
            self.steps.append((self.now, step.before, step.after))

    def play(self, move: tuple) -> None:
        match move:
            case ("wait", hours):
                self.hours(hours)
            case ("quiet", days):
                self.hours(24 * days)
            case ("blind", hours):
                self.turn(is_live=False, is_up=False)
                self.hours(hours, is_quiet=False)
                self.turn(is_live=True, is_up=True)
            case ("fire" | "again", hours):
                self.ordinal += move[0] == "fire" or self.ordinal == 0
                id_ = f"e{self.ordinal}"
                self.turn(is_live=False, is_up=True)
                self.unit.begin_episode(self.now, id_, self.ordinal)
                self.slow.tell(Fact(self.now, "begin", (id_,)))
                self.hours(hours, is_quiet=False)
                self.unit.end_episode(self.now)
                self.turn(is_live=True, is_up=True)
            case ("label", back, (verdict, cause)) if self.unit.episodes:
                id_ = self.unit.episodes[-1 - back % len(self.unit.episodes)].id
                self.keep(self.unit.take_label(label_of(self.now, id_, verdict, cause)))
                self.slow.tell(Fact(self.now, "label", (id_, verdict, cause)))
            case ("verify", back, cause) if self.unit.episodes:
                id_ = self.unit.episodes[-1 - back % len(self.unit.episodes)].id
                result = "false" if cause else "confirmed"
                self.keep(self.unit.take_verification(id_, Verification(self.now, result, cause, 1.0, 2.0, "")))
                self.slow.tell(Fact(self.now, "verify", (id_, result, cause)))
