"""How the daemon says that it is well: by its beat, and by reports that are young."""

from daemon.health import BEAT_AGE_MAX_S, STARTING_BEAT_AGE_MAX_S, Health
from tests.daemon.report_sample import report_of, small_core


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_loop_that_beats_is_well_and_one_that_stopped_is_not() -> None:
    clock = Clock()
    health = Health(clock=clock)
    health.set_report(report_of(small_core()))
    clock.now_s += BEAT_AGE_MAX_S
    assert health.ailment() is None
    clock.now_s += 1.0
    assert health.ailment() == "the loop must beat every 10 s, got none for 11 s"
    health.beat()
    assert health.ailment() is None


def test_before_the_first_report_a_beat_may_take_as_long_as_a_recovery_s_step() -> None:
    clock = Clock()
    health = Health(clock=clock)
    clock.now_s += STARTING_BEAT_AGE_MAX_S
    assert health.ailment() is None
    clock.now_s += 1.0
    assert health.ailment() is not None
    health.set_progress("replaying the journal: 5 inputs")
    assert health.ailment() is None, "progress is a beat"


def test_without_a_report_it_is_recovering_and_says_how_far() -> None:
    health = Health()
    assert (health.report, health.readiness().is_ready) == (None, False)
    assert health.readiness().lines == ("recovering: starting",)
    health.set_progress("replaying the journal: 5 inputs")
    assert health.readiness().lines == ("recovering: replaying the journal: 5 inputs",)


def test_readiness_names_each_condition_and_an_unknown_book_alone_does_not_end_it() -> None:
    health = Health()
    health.set_report(report_of(small_core(), {"known": "no positions snapshot yet: firm"}))
    readiness = health.readiness()
    assert readiness.is_ready
    assert readiness.lines[0] == "recovered: ok"
    assert readiness.lines[-1] == "known: note: no positions snapshot yet: firm"
    health.set_report(report_of(small_core(), {"disk": "no space left"}))
    assert not health.readiness().is_ready
    assert "disk: NOT OK: no space left" in health.readiness().lines


def test_an_old_report_is_no_readiness_whatever_it_said() -> None:
    clock = Clock()
    health = Health(clock=clock)
    health.set_report(report_of(small_core()))
    clock.now_s += 5.0
    assert health.readiness().is_ready
    clock.now_s += 1.0
    assert not health.readiness().is_ready
    assert health.readiness().lines[0] == "report: NOT OK: it must be younger than 5 s, got 6 s"
