"""What only the core can refuse: each reason, and that a refused record changes nothing but trust."""

import json

import pytest

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from feeds.events import Tick
from feeds.record import Record, RejectReason
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Source,
    at_place,
    calendar,
    close,
    close_of,
    command,
    date_of,
    fill,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    records_of,
    small_setup,
    snapshot,
    stock,
    trade,
)

NOON = open_of(20) + 2 * HOUR_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA"),
    stock("BOND", kind="bond", min_price=-5.0),
    stock("OIL", kind="future", min_price=None),
    snapshot({("firm/a", "AA"): 100.0}, open_of(18)),
    nav("firm/a", 50_000.0, open_of(18) + 1),
    quote("AA", 20.0, NOON - MINUTE_NS),
    fill("firm/a", "AA", 10.0, 20.0, "f1", NOON - 50 * SECOND_NS),
    command("halt", NOON - 40 * SECOND_NS, "c1", scope="firm/a"),
)


def on_partition(event: EventDict, partition: int) -> Record:
    """An event as a record of another partition of its topic."""
    return Record(0, records_of([event])[0].topic, partition, 5, json.dumps(event).encode())


REFUSED: dict[str, tuple[RejectReason, Source]] = {
    "a quote at zero": (RejectReason.PRICE_OUT_OF_BOUNDS, quote("AA", 0.0, NOON)),
    "a trade under zero": (RejectReason.PRICE_OUT_OF_BOUNDS, trade("AA", -0.01, NOON)),
    "a bid at zero under a good ask": (RejectReason.PRICE_OUT_OF_BOUNDS, quote("AA", 1.0, NOON, half_spread=1.0)),
    "a close at zero": (RejectReason.PRICE_OUT_OF_BOUNDS, close("AA", 19, 0.0, NOON)),
    "a fill at zero": (RejectReason.PRICE_OUT_OF_BOUNDS, fill("firm/a", "AA", 1.0, 0.0, "f2", NOON)),
    "a price under min_price": (RejectReason.PRICE_OUT_OF_BOUNDS, trade("BOND", -5.01, NOON)),
    "a quote of a stranger": (RejectReason.UNKNOWN_INSTRUMENT, quote("ZZ", 1.0, NOON)),
    "a close of a stranger": (RejectReason.UNKNOWN_INSTRUMENT, close("ZZ", 19, 1.0, NOON)),
    "a position in a stranger": (
        RejectReason.UNKNOWN_INSTRUMENT,
        {"type": "position", "ts": NOON, "portfolio": "firm/a", "instrument": "ZZ", "quantity": 1.0},
    ),
    "an order in a stranger": (
        RejectReason.UNKNOWN_INSTRUMENT,
        {"type": "order", "ts": NOON, "portfolio": "firm/b", "instrument": "ZZ", "order_id": "o", "side": "buy",
         "open_quantity": 1.0},
    ),
    "a snapshot with a stranger": (RejectReason.UNKNOWN_INSTRUMENT, snapshot({("firm/a", "ZZ"): 1.0}, NOON)),
    "a split of a stranger": (
        RejectReason.UNKNOWN_INSTRUMENT,
        {"type": "adjustment", "ts": NOON, "instrument": "ZZ", "ex_ts": NOON, "price_factor": 0.5},
    ),
    "a command on a path nobody has seen": (
        RejectReason.UNKNOWN_PORTFOLIO, command("reset_hwm", NOON, "c2", scope="firm/zz"),
    ),
    "an instrument on no exchange": (RejectReason.UNKNOWN_CALENDAR, stock("BB", ts=NOON, calendar="XNOWHERE")),
    "the cancel of a fill that never was": (
        RejectReason.UNKNOWN_FILL, {"type": "fill_cancel", "ts": NOON, "portfolio": "firm/a", "fill_id": "f9"},
    ),
    "the cancel of another root's fill": (
        RejectReason.UNKNOWN_FILL, {"type": "fill_cancel", "ts": NOON, "portfolio": "other/a", "fill_id": "f1"},
    ),
    "a nav in a currency without a rate": (
        RejectReason.UNKNOWN_CURRENCY, nav("firm/a", 1e6, NOON, currency="SEK"),
    ),
    "a quote older than the last one": (RejectReason.LATE, quote("AA", 20.0, NOON - MINUTE_NS - 1)),
    "a trade older than the last quote": (RejectReason.LATE, trade("AA", 20.0, NOON - DAY_NS)),
    "a fill older than the memory of ids": (
        RejectReason.LATE_FILL, fill("firm/a", "AA", 1.0, 20.0, "f3", NOON - 8 * DAY_NS),
    ),
    "a fill id with another quantity": (
        RejectReason.DUPLICATE_FILL_ID, fill("firm/a", "AA", 11.0, 20.0, "f1", NOON),
    ),
    "a fill id in another book of the root": (
        RejectReason.DUPLICATE_FILL_ID, fill("firm/b", "AA", 10.0, 20.0, "f1", NOON),
    ),
    "a command that came before": (
        RejectReason.DUPLICATE_COMMAND, command("reinstate", NOON, "c1", scope="firm/a"),
    ),
    "a root on another partition": (RejectReason.WRONG_PARTITION, on_partition(nav("firm/b", 1.0, NOON), 3)),
    "another multiplier under a price": (RejectReason.REFERENCE_CONFLICT, stock("AA", ts=NOON, multiplier=2.0)),
    "another currency under a price": (RejectReason.REFERENCE_CONFLICT, stock("AA", ts=NOON, currency="EUR")),
    "a pair without its sides": (RejectReason.MISSING_FIELD, stock("EURUSD", ts=NOON, kind="fx", quote="USD")),
    "a close of a day that has not begun": (RejectReason.TOO_FAR_AHEAD, close("AA", 22, 20.0, NOON)),
    "a label of no episode": (
        RejectReason.UNKNOWN_EPISODE, command("label", NOON, "c3", episode_id="e", verdict="true"),
    ),
    "limits": (RejectReason.BAD_LIMITS, command("limits", NOON, "c4", limits=[{"id": "x"}])),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_core_refuses(name: str) -> None:
    reason, bad = REFUSED[name]
    played = play([*OPENING, bad], small_setup())
    assert played.reasons() == [reason.value]
    record, rejection = played.outputs.rejections[0]
    assert record.n == len(OPENING) + 1
    assert rejection.detail


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_was_refused_moves_neither_time_nor_a_number(name: str) -> None:
    """The same record again far in the future, so that it would move time if it could."""
    bad = REFUSED[name][1]
    later = bad
    if isinstance(bad, dict) and bad["type"] not in ("quote", "trade", "fill", "close"):
        later = bad | {"ts": NOON + 300 * DAY_NS}
    quiet, disturbed = (play([*OPENING, *bads], small_setup()) for bads in ((), (bad, later)))
    assert len(disturbed.outputs.rejections) == 2
    assert disturbed.core.now_ns == quiet.core.now_ns
    assert disturbed.core.state.scopes == quiet.core.state.scopes
    assert len(disturbed.core.state.terms) == len(quiet.core.state.terms)
    for one, other in zip(quiet.core.state_records(), disturbed.core.state_records(), strict=True):
        for key in ("ts", "nav", "index", "exposures", "var", "es", "stress", "component_var"):
            values = [json.loads(json.dumps(each[key]).replace("DEGRADED", "OK")) for each in (one, other)]
            assert values[0] == values[1], key


def test_a_price_may_equal_min_price_and_be_negative_where_the_instrument_says_so() -> None:
    played = play([*OPENING, trade("BOND", -5.0, NOON), trade("OIL", -37.6, NOON + 1)], small_setup())
    assert played.reasons() == []


def test_the_same_fill_again_is_no_fault_and_no_second_fill() -> None:
    played = play([*OPENING, fill("firm/a", "AA", 10.0, 20.0, "f1", NOON)], small_setup())
    assert played.reasons() == []
    assert played.state("firm/a")["exposures"] == {"gross": 2200.0, "net": 2200.0, "by_instrument": {"AA": 2200.0}}


def test_late_is_told_per_partition() -> None:
    """What one partition delivers says nothing about the order of another."""
    older = quote("AA", 21.0, NOON - 2 * MINUTE_NS)
    played = play([*OPENING, on_partition(older, 1), on_partition(older, 1)], small_setup())
    assert played.reasons() == []
    assert play([*OPENING, on_partition(older, 0)], small_setup()).reasons() == ["LATE"]


def test_a_refused_record_gives_a_root_no_home() -> None:
    stray = on_partition(fill("new/a", "ZZ", 1.0, 1.0, "f1", NOON), 4)
    played = play([*OPENING, stray, nav("new/a", 5.0, NOON)], small_setup())
    assert played.reasons() == ["UNKNOWN_INSTRUMENT"]


def test_a_refused_command_does_not_use_up_its_id() -> None:
    early = command("halt", NOON, "c7", scope="new")
    played = play([*OPENING, early, nav("new", 5.0, NOON), early], small_setup())
    assert played.reasons() == ["UNKNOWN_PORTFOLIO"]
    assert at_place(played.state("new"), "trading_state.own") == "HALTED"


def test_a_crossed_quote_does_not_confirm_a_breach() -> None:
    """One bad tick never halts a book: two good prices over the level do."""
    limit = {"id": "gross", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True,
             "levels": [{"at": 2_400.0, "action": "halt"}]}  # fmt: skip
    setup = small_setup([limit])
    events = [event for event in OPENING if event["type"] != "halt"]
    over, crossed = quote("AA", 22.0, NOON), quote("AA", 22.0, NOON + 1, half_spread=-0.01)
    first = play([*events, over, crossed, crossed], setup)
    assert [each.transition for each in first.outputs.decisions if each.limit == "gross"][-1] == "no_data>pending"
    second = play([*events, over, crossed, quote("AA", 22.5, NOON + 2)], setup)
    assert [each.transition for each in second.outputs.decisions if each.limit == "gross"][-1] == "pending>firing"


def test_a_bad_price_lowers_trust_until_the_next_good_one() -> None:
    crossed = quote("AA", 20.0, NOON, half_spread=-0.01)
    assert play([*OPENING, crossed], small_setup()).state("firm/a")["trust"] == "suspect"
    assert play([*OPENING, crossed, quote("AA", 20.0, NOON + 1)], small_setup()).state("firm/a")["trust"] == "fresh"


def wall_setup() -> Setup:
    return small_setup(clock="wall")


def test_under_the_wall_clock_what_is_over_a_minute_ahead_is_refused_and_only_ticks_tell_the_time() -> None:
    setup = wall_setup()
    core = Core(setup)
    inputs = decode_inputs(records_of(OPENING), {calendar().code}, setup.config)
    core.step([made_input(Tick(ts=NOON)), *inputs])
    beats = [heartbeat(NOON + 60 * SECOND_NS), heartbeat(NOON + 60 * SECOND_NS + 1)]
    far = decode_inputs(records_of([*beats, quote("AA", 20.5, NOON + 2 * MINUTE_NS)]), set(), setup.config)
    reasons = [rejection.reason for _, rejection in core.step(far).rejections]
    assert reasons == [RejectReason.TOO_FAR_AHEAD] * 2
    assert core.now_ns == NOON
    core.step([made_input(Tick(ts=NOON + MINUTE_NS))])
    assert core.now_ns == NOON + MINUTE_NS


def test_a_date_may_be_written_before_midnight_in_the_west() -> None:
    """A session of the east begins before its date does in UTC."""
    at = close_of(19) + 12 * HOUR_NS
    assert date_of(20) > date_of(19)
    played = play([*OPENING[:3], close("AA", 20, 20.0, at)], small_setup())
    assert played.reasons() == []
