"""Commands and the ladder: what evidence moves follows the modes, and the examiner of the log follows both."""

from daemon.examiner import Examiner
from tests.daemon.command_desk import CONTROL, said
from tests.daemon.evidence_desk import LIMIT, calm, evidence_setup, firing, in_order, label
from tests.helpers import HOUR_NS, EventDict, Played, close_of, play


def examined(run: Played) -> Examiner:
    examiner = Examiner()
    for line in run.outputs.audit:
        examiner.take(line)
    return examiner


def steps(run: Played) -> list[tuple[str, str]]:
    kinds = ("promotion", "demotion", "evidence_reset")
    return [(str(each["before"]), str(each["after"])) for each in run.outputs.audit if each["kind"] in kinds]


def ordered(name: str, day: int, command_id: str, **fields: object) -> EventDict:
    """A command an hour after the close of a day, by ana; two hours after it where bob approves one."""
    return said(name, 0, command_id, ts=close_of(day) + (2 if name == "approve" else 1) * HOUR_NS, **fields)


def story(*more: EventDict, mode: str, days: int = 130) -> Played:
    setup = evidence_setup(mode=mode)
    config = setup.config.model_copy(
        update={"control": type(setup.config.control).model_validate({**CONTROL, "allow_unsigned": True})}
    )
    events = in_order(calm(days), firing(10, "a"), [label(1, 12, "true")], list(more))
    return play(events, type(setup)(config, setup.calendars, setup.scenarios, setup.crises))


def test_a_limit_climbs_from_the_day_on_that_it_is_in_gradual_mode() -> None:
    never = play(in_order(calm(130)), evidence_setup(mode="monitoring"))
    assert steps(never) == []
    run = story(ordered("mode", 60, "m", mode="gradual"), mode="monitoring")
    assert steps(run)[0] == ("SHADOW", "SOFT")
    first = next(each for each in run.outputs.audit if each["kind"] == "promotion")
    assert int(str(first["ts"])) > close_of(60)
    assert examined(run).differences() == []


def test_a_limit_climbs_no_more_in_monitoring_and_keeps_what_it_earned() -> None:
    run = story(ordered("mode", 50, "m", mode="monitoring"), mode="gradual")
    assert steps(run) == [("SHADOW", "SOFT")]
    assert examined(run).differences() == []
    assert run.core.evidence()["lev"].stage == "SOFT"


def test_a_changed_limit_falls_a_stage_and_gathers_anew_and_the_examiner_says_the_same() -> None:
    lower = {**LIMIT, "levels": [{"at": 1.8, "action": "halt"}]}
    changed = [
        ordered("limits", 70, "l", limits=[lower], merge=True),
        ordered("approve", 70, "y", by="bob", approves="l"),
    ]
    run = story(*changed, mode="gradual", days=200)
    assert steps(run) == [("SHADOW", "SOFT"), ("SOFT", "FULL"), ("FULL", "SOFT"), ("SOFT", "FULL")]
    fell = next(each for each in run.outputs.audit if each["kind"] == "demotion")
    assert (fell["ts"], fell["cause"]) == (close_of(70) + 2 * HOUR_NS, "limit_changed")
    assert examined(run).differences() == []


def test_a_limit_that_goes_and_returns_begins_anew_and_the_examiner_says_the_same() -> None:
    other = {
        "id": "dd",
        "scope": "firm",
        "sensor": "drawdown",
        "metric": "drawdown",
        "levels": [{"at": 0.5, "action": "warn"}],
    }
    gone = [ordered("limits", 70, "l", limits=[other]), ordered("approve", 70, "y", by="bob", approves="l")]
    back = ordered("limits", 90, "b", limits=[LIMIT], merge=True)
    run = story(*gone, back, firing(100, "z")[0], mode="gradual", days=200)
    assert run.reasons() == []
    assert examined(run).differences() == []
    assert {unit.watched.limit for unit in examined(run).units.values()} == {"lev", "dd"}
