"""Positions and orders held against what consumers say they applied."""

import pytest

from daemon.ack_records import acks_records
from daemon.ack_watch import moves
from enforcement.contradictions import Moved, due_of
from tests.daemon.ack_story import HALT, NOON, OVER, REDUCE, UNDER, ack, at, beat, played_story, story_setup
from tests.helpers import SECOND_NS, EventDict, Played, command, fill, snapshot

APPLIED = (OVER, at(1, ack("#0", 0)))
CODE = "ENFORCEMENT_INEFFECTIVE"


def told(played: Played) -> list[tuple[str, str, float]]:
    """Return (type, reason code, seconds after noon) of every enforced action but the first, and without acks owed."""
    found = [(each.type, each.reason_code, (each.ts_decided - NOON) / SECOND_NS) for each in played.outputs.actions[1:]]
    return [each for each in found if each[1] != "ACK_MISSING"]


def traded(seconds: float, quantity: float, name: str = "AA", number: str = "", **fields: object) -> EventDict:
    """A fill in firm/a so long after noon."""
    return at(seconds, fill("firm/a", name, quantity, 22.0, number or f"f{seconds}", 0, **fields))


def order(seconds: float, quantity: float, side: str = "buy", number: str = "o1", name: str = "AA") -> EventDict:
    """A working order of firm/a."""
    event: EventDict = {"type": "order", "portfolio": "firm/a", "instrument": name, "order_id": number, "side": side}
    return at(seconds, event | {"open_quantity": quantity})


@pytest.mark.parametrize("limit", [REDUCE, HALT])
def test_a_position_that_grows_against_an_applied_action_is_told_and_halts(limit: EventDict) -> None:
    played = played_story([*APPLIED, traded(40, 20.0)], story_setup(limit))
    assert told(played)[-1] == ("halt", CODE, 40)
    action = played.outputs.actions[-1]
    assert action.reason == "applied, and contradicted: firm/a AA went from 100 to 120"
    assert [each.limit for each in action.active] == ["gross", "enforcement_effective"]
    assert (action.requires_ack, action.cause.kind, action.cause.limit) == (True, "escalation", "gross")
    assert acks_records(played.core.enforcer.follow_ups)["firm"]["contradictions"] == ["firm/a AA went from 100 to 120"]


