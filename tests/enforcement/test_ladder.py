"""The ladder: each rule by itself."""

import pytest

from config.promotion import PromotionConfig
from enforcement.effects import Stage
from enforcement.episodes import Label, OutcomeTest, Verification, labels_hash
from enforcement.figures import DAY_NS, WEEK_NS
from enforcement.ladder import Circumstances, Step, Unit

START = 1_700_000_000 * 10**9
GOOD = Circumstances(is_quiet=True, is_sensitive=True)


class Run:
    """Drives a unit through days: live and up unless told otherwise, and looks at every midnight."""

    def __init__(self, **settings: object) -> None:
        self.unit = Unit("var", "firm", PromotionConfig.model_validate(settings), 1.0)
        self.now = START
        self.steps: list[Step] = []
        self.count = 0
        self.unit.turn(START, is_live=True, is_up=True)

    def wait(self, weeks: float, circumstances: Circumstances = GOOD) -> "Run":
        end = self.now + round(weeks * WEEK_NS)
        while self.now < end:
            self.now = min(end, (self.now // DAY_NS + 1) * DAY_NS)
            if self.now % DAY_NS == 0:
                self.keep(self.unit.look(self.now, circumstances))
        return self

    def keep(self, step: Step | None) -> None:
        self.steps += [step] if step else []

    def fire(self, lasting_ns: int = 3_600 * 10**9) -> str:
        self.count += 1
        id_ = f"e{self.count}"
        self.unit.turn(self.now, is_live=False, is_up=True)
        self.unit.begin_episode(self.now, id_, self.count)
        self.now += lasting_ns
        self.unit.end_episode(self.now)
        self.unit.turn(self.now, is_live=True, is_up=True)
        return id_

    def label(self, id_: str, verdict: str, cause: str | None = None) -> None:
        self.keep(self.unit.take_label(label_of(self.now, id_, verdict, cause)))

    def verify(self, id_: str, result: str, cause: str | None = None) -> None:
        self.keep(self.unit.take_verification(id_, Verification(self.now, result, cause, 1.0, 2.0, "a test")))

    def at_full(self) -> "Run":
        self.wait(14.0)
        assert self.unit.stage is Stage.FULL
        self.steps.clear()
        return self


def label_of(ts: int, id_: str, verdict: str, cause: str | None) -> Label:
    return Label(ts, id_, verdict, cause, "ana", "a test", f"c{ts}")


def test_six_quiet_weeks_earn_each_stage_and_evidence_starts_anew_in_it() -> None:
    run = Run().wait(5.9)
    assert run.unit.stage is Stage.SHADOW
    run.wait(0.3)
    assert run.unit.stage is Stage.SOFT
    assert run.unit.figures(run.now).weeks < 0.25
    run.wait(6.2)
    assert run.unit.stage is Stage.FULL
    assert [(each.kind, each.before, each.after) for each in run.steps] == [
        ("promotion", "SHADOW", "SOFT"), ("promotion", "SOFT", "FULL"),
    ]  # fmt: skip
    first = run.steps[0].figures
    assert (first.episodes, first.false) == (0, 0)
    assert first.e_value >= 20.0
    assert 5.99 < first.weeks < 6.2


def test_nobody_labels_and_nothing_that_fired_is_ever_promoted() -> None:
    run = Run().wait(0.5)
    run.fire()
    run.wait(300.0)
    assert run.unit.figures(run.now).e_value > 20.0
    assert run.unit.missing(run.now, GOOD) == ("labels",)
    assert run.steps == []


def test_one_that_never_fires_waits_for_proof_that_it_sees() -> None:
    blind = Circumstances(is_quiet=True, is_sensitive=False)
    run = Run().wait(50.0, blind)
    assert run.steps == []
    assert run.unit.missing(run.now, blind) == ("sensitivity",)
    assert run.wait(0.2).unit.stage is Stage.SOFT


@pytest.mark.parametrize(
    ("circumstances", "lacks"),
    [
        (Circumstances(is_quiet=False, is_sensitive=True), "quiet"),
        (Circumstances(is_quiet=True, is_sensitive=True, is_model_red=True), "backtest"),
    ],
)
def test_a_promotion_waits_for_quiet_and_for_a_model_that_is_not_red(circumstances, lacks: str) -> None:
    run = Run().wait(20.0, circumstances)
    assert run.steps == []
    assert run.unit.missing(run.now, circumstances) == (lacks,)


def test_promotion_by_hand_is_never_automatic() -> None:
    run = Run(automatic=False).wait(20.0)
    assert run.steps == []
    assert run.unit.missing(run.now, GOOD) == ("automatic",)


def test_a_true_episode_costs_its_own_time_and_nothing_else() -> None:
    run = Run().wait(1.0)
    run.label(run.fire(lasting_ns=WEEK_NS), "true")
    run.wait(4.9)
    assert run.unit.stage is Stage.SHADOW
    assert run.wait(0.3).unit.stage is Stage.SOFT
    assert run.now - START > 7.0 * WEEK_NS


def test_a_limit_that_fires_for_a_week_at_a_time_lives_only_in_between() -> None:
    run = Run()
    for _ in range(30):
        run.wait(1.0)
        run.label(run.fire(lasting_ns=WEEK_NS), "false", "model_error")
    figures = run.unit.figures(run.now)
    assert (figures.episodes, round(figures.weeks, 6)) == (30, 30.0)
    assert run.steps == []


def test_uptime_counts_from_the_first_number_on() -> None:
    run = Run()
    run.unit.turn(run.now, is_live=False, is_up=False)  # the first look found nothing
    run.wait(100.0)
    assert run.unit.figures(run.now).uptime == 0.0
    run.unit.turn(run.now, is_live=True, is_up=True)
    run.wait(5.0)
    assert run.unit.figures(run.now).uptime == 1.0
    run.unit.turn(run.now, is_live=False, is_up=False)
    run.now += DAY_NS
    run.unit.turn(run.now, is_live=True, is_up=True)
    run.wait(1.5)
    assert run.unit.missing(run.now, GOOD) == ("uptime",)


def test_a_duplicate_merges_and_the_first_of_a_stage_has_nothing_to_merge_into() -> None:
    run = Run().wait(1.0)
    first, second = run.fire(), run.fire()
    run.label(first, "true")
    run.label(second, "false", "duplicate")
    assert (run.unit.figures(run.now).episodes, run.unit.figures(run.now).false) == (1, 0)
    run.label(first, "false", "duplicate")
    assert (run.unit.figures(run.now).episodes, run.unit.figures(run.now).false) == (1, 1)


def test_labels_are_appended_and_the_last_word_counts() -> None:
    run = Run().wait(1.0)
    id_ = run.fire()
    hashes = [labels_hash(run.unit.labels)]
    for verdict, cause, false in (("false", "data_error", 1), ("true", None, 0), ("unresolved", None, 1)):
        run.label(id_, verdict, cause)
        assert run.unit.figures(run.now).false == false
        hashes.append(labels_hash(run.unit.labels))
    assert len(set(hashes)) == 4
    assert len(run.unit.labels) == 3


def test_five_false_episodes_in_a_row_cost_a_stage_and_the_labels_order_does_not_matter() -> None:
    for order in ((0, 1, 2, 3, 4), (4, 2, 0, 3, 1)):
        run = Run().at_full()
        ids = [run.fire() for _ in range(5)]
        run.wait(0.5)
        for place in order[:4]:
            run.label(ids[place], "false", "benign_approved")
        assert run.steps == []
        run.label(ids[order[4]], "false", "benign_approved")
        (step,) = run.steps
        assert (step.kind, step.before, step.after) == ("demotion", "FULL", "SOFT")
        assert step.figures.cusum_peak >= 2.996
        assert run.unit.figures(run.now).episodes == 0


def test_what_nobody_labels_in_time_counts_as_false_in_the_cusum_too() -> None:
    run = Run().at_full()
    for _ in range(5):
        run.fire()
    run.wait(4.9)
    assert run.steps == []
    run.wait(0.3)
    assert [step.kind for step in run.steps] == ["demotion"]


def test_two_data_errors_within_a_day_cost_a_stage_at_once() -> None:
    run = Run().at_full()
    first = run.fire()
    run.wait(1 / 7.5)
    second = run.fire()
    run.verify(first, "false", "data_error")
    assert run.steps == []
    run.label(second, "false", "data_error")
    assert [(step.kind, step.after) for step in run.steps] == [("demotion", "SOFT")]


def test_a_persons_word_is_over_the_machines() -> None:
    run = Run().at_full()
    first, second = run.fire(), run.fire()
    run.label(first, "true")
    run.verify(first, "false", "data_error")
    run.verify(second, "false", "data_error")
    assert run.steps == []
    assert run.unit.tally(run.now).causes == ("data_error",)
    run.label(first, "unresolved")
    assert [step.kind for step in run.steps] == ["demotion"]


def test_an_outcome_counts_only_where_the_sensor_says_so() -> None:
    for counts in (False, True):
        run = Run().at_full()
        run.unit.outcome_counts = counts
        for _ in range(5):
            id_ = run.fire()
            run.keep(run.unit.take_outcome(id_, OutcomeTest(run.now, "stayed_away", 10, "a test")))
        assert [step.kind for step in run.steps] == (["demotion"] if counts else [])


def test_a_red_model_costs_a_stage_at_a_look_until_none_is_left() -> None:
    red = Circumstances(is_quiet=True, is_sensitive=True, is_model_red=True)
    run = Run().at_full().wait(1.0, red)
    assert [step.after for step in run.steps] == ["SOFT", "SHADOW"]


def test_a_change_of_the_limit_costs_a_stage_and_a_change_of_the_model_only_the_evidence() -> None:
    run = Run().at_full()
    assert run.unit.change(run.now, "its levels changed").after is Stage.SOFT
    run.wait(3.0)
    step = run.unit.reset(run.now, "model_changed", "another version of the model")
    assert (step.kind, step.before, step.after) == ("reset", "SOFT", "SOFT")
    assert run.unit.figures(run.now).weeks == 0.0
    assert Run().unit.change(START, "its levels changed").kind == "reset"


def test_a_stage_that_is_lost_and_begun_anew_does_not_bury_what_nobody_labelled() -> None:
    run = Run().wait(7.0)
    id_ = run.fire()
    run.keep(run.unit.demote(run.now, "invalid", "INVALID"))
    run.wait(30.0)
    assert run.unit.stage is Stage.SHADOW
    assert run.unit.missing(run.now, GOOD) == ("labels",)
    run.label(id_, "true")
    assert run.wait(0.2).unit.stage is Stage.SOFT
    run.keep(run.unit.change(run.now, "its levels changed"))
    run.fire()
    run.keep(run.unit.change(run.now, "its levels changed again"))
    assert run.wait(7.0).unit.stage is Stage.SOFT


def test_in_shadow_there_is_nothing_to_step_down_from() -> None:
    run = Run()
    assert run.unit.demote(START, "invalid", "INVALID for too long") is None
    for _ in range(9):
        run.label(run.fire(), "false", "data_error")
    assert run.steps == []


def test_an_episode_of_an_earlier_stage_can_still_be_labelled_and_changes_nothing_here() -> None:
    run = Run().wait(1.0)
    id_ = run.fire()
    run.label(id_, "true")
    run.at_full()
    before = run.unit.figures(run.now)
    run.label(id_, "false", "model_error")
    assert run.unit.figures(run.now) == before
    assert run.unit.tally(run.now).causes == ("model_error",)
