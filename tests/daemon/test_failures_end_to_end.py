"""The failures at the end of enforcement.md, each from the events to what a trading system may then do."""

import pytest

from enforcement.records import encode
from feeds.action_records import TradingState
from feeds.action_state import ActionState
from feeds.order_verdict import Holding, Order, Outcome
from tests.daemon.evidence_desk import calm, evidence_setup, firing, in_order, label
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Played,
    at_place,
    close,
    close_of,
    command,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

OPEN = open_of(10) + MINUTE_NS
NOON = open_of(10) + 3 * HOUR_NS
LEVERAGE: dict[str, object] = {
    "id": "lev", "scope": "*", "sensor": "leverage", "metric": "gross_leverage",
    "levels": [{"at": 2.0, "action": "halt"}],
}  # fmt: skip
DRAWDOWN: dict[str, object] = {
    "id": "fall", "scope": "*", "sensor": "drawdown", "metric": "drawdown", "levels": [{"at": 0.1, "action": "halt"}],
}  # fmt: skip


def book(*events: EventDict, held: float = 100.0, max_age: int = 30 * DAY_NS) -> list[EventDict]:
    """Return a firm with `held` of AA at 20 and a NAV of 2,000, then the events."""
    return [
        stock("AA", max_age=max_age), snapshot({("firm", "AA"): held}, OPEN), quote("AA", 20.0, OPEN),
        nav("firm", 2_000.0, OPEN), *events,
    ]  # fmt: skip


def reader_of(played: Played) -> ActionState:
    """Return a trading system's reader that has read every enforced action."""
    reader = ActionState([0], is_leased=False)
    for offset, action in enumerate(played.outputs.actions):
        reader.apply(action.scope.encode(), encode(action), 0, offset)
    reader.reached_end(0)
    return reader


def state_of(played: Played, scope: str = "firm") -> TradingState:
    """Return what the trading system holds for a scope."""
    return reader_of(played).standing(scope, 0).state


def halted(*, days: int = 0, max_age: int = 30 * DAY_NS) -> list[EventDict]:
    """Return a firm that is halted at noon by its leverage, then quiet sessions."""
    later = [quote("AA", 20.0, open_of(11 + day) + MINUTE_NS) for day in range(days)]
    bought: EventDict = {"type": "position", "ts": NOON, "portfolio": "firm", "instrument": "AA", "quantity": 500.0}
    return book(quote("AA", 20.0, NOON), bought, *later, max_age=max_age)


@pytest.mark.parametrize("bad", [12.0, 17.5, 30.0])
def test_one_bad_price_halts_nothing(bad: float) -> None:
    """Whether the price is far outside of the band or just inside: one alone is pending at most."""
    events = book(quote("AA", bad, NOON), quote("AA", 20.0, NOON + SECOND_NS), held=195.0)
    for later in range(1, 5):
        events += [heartbeat(NOON + later * MINUTE_NS), quote("AA", 20.0, NOON + later * MINUTE_NS + 1)]
    played = play(events, small_setup([LEVERAGE, DRAWDOWN | {"levels": [{"at": 0.15, "action": "halt"}]}], mode="full"))
    assert state_of(played) is TradingState.ACTIVE
    assert "firing" not in {decision.life for decision in played.outputs.decisions}


def test_a_synthetic_peak_of_the_equity_halts_nothing() -> None:
    """A price far too high is no peak, and closes of a hedged book make none either: they move all marks together."""
    spike = play(book(quote("AA", 30.0, NOON), quote("AA", 20.0, NOON + 1)), small_setup([DRAWDOWN], mode="full"))
    assert (spike.state("firm")["high_water"], state_of(spike)) == (1.0, TradingState.ACTIVE)
    hedged = [stock("AA", closes="official"), stock("BB", closes="official")]
    hedged += [snapshot({("firm", "AA"): 1_000.0, ("firm", "BB"): -1_000.0}, OPEN), nav("firm", 20_000.0, OPEN)]
    for day, price in enumerate((20.0, 26.0, 33.0, 41.0), 10):
        hedged += [close("AA", day, price), close("BB", day, price)]
    closed = play(hedged, small_setup([DRAWDOWN], mode="full"))
    assert (closed.state("firm")["high_water"], state_of(closed)) == (1.0, TradingState.ACTIVE)