@pytest.mark.parametrize(
    "event",
    [
        traded(20, 20.0),  # within the grace
        traded(40, 20.0) | {"ts": NOON + SECOND_NS // 2, "fill_id": "late"},  # executed before it was applied
        traded(40, -20.0), traded(40, -100.0), order(40, 50.0, "sell"), order(20, 50.0),
        {"type": "adjustment", "instrument": "AA", "ex_ts": NOON + 40 * SECOND_NS, "price_factor": 0.5,
         "ts": NOON + 40 * SECOND_NS},
        at(40, {"type": "position", "portfolio": "firm/a", "instrument": "AA", "quantity": 130.0, "as_of": NOON}),
    ],
)  # fmt: skip
def test_what_reduces_or_was_on_its_way_is_no_contradiction(event: EventDict) -> None:
    played = played_story([*APPLIED, event, beat(80)], story_setup(REDUCE, targets_within="1h"))
    assert CODE not in [each[1] for each in told(played)]


@pytest.mark.parametrize(
    "event",
    [
        traded(40, -150.0),  # flips
        traded(40, 5.0, "BB"),  # opens
        at(40, {"type": "position", "portfolio": "firm/a", "instrument": "AA", "quantity": 101.0}),
        snapshot({("firm/a", "AA"): 130.0}, NOON + 40 * SECOND_NS),
        snapshot({("firm/a", "AA"): 100.0, ("firm/b", "BB"): -3.0}, NOON + 40 * SECOND_NS),
        order(40, 5.0), order(40, 101.0, "sell"), order(40, 5.0, "sell", name="BB"),
    ],
)  # fmt: skip
def test_whatever_grows_flips_opens_or_would_is_one(event: EventDict) -> None:
    assert ("halt", CODE, 40) in told(played_story([*APPLIED, event], story_setup(HALT)))


def test_without_an_applied_word_nothing_is_contradicted() -> None:
    for said in ([], [at(1, ack("#0", 0, "partial"))], [at(1, ack("#0", 0, "rejected"))]):
        assert CODE not in [each[1] for each in told(played_story([OVER, *said, traded(40, 20.0)], story_setup(HALT)))]


def test_it_ends_when_positions_conform_and_the_action_goes_on() -> None:
    events = [*APPLIED, traded(40, 20.0), at(41, ack("#1", 0)), traded(50, -19.0), traded(60, -1.0)]
    played = played_story(events, story_setup(REDUCE, targets_within="1h"))
    assert ("halt", CODE, 40) in told(played)
    last = played.outputs.actions[-1]
    assert (last.type, last.reason_code, last.ts_decided) == (
        "reduce_position",
        "LEVERAGE_EXCEEDED",
        NOON + 60 * SECOND_NS,
    )
    assert [each.limit for each in last.active] == ["gross"]


def test_it_ends_when_an_operator_reinstates_and_what_is_held_then_is_taken_as_it_is() -> None:
    freed = command("reinstate", NOON + 50 * SECOND_NS, "c1", scope="firm", limit="enforcement_effective")
    played = played_story([*APPLIED, traded(40, 20.0), freed, beat(70)], story_setup(HALT))
    assert told(played)[-1] == ("halt", "OPERATOR_REINSTATE", 50)
    again = played_story([*APPLIED, traded(40, 20.0), freed, traded(70, 1.0)], story_setup(HALT))
    assert told(again)[-1] == ("halt", CODE, 70)


def test_another_contradiction_is_told_again_and_more_of_the_same_is_not() -> None:
    events = [*APPLIED, traded(40, 20.0), traded(41, 20.0), traded(42, 5.0, "BB"), order(43, 7.0)]
    assert [each[2] for each in told(played_story(events, story_setup(HALT))) if each[1] == CODE] == [40, 42, 43]


def test_an_order_that_is_taken_back_conforms() -> None:
    played = played_story([*APPLIED, order(40, 5.0), order(50, 0.0), beat(60)], story_setup(HALT))
    assert told(played) == [("halt", CODE, 40), ("halt", "LEVERAGE_EXCEEDED", 50)]


def test_targets_that_are_not_met_in_time_are_a_contradiction_and_a_working_reduction_buys_as_much_again() -> None:
    setup = story_setup(REDUCE, targets_within="1m")
    assert told(played_story([*APPLIED, beat(60)], setup)) == []
    played = played_story([*APPLIED, beat(70)], setup)
    assert told(played) == [("halt", CODE, 61)]
    target = due_of(played.outputs.actions[0]).targets[0].max_abs_qty
    missed = next(each for each in played.outputs.actions if each.reason_code == CODE)
    assert missed.reason == f"applied, and contradicted: firm/a AA is 100, over its share {target:g}"
    working = [*APPLIED, order(5, 60.0, "sell")]
    found = told(played_story([*working, beat(300)], setup))
    assert [each[2] for each in found if each[1] == CODE] == [121]
    met = [*APPLIED, traded(50, -60.0), beat(300)]
    assert CODE not in [each[1] for each in told(played_story(met, setup))]


def test_configured_to_warn_it_only_tells() -> None:
    played = played_story([*APPLIED, traded(40, 20.0)], story_setup(REDUCE, on_ineffective="warn"))
    assert told(played)[-1] == ("reduce_position", CODE, 40)


def test_any_batching_gives_the_same_bytes() -> None:
    events = [*APPLIED, traded(40, 20.0), order(43, 7.0), traded(50, -20.0), order(51, 0.0), beat(3_000)]
    whole = played_story(events, story_setup(REDUCE)).bytes_out()
    for batch in (1, 3):
        assert played_story(events, story_setup(REDUCE), batch=batch).bytes_out() == whole


def test_a_snapshot_that_only_books_elsewhere_moves_nothing() -> None:
    before = {("firm/a", "AA"): 100.0, ("firm/b", "AA"): 50.0, ("firm/a", "BB"): -5.0}
    assert moves(before, {("firm/a", "AA"): 30.0, ("firm/b", "AA"): 120.0, ("firm/a/_self", "BB"): -5.0}, 7) == []
    assert moves(before, {("firm/a", "AA"): 30.0, ("firm/b", "AA"): 130.0}, 7) == [
        Moved("firm/b", "AA", 50.0, 130.0, 7)
    ]
    assert moves(before, {("firm/a", "AA"): -1.0}, 7) == [Moved("firm/a", "AA", 100.0, -1.0, 7)]


def test_one_that_begins_as_another_ends_is_told() -> None:
    """One snapshot brings AA back and makes BB larger: as many contradictions as before, and another one."""
    books = {("firm/a", "AA"): 100.0, ("firm/a", "BB"): 5.0}
    both = [*APPLIED, traded(40, 20.0), snapshot(books, NOON + 50 * SECOND_NS)]
    assert [each[2] for each in told(played_story(both, story_setup(HALT))) if each[1] == CODE] == [40, 50]


SPLIT = (OVER, at(0.5, fill("firm/b", "AA", 40.0, 22.0, "b1", 0)))


def test_a_book_that_ignores_its_share_halts_the_scope_although_the_other_did_its_own() -> None:
    setup = story_setup(REDUCE | {"keep_firing_for": "1h"}, targets_within="1m")
    before = played_story([*SPLIT, beat(0.6)], setup).outputs.actions
    shares = {each.portfolio: each.max_abs_qty for each in due_of(before[-1]).shares}
    assert shares.keys() == {"firm/a", "firm/b"}
    acked = at(1, ack(f"#{len(before) - 1}", 0))

    def contradicted(sold: float) -> list[tuple[str, str]]:
        played = played_story([*SPLIT, acked, traded(20, -sold), beat(300)], setup)
        return [(each.type, each.reason) for each in played.outputs.actions if each.reason_code == CODE]

    words = f"applied, and contradicted: firm/b AA is 40, over its share {shares['firm/b']:g}"
    assert contradicted(100.0 - shares["firm/a"]) == [("halt", words)]
    assert contradicted(140.0 - sum(shares.values())) == [("reduce_position", words)], "a sold for both"


FLATTEN: EventDict = HALT | {"levels": [{"at": 2_100.0, "action": "halt", "params": {"flatten": True}}]}


def test_what_was_to_be_flat_in_time_and_is_not_is_a_contradiction() -> None:
    setup = story_setup(FLATTEN, targets_within="1m")
    assert (61, CODE) in [(each[2], each[1]) for each in told(played_story([*APPLIED, beat(70)], setup))]
    flat = played_story([*APPLIED, traded(50, -100.0), beat(70)], setup)
    assert CODE not in [each[1] for each in told(flat)]


def test_an_order_that_a_halt_takes_back_and_that_stays_is_a_contradiction() -> None:
    setup = story_setup(HALT, targets_within="1m")
    working = order(-1, 5.0)
    played = played_story([working, *APPLIED, beat(70)], setup)
    missed = [each for each in played.outputs.actions if each.reason_code == CODE]
    assert [each.reason for each in missed] == ["applied, and contradicted: order o1 in firm/a AA still increases by 5"]
    gone = played_story([working, *APPLIED, order(30, 0.0), beat(70)], setup)
    assert CODE not in [each[1] for each in told(gone)]


def test_a_missed_target_that_nothing_asks_for_any_more_halts_nobody_any_more() -> None:
    """A price ends the breach; no position moves, and no watch is left that could see one conform."""
    events = [*APPLIED, beat(70), UNDER, beat(3_601)]
    setup = story_setup(REDUCE, targets_within="1m")
    played = played_story(events, setup)
    assert ("halt", CODE, 61) in told(played)
    assert [(each.type, each.trading_state) for each in played.outputs.actions][-1] == ("none", "ACTIVE")
    assert played_story(events, setup, batch=1).bytes_out() == played.bytes_out()
    again = [*events, at(4_000, OVER), at(4_001, ack("#-1", 0)), beat(4_070)]
    assert ("halt", CODE, 4_061) in told(played_story(again, setup)), "the same target is told again in another breach"
