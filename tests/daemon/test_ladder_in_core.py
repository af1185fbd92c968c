"""The ladder in the core: labels from the control topic, steps in the audit, and what a stage does outside."""

from collections.abc import Iterable

from daemon.core import Core
from enforcement.episodes import Verification
from enforcement.records import episode_id_of
from tests.daemon.evidence_desk import LIMIT, calm, evidence_setup, firing, in_order, label
from tests.helpers import DAY_NS, EventDict, Played, play, small_setup

STEPS = ("promotion", "demotion", "evidence_reset")
DAYS = 130


def steps(played: Played) -> list[tuple[str, str, str]]:
    return [(str(each["kind"]), str(each["before"]), str(each["after"])) for each in records(played, *STEPS)]


def records(played: Played, *kinds: str) -> list[dict[str, object]]:
    return [each for each in played.outputs.audit if each["kind"] in kinds]


def published(played: Played) -> list[str]:
    """What decisions published: nobody acknowledges here, and what follows from that is left out."""
    return [action.type for action in played.outputs.actions if action.reason_code != "ACK_MISSING"]


def year(*parts: Iterable[EventDict]) -> list[EventDict]:
    return in_order(calm(DAYS), *(list(part) for part in parts))


def test_a_true_episode_and_quiet_weeks_earn_both_stages_and_each_acts_by_its_own() -> None:
    played = play(year(firing(10, "a"), firing(40, "b"), firing(90, "c"), [label(1, 12, "true"), label(2, 42, "true")]),
                  evidence_setup())  # fmt: skip
    assert steps(played) == [("promotion", "SHADOW", "SOFT"), ("promotion", "SOFT", "FULL")]
    assert published(played) == ["throttle", "none", "halt", "none"]
    assert [action.type for action in played.outputs.shadow if action.cause.limit == "lev"].count("halt") == 3
    for step in records(played, *STEPS):
        assert int(str(step["ts"])) % DAY_NS == 0
        assert float(str(step["e_value"])) >= 20.0
        assert {"k", "weeks", "d", "labels_hash", "episodes", "resolved", "uptime"} <= step.keys()


def test_without_labels_a_limit_that_had_an_episode_stays_in_shadow() -> None:
    played = play(year(firing(10, "a")), evidence_setup())
    assert steps(played) == []
    assert published(played) == []


def test_without_sensitivity_evidence_a_limit_that_never_fires_stays_in_shadow() -> None:
    assert steps(play(calm(DAYS), evidence_setup(sensitive=False))) == []
    assert steps(play(calm(DAYS), evidence_setup())) != []


def test_in_other_modes_nothing_climbs_and_evidence_is_gathered_all_the_same() -> None:
    for mode in ("monitoring", "full"):
        played = play(year(firing(10, "a"), [label(1, 12, "true")]), evidence_setup(mode=mode))
        assert steps(played) == []
        evidence = played.core.evidence()["lev"]
        assert (evidence.episodes, evidence.false, evidence.resolved) == (1, 0, 1)
        assert evidence.readiness > 20.0


def test_promotion_by_hand_is_for_those_who_want_it() -> None:
    assert steps(play(calm(DAYS), evidence_setup(automatic=False))) == []


def test_false_labels_cost_a_stage_at_once_and_an_action_under_way_ends_as_it_began() -> None:
    """Six false episodes of FULL are labelled while a seventh halts: that halt stays until its breach clears."""
    fired = [firing(84 + place, f"f{place}") for place in range(6)]
    last = firing(90, "last", lasts_ns=2 * DAY_NS)
    labels = [label(place + 1, 90, "false", cause="model_error") for place in range(6)]
    played = play(year(*fired, last, labels), evidence_setup())
    assert steps(played)[:3] == [
        ("promotion", "SHADOW", "SOFT"), ("promotion", "SOFT", "FULL"), ("demotion", "FULL", "SOFT"),
    ]  # fmt: skip
    (demotion,) = records(played, "demotion")
    during = [each for each in played.outputs.actions if each.ts_decided >= int(str(demotion["ts"]))]
    assert [(each.type, each.cause.kind) for each in during] == [("halt", "reminder"), ("none", "transition")]


