"""Acknowledgements in the core: what is missing, what is refused, what is worth nothing, and what follows."""

import pytest

from daemon.ack_records import acks_records
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from feeds.events import Assignment, CatchUpEnd, Outage, Tick
from tests.daemon.ack_story import (
    HALT,
    NOON,
    OPENING,
    OVER,
    REDUCE,
    THROTTLE,
    UNDER,
    ack,
    at,
    beat,
    follow_ups,
    played_story,
    story_setup,
)
from tests.helpers import (
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Played,
    at_place,
    command,
    heartbeat,
    quote,
    records_of,
)

NAMED: dict[str, object] = {"consumers": [{"scope": "firm/**", "names": ["oms"]}]}


def told(played: Played) -> list[tuple[str, str, float]]:
    """Return (type, reason code, seconds after noon) of every enforced action."""
    return [(each.type, each.reason_code, (each.ts_decided - NOON) / SECOND_NS) for each in played.outputs.actions]


def acks(played: Played) -> dict[str, dict[str, object]]:
    return acks_records(played.core.enforcer.follow_ups)


def standings(played: Played) -> list[object]:
    return [each["standing"] for each in played.outputs.audit if each["kind"] == "ack"]


def test_an_action_that_nobody_acknowledges_is_told_again_with_its_code_and_tightens_nothing() -> None:
    """Nobody is named and nobody was ever heard: there is nobody to tighten, and people are told."""
    played = played_story([OVER, beat(4.9), beat(5), beat(7_000)], story_setup())
    assert told(played) == [("throttle", "LEVERAGE_EXCEEDED", 0), ("throttle", "ACK_MISSING", 5)]
    first, missing = played.outputs.actions
    assert (missing.active, missing.params, missing.cause.limit) == (first.active, first.params, "gross")
    assert (missing.cause.kind, missing.requires_ack, missing.seq) == ("escalation", True, first.seq + 1)
    assert missing.action_id != first.action_id
    assert missing.reason == f"not acknowledged by anybody in time: {first.reason}"


@pytest.mark.parametrize(
    ("limit", "on_missing", "asked"),
    [
        (THROTTLE, "warn", "throttle"), (THROTTLE, "escalate", "reduce_position"), (THROTTLE, "halt", "halt"),
        (REDUCE, "escalate", "halt"), (HALT, "escalate", "halt"),
    ],
)  # fmt: skip
def test_where_a_consumer_is_named_its_silence_asks_for_more(limit: EventDict, on_missing: str, asked: str) -> None:
    played = played_story([OVER, beat(60)], story_setup(limit, on_missing=on_missing, **NAMED))
    assert told(played)[1:] == [(asked, "ACK_MISSING", 5)]
    action = played.outputs.actions[1]
    assert "not acknowledged by oms in time" in action.reason
    named = [each.limit for each in action.active]
    assert named == (["gross"] if on_missing == "warn" else ["gross", "action_acknowledged"])
    assert at_place(played.state("firm"), "trading_state.own") == action.trading_state
    assert at_place(acks(played), "firm.missing.why") == "silent"


def test_an_acknowledgement_in_time_ends_the_matter() -> None:
    played = played_story([OVER, at(4.9, ack("#0", 0)), beat(3_600)], story_setup(**NAMED))
    assert told(played) == [("throttle", "LEVERAGE_EXCEEDED", 0)]
    assert standings(played) == ["counts"]
    acked = next(each for each in played.outputs.audit if each["kind"] == "ack")
    assert (acked["scope"], acked["latency_ns"]) == ("firm", round(4.9 * SECOND_NS))
    assert at_place(acks(played), "firm.open") is False


def test_one_that_was_heard_before_is_expected_from_then_on() -> None:
    once = [OVER, at(1, ack("#0", 0)), at(10, UNDER), at(20, OVER), beat(60)]
    assert told(played_story(once, story_setup()))[-1] == ("reduce_position", "ACK_MISSING", 25)


def test_the_acknowledgement_of_a_superseded_action_acknowledges_nothing_newer() -> None:
    late = [OVER, beat(5), at(6, ack("#0", 0)), at(7, ack("#1", 0)), beat(60)]
    played = played_story(late, story_setup(**NAMED))
    assert standings(played) == ["superseded", "counts"]
    assert told(played)[1:] == [("reduce_position", "ACK_MISSING", 5), ("throttle", "LEVERAGE_EXCEEDED", 7)]
    assert played.outputs.actions[-1].requires_ack is False, "what is milder than what was applied needs no word"


def test_actions_in_quick_succession_do_not_put_the_deadline_off() -> None:
    """Each replaces the one before, and nobody says anything of any: the first one's time counts."""
    prices = [quote("AA", 22.0 + 0.5 * each, NOON + each * SECOND_NS) for each in range(1, 10)]
    played = played_story([OVER, *prices], story_setup(REDUCE, **NAMED))
    missing = [each for each in told(played) if each[1] == "ACK_MISSING"]
    assert missing == [("halt", "ACK_MISSING", 5)]
    assert [each[2] for each in told(played)] == [0, 2, 3, 4, 5, 6, 8]
    assert {each[0] for each in told(played) if each[2] >= 5} == {"halt"}


