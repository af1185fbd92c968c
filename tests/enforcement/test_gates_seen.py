"""Failures that other systems' gates had (enforcement.md): what passed them without evidence, and what never could."""

import pytest

from enforcement.effects import Stage
from enforcement.figures import WEEK_NS
from tests.enforcement.simulated_limits import World, draw_paths, soft_days
from tests.enforcement.test_ladder import GOOD, Run


def test_no_reports_of_false_positives_are_no_evidence() -> None:
    """Nobody said a word of twelve episodes in a year: that is not a rate of zero."""
    run = Run()
    for _ in range(12):
        run.wait(4.0)
        run.fire()
    run.wait(4.0)
    assert run.unit.figures(run.now).false == 12
    assert "labels" in run.unit.missing(run.now, GOOD)
    assert run.unit.stage is Stage.SHADOW


def test_a_third_of_what_is_promoted_is_not_wrong() -> None:
    """Of equally many limits at 0.5, 1 and 2 a week, few of the promoted are not under the threshold."""
    promoted = {rate: int((soft_days(draw_paths(World(rate), 2_000, seed=9)) > 0).sum()) for rate in (0.5, 1.0, 2.0)}
    assert (promoted[1.0] + promoted[2.0]) / sum(promoted.values()) < 0.06


def test_a_gate_does_not_stay_closed_because_its_threshold_outruns_the_exposure() -> None:
    """Each false episode costs 1.4 weeks; at one in two weeks time gains on it, and the gate opens within a year."""
    run = Run()
    for _ in range(25):
        run.wait(2.0)
        run.label(run.fire(), "false", "benign_approved")
        if run.unit.stage is Stage.SOFT:
            break
    assert run.unit.stage is Stage.SOFT
    assert run.now - 1_700_000_000 * 10**9 < 52 * WEEK_NS


@pytest.mark.parametrize("weeks", [1.0, 4.0])
def test_a_limit_that_fires_without_end_gathers_no_exposure(weeks: float) -> None:
    run = Run().wait(5.5)
    run.label(run.fire(lasting_ns=round(weeks * WEEK_NS)), "true")
    assert run.unit.figures(run.now).weeks == pytest.approx(5.5, abs=0.01)
    assert run.steps == []