def test_missing_data_is_never_zero_and_clears_no_alert() -> None:
    """Prices stop for two hours: leverage has no number, and the halt stays until a number says otherwise."""
    played = play([*halted(max_age=HOUR_NS), heartbeat(NOON + 2 * HOUR_NS)], small_setup([LEVERAGE], mode="full"))
    assert at_place(played.state("firm"), "metrics.gross_leverage.status") == "INVALID"
    assert state_of(played) is TradingState.HALTED


def test_a_halt_lets_the_order_through_that_reduces() -> None:
    reader = reader_of(play(halted(), small_setup([LEVERAGE], mode="full")))
    verdict = reader.allowed(Order("firm", "AA", "sell", 500.0), Holding(500.0), 0)
    assert (reader.standing("firm", 0).state, verdict.outcome) == (TradingState.HALTED, Outcome.GO)
    assert reader.allowed(Order("firm", "AA", "buy", 1.0), Holding(500.0), 0).outcome is Outcome.NO


def test_a_sale_larger_than_the_position_never_flips_the_book() -> None:
    reader = reader_of(play(halted(), small_setup([LEVERAGE], mode="full")))
    verdict = reader.allowed(Order("firm", "AA", "sell", 700.0), Holding(500.0), 0)
    assert (verdict.outcome, verdict.quantity) == (Outcome.REDUCED, 500.0)
    pending = reader.allowed(Order("firm", "AA", "sell", 500.0), Holding(500.0, pending_sell=400.0), 0)
    assert (pending.outcome, pending.quantity) == (Outcome.REDUCED, 100.0)


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b'{"schema":"risk.action"}', b"[" * 100_000, b"null"])
def test_a_kill_switch_that_cannot_be_read_stops_the_opening_of_positions_and_raises_nothing(broken: bytes) -> None:
    played = play(book(), small_setup([LEVERAGE], mode="full"))
    reader = reader_of(played)
    assert reader.allowed(Order("firm", "AA", "buy", 1.0), Holding(100.0), 0).outcome is Outcome.GO
    reader.apply(b"firm", broken, 0, len(played.outputs.actions))
    assert reader.allowed(Order("firm", "AA", "buy", 1.0), Holding(100.0), 0).outcome is Outcome.NO
    assert reader.allowed(Order("firm", "AA", "sell", 1.0), Holding(100.0), 0).outcome is Outcome.GO


def test_a_halt_survives_a_restart_of_riskd_and_of_the_trading_system() -> None:
    """The journal brings riskd back to it; a reader opens nothing before it has read the topic, and then is halted."""
    events = [*halted(), *(quote("AA", 20.0, open_of(11) + hour * HOUR_NS) for hour in range(1, 4))]
    setup = small_setup([LEVERAGE], mode="full")
    again, first = play(events, setup, batch=1), play(events, setup)
    assert again.bytes_out() == first.bytes_out()
    assert at_place(again.state("firm"), "trading_state.effective") == "HALTED"
    fresh = ActionState([0], is_leased=False)
    assert fresh.standing("firm", 0).state is TradingState.REDUCING
    last = first.outputs.actions[-1]  # what compaction leaves
    fresh.apply(b"firm", encode(last), 0, len(first.outputs.actions) - 1)
    fresh.reached_end(0)
    assert fresh.standing("firm", 0).state is TradingState.HALTED


def test_a_halt_calls_itself_to_mind_in_every_session() -> None:
    """Also an operator's, and with an acknowledgement asked for anew."""
    by_limit = play(halted(days=3), small_setup([LEVERAGE], mode="full"))
    told = [command("halt", NOON, "c", scope="firm"), *(quote("AA", 20.0, open_of(day) + 1) for day in (11, 12, 13))]
    by_hand = play(book(*told), small_setup([LEVERAGE]))
    for played in (by_limit, by_hand):
        reminders = [each for each in played.outputs.actions if each.cause.kind == "reminder"]
        sessions = [(open_of(10 + day), open_of(11 + day)) for day in range(3)]
        assert all(after < each.ts_decided <= before for each, (after, before) in zip(reminders, sessions, strict=True))
        assert all(each.type == "halt" and each.requires_ack for each in reminders)