def test_a_refusal_escalates_at_once_and_a_later_word_of_the_same_consumer_ends_it() -> None:
    for result in ("rejected", "expired"):
        events = [OVER, at(1, ack("#0", 0, result)), at(2, ack("#1", 0, result)), at(3, ack("#1", 0)), beat(60)]
        played = played_story(events, story_setup())
        assert told(played)[1:] == [("reduce_position", "ACK_MISSING", 1), ("throttle", "LEVERAGE_EXCEEDED", 3)]
        assert "refused by oms" in played.outputs.actions[1].reason


def test_a_partial_is_at_work_and_escalates_where_it_stays_partial() -> None:
    setup = story_setup(REDUCE, partial_within="2m")
    working = [OVER, at(1, ack("#0", 0, "partial", residual=5.0)), at(60, ack("#0", 0, "partial", residual=2.0))]
    assert told(played_story([*working, beat(120)], setup))[1:] == []
    assert told(played_story([*working, at(120, ack("#0", 0)), beat(900)], setup))[1:] == []
    assert told(played_story([*working, beat(9_000)], setup))[1:2] == [("halt", "ACK_MISSING", 121)]
    at_once = story_setup(REDUCE, partial_within="0s")
    assert told(played_story(working[:2], at_once))[1:] == [("halt", "ACK_MISSING", 1)]


def test_every_consumer_that_is_named_has_to_acknowledge_and_nobody_else_counts() -> None:
    setup = story_setup(consumers=[{"scope": "firm", "names": ["oms", "algo"]}])
    one = [OVER, at(1, ack("#0", 0)), at(2, ack("#0", 0, consumer="forger")), beat(60)]
    played = played_story(one, setup)
    assert standings(played) == ["counts", "stranger"]
    assert told(played)[1:] == [("reduce_position", "ACK_MISSING", 5)]
    assert "not acknowledged by algo in time" in played.outputs.actions[1].reason
    both = [OVER, at(1, ack("#0", 0)), at(2, ack("#0", 0, consumer="algo")), beat(60)]
    assert told(played_story(both, setup))[1:] == []
    forged = [OVER, at(1, ack("#0", 0, "rejected", consumer="forger")), beat(2)]
    assert told(played_story(forged, setup))[1:] == []


def test_where_none_is_named_one_refusal_weighs_more_than_anothers_word() -> None:
    events = [OVER, at(1, ack("#0", 0, consumer="a")), at(2, ack("#0", 0, "rejected", consumer="b")), beat(3)]
    assert told(played_story(events, story_setup()))[1:] == [("reduce_position", "ACK_MISSING", 2)]


def test_what_is_said_twice_changes_nothing_and_what_is_unknown_is_written_down() -> None:
    events = [
        at(-1, ack("0" * 32, 0)), OVER, at(1, ack("#0", 0)), at(2, ack("#0", 0)), at(3, ack("#0", 0, "superseded")),
        at(4, ack("nobody", 0, "rejected", residual=7.5)), at(10, UNDER), at(11, ack("#1", 0)),
        at(12, ack("#0", 0)),
    ]  # fmt: skip
    played = played_story(events, story_setup(**NAMED))
    assert standings(played) == ["unknown", "counts", "repeat", "not_newer", "unknown", "not_asked", "superseded"]
    assert played.outputs.rejections == []
    assert [each[0] for each in told(played)] == ["throttle", "none"]


def test_an_acknowledgement_of_a_root_of_another_shard_is_not_called_unknown() -> None:
    said = [at(1, ack("x", 0, scope=scope)) for scope in ("fund/a", "firm/a")]
    assert standings(played_story([OVER, *said], story_setup())) == ["elsewhere", "unknown"]


def test_it_is_repeated_at_its_pace_until_it_is_acknowledged_or_nothing_is_asked_any_more() -> None:
    setup = story_setup(repeat_every="10m", **NAMED)
    waiting = [OVER, *(beat(60 * each) for each in range(1, 36))]
    repeats = [each for each in told(played_story(waiting, setup)) if each[1] == "ACK_MISSING"]
    assert [each[2] for each in repeats] == [5, 605, 1_205, 1_805]
    assert {each[0] for each in repeats} == {"reduce_position"}
    cleared = played_story([*waiting, at(2_200, UNDER), beat(9_000)], setup)
    assert told(cleared)[-1][0] == "none"
    assert acks(cleared) == {}