def test_labels_are_appended_to_the_audit_and_none_is_lost() -> None:
    episode = episode_id_of("lev", "firm", 1)
    labels = [
        label(1, 11, "false", cause="data_error", confidence=0.8, outcome_known=False), label(1, 12, "unresolved"),
        label(1, 13, "true"),
    ]  # fmt: skip
    played = play(in_order(calm(20), firing(10, "a"), labels), evidence_setup())
    found = records(played, "label")
    assert [(each["episode_id"], each["verdict"], each["cause"]) for each in found] == [
        (episode, "false", "data_error"), (episode, "unresolved", None), (episode, "true", None),
    ]  # fmt: skip
    assert found[0]["confidence"] == 0.8
    assert found[0]["outcome_known"] is False
    assert {each["actor"] for each in found} == {"ana"}


def test_labels_of_nothing_and_labels_that_contradict_themselves_are_refused() -> None:
    bad = [
        label(7, 12, "true"), label(1, 12, "true", cause="data_error"), label(1, 13, "true", scope="firm/a"),
        label(1, 14, "true", scope="firm"), label(1, 14, "true", scope="firm"),
    ]  # fmt: skip
    played = play(in_order(calm(20), firing(10, "a"), bad), evidence_setup())
    assert played.reasons() == ["UNKNOWN_EPISODE", "OUT_OF_BOUNDS", "UNKNOWN_EPISODE", "DUPLICATE_COMMAND"]
    assert len(records(played, "label")) == 1


def test_steps_and_labels_are_the_same_bytes_whatever_the_batches() -> None:
    events = year(firing(10, "a"), firing(90, "c"), [label(1, 12, "true"), label(2, 91, "false", cause="data_error")])
    whole = play(events, evidence_setup()).bytes_out()
    assert play(events, evidence_setup(), batch=7).bytes_out() == whole


def test_a_number_that_stays_invalid_costs_a_stage() -> None:
    """The stock's price grows old in the middle of FULL: 15 minutes of open time later the limit steps down."""
    events = [event for event in calm(DAYS) if not 100 <= _session(event) <= 140]
    played = play([*events, calm(DAYS)[-1]], evidence_setup())
    assert steps(played)[:3] == [
        ("promotion", "SHADOW", "SOFT"), ("promotion", "SOFT", "FULL"), ("demotion", "FULL", "SOFT"),
    ]  # fmt: skip
    assert "INVALID" in str(records(played, "demotion")[0]["reason"])


def _session(event: EventDict) -> int:
    from tests.helpers import open_of

    return next((day for day in range(DAYS) if int(str(event["ts"])) <= open_of(day) + DAY_NS // 2), DAYS)


def test_two_data_errors_that_riskd_finds_itself_cost_a_stage_at_once() -> None:
    setup = evidence_setup()
    played = play(year(firing(90, "a"), firing(91, "b")), setup)
    assert len(steps(played)) == 2
    core: Core = played.core
    for ordinal in (1, 2):
        found = Verification(core.now_ns, "false", "data_error", 1.0, 2.0, "a test")
        core.enforcer.ladders.verify(episode_id_of("lev", "firm", ordinal), found)
    (step,) = core.enforcer.ladders.told
    assert (step.kind, step.after) == ("demotion", "SOFT")


def test_a_change_of_the_limit_costs_its_stage_and_leaves_the_others_alone() -> None:
    other = LIMIT | {"id": "net", "metric": "net_leverage"}
    enforcement = evidence_setup().config.enforcement.model_dump(by_alias=True) | {"limits": [LIMIT, other]}
    played = play(calm(DAYS), small_setup(enforcement=enforcement, portfolios=("firm",)))
    ladders = played.core.enforcer.ladders
    assert dict(ladders.stages) == {("lev", "firm"): "FULL", ("net", "firm"): "FULL"}
    ladders.reset(["lev"], played.core.now_ns, "its levels changed")
    assert dict(ladders.stages) == {("lev", "firm"): "SOFT", ("net", "firm"): "FULL"}


def test_a_watch_says_under_which_rules_a_scope_is_counted() -> None:
    (watch,) = records(play(calm(2), evidence_setup(weeks_min=6.0)), "watch")
    (limit,) = watch["limits"]
    assert (watch["scope"], limit["limit"], limit["climbs"], limit["sensitive"]) == ("firm", "lev", True, True)
    assert limit["promotion"]["weeks_min"] == 6.0