def test_shadow_tells_everything_and_does_nothing() -> None:
    shadow, full = (play(halted(), small_setup([LEVERAGE], mode=mode)) for mode in ("monitoring", "full"))
    assert shadow.outputs.actions == []
    assert [each.type for each in shadow.outputs.shadow] == [each.type for each in full.outputs.shadow]
    assert "halt" in [each.type for each in shadow.outputs.shadow]
    reader = reader_of(play(book(), small_setup([LEVERAGE])))
    seen = [reader.apply(b"firm", encode(action), 0, n) for n, action in enumerate(shadow.outputs.shadow)]
    assert all(each.news is None and each.alarms for each in seen)
    assert reader.standing("firm", 0).state is TradingState.ACTIVE


def test_money_that_leaves_is_no_drawdown_and_money_that_comes_hides_none() -> None:
    """Drawdown is of the index, which flows do not move: on the money itself a withdrawal is a loss."""
    withdrawn = play(book(nav("firm", 1_000.0, NOON, flow=-1_000.0)), small_setup([DRAWDOWN], mode="full"))
    assert at_place(withdrawn.state("firm"), "metrics.drawdown.value") == pytest.approx(0.0, abs=1e-12)
    assert state_of(withdrawn) is TradingState.ACTIVE
    lost = [quote("AA", 17.0, NOON), nav("firm", 2_000.0, NOON + 1, flow=300.0), quote("AA", 17.0, NOON + 2)]
    hidden = play(book(*lost), small_setup([DRAWDOWN], mode="full"))
    assert at_place(hidden.state("firm"), "metrics.drawdown.value") == pytest.approx(0.15, abs=1e-12)
    assert state_of(hidden) is TradingState.HALTED


def test_a_limit_on_the_firm_is_held_against_the_firm_and_not_against_one_book() -> None:
    """Two books of leverage 1.5 and 3 make a firm of 2.25: its limit fires and halts both, though neither is its."""
    items = {("firm/a", "AA"): 75.0, ("firm/b", "AA"): 150.0}
    events = [stock("AA"), snapshot(items, OPEN), quote("AA", 20.0, OPEN)]
    events += [nav("firm/a", 1_000.0, OPEN), nav("firm/b", 1_000.0, OPEN)]
    over = play(events, small_setup([LEVERAGE | {"scope": "firm"}], mode="full"))
    assert at_place(over.state("firm"), "metrics.gross_leverage.value") == pytest.approx(2.25)
    assert (state_of(over, "firm/a"), state_of(over, "firm/b")) == (TradingState.HALTED, TradingState.HALTED)
    wide = play(
        events, small_setup([LEVERAGE | {"scope": "firm", "levels": [{"at": 2.5, "action": "halt"}]}], mode="full")
    )
    assert state_of(wide, "firm/b") is TradingState.ACTIVE


def test_a_gate_opens_for_a_limit_that_is_good_enough_and_does_not_stay_stuck() -> None:
    """One false episode costs 1.4 weeks and no more: the exposure outruns it, and the limit is promoted."""
    played = play(in_order(calm(60), firing(3, "x"), [label(1, 3, "false", cause="benign_approved")]), evidence_setup())
    assert "promotion" in [record["kind"] for record in played.outputs.audit]


def test_no_reports_of_false_positives_promote_nothing() -> None:
    """Nobody looked at the episode: it counts as false and as unlabelled, for ever."""
    played = play(in_order(calm(200), firing(3, "x")), evidence_setup())
    assert "promotion" not in [record["kind"] for record in played.outputs.audit]
    assert close_of(199) - close_of(3) > 270 * 24 * HOUR_NS