def test_an_operator_may_end_it() -> None:
    freed = command("reinstate", NOON + 20 * SECOND_NS, "c1", scope="firm", limit="action_acknowledged")
    played = played_story([OVER, beat(6), freed, beat(60)], story_setup(**NAMED))
    assert told(played)[-1] == ("throttle", "OPERATOR_REINSTATE", 20)
    assert played.outputs.actions[-1].reason == "reinstated by ana: a test"


def test_in_monitoring_only_what_is_hard_is_acknowledged() -> None:
    quiet = played_story([OVER, beat(60)], story_setup(mode="monitoring", **NAMED))
    assert (quiet.outputs.actions, follow_ups(quiet)) == ([], [])
    halted = played_story([at(1, command("halt", 0, "c1", scope="firm")), beat(60)], story_setup(mode="monitoring"))
    assert told(halted) == [("halt", "OPERATOR_HALT", 1), ("halt", "ACK_MISSING", 6)]


def test_no_decision_depends_on_what_consumers_say() -> None:
    silent = played_story([OVER, beat(60), at(70, UNDER)], story_setup(**NAMED))
    acked = played_story([OVER, at(1, ack("#0", 0)), beat(60), at(70, UNDER)], story_setup(**NAMED))
    plain = [[(d.d, d.limit, d.transition, d.ts_decided) for d in each.outputs.decisions] for each in (silent, acked)]
    assert plain[0] == plain[1]
    assert len(silent.outputs.shadow) == len(acked.outputs.shadow)


def test_any_batching_gives_the_same_bytes() -> None:
    events = [
        OVER,
        at(1, ack("#0", 0, "rejected")),
        beat(9),
        at(10, ack("#1", 0)),
        at(11, UNDER),
        at(12, OVER),
        beat(90),
    ]
    whole = played_story(events, story_setup(**NAMED)).bytes_out()
    for batch in (1, 3):
        assert played_story(events, story_setup(**NAMED), batch=batch).bytes_out() == whole


def wall_core(**acks: object) -> Core:
    setup = story_setup(**acks)
    config = setup.config.model_copy(update={"clock": "wall"})
    return Core(type(setup)(config, setup.calendars, setup.scenarios))


def step(core: Core, *events: EventDict) -> list[tuple[str, str]]:
    known = {each.code for each in core.setup.calendars}
    outputs = core.step(decode_inputs(records_of(events), known, core.setup.config))
    return [(each.type, each.reason_code) for each in outputs.actions]


def test_while_a_backlog_is_caught_up_with_nobody_is_late() -> None:
    core = wall_core(**NAMED)
    core.step([made_input(Assignment(epoch=1, partitions=(), catch_up_until=NOON + HOUR_NS))])
    assert step(core, *OPENING, OVER, beat(60), heartbeat(NOON + HOUR_NS)) == []
    end = NOON + HOUR_NS + SECOND_NS
    assert [each.type for each in core.step([made_input(CatchUpEnd(ts=end))]).actions] == ["throttle"]
    assert core.step([made_input(Tick(ts=end + 5 * SECOND_NS - 1))]).actions == []
    late = core.step([made_input(Tick(ts=end + 5 * SECOND_NS))]).actions
    assert [(each.type, each.reason_code) for each in late] == [("reduce_position", "ACK_MISSING")]


def test_what_was_published_before_a_restart_has_its_whole_time_again_after_it() -> None:
    core = wall_core(**NAMED)
    core.step([made_input(Tick(ts=NOON - MINUTE_NS))])
    assert step(core, *OPENING, OVER) == [("throttle", "LEVERAGE_EXCEEDED")]
    core.step([made_input(Assignment(epoch=2, partitions=(), catch_up_until=NOON + HOUR_NS))])
    assert step(core, heartbeat(NOON + HOUR_NS)) == []
    assert core.step([made_input(CatchUpEnd(ts=NOON + HOUR_NS + 1))]).actions == []
    assert core.step([made_input(Tick(ts=NOON + HOUR_NS + 4 * SECOND_NS))]).actions == []
    assert len(core.step([made_input(Tick(ts=NOON + HOUR_NS + 6 * SECOND_NS))]).actions) == 1


def test_while_nothing_passes_to_consumers_nobody_is_late() -> None:
    core = wall_core(**NAMED)
    core.step([made_input(Tick(ts=NOON - MINUTE_NS))])
    assert step(core, *OPENING, OVER) == [("throttle", "LEVERAGE_EXCEEDED")]
    begun = NOON - MINUTE_NS + SECOND_NS
    core.step([made_input(Outage(ts=begun, is_over=False)), made_input(Tick(ts=NOON))])
    assert core.step([made_input(Outage(ts=NOON + 1, is_over=True))]).actions == []
    assert core.step([made_input(Tick(ts=NOON + 5 * SECOND_NS))]).actions == []
    late = core.step([made_input(Tick(ts=NOON + 6 * SECOND_NS))]).actions
    assert [(each.reason_code, each.ts_decided) for each in late] == [("ACK_MISSING", NOON + 1 + 5 * SECOND_NS)]
