"""The enforcer as the core sees it: decisions, actions, timers, attention."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from config.schema import Level
from enforcement.enforcer import Enforcer
from enforcement.records import ThrottleParams, TradingState
from enforcement.standings import TradingStates
from risk.measures import METRIC_INDEX, METRICS, Status
from tests.enforcement.desk import (
    HOUR,
    MINUTE,
    SECOND,
    START,
    ClosedUntil,
    Desk,
    config_with,
    limit_with,
    measures_with,
)

VAR = limit_with(action="throttle")
LADDER = limit_with(levels=[
    Level(name="soft", at=100_000, action="warn"), Level(name="hard", at=200_000, action="halt"),
])  # fmt: skip
STRESS = limit_with("stress", "stress_failure", "worst_loss", at=1e5, action="reduce_position")


def test_a_calm_scope_decides_nothing_and_falls_asleep() -> None:
    desk = Desk(config_with(VAR))
    assert desk.enforcer.alive("firm")
    assert desk.see(var_99=150_000.0) == []
    assert not desk.enforcer.alive("firm")


def test_a_breach_is_decided_once_published_once_and_cleared_once() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    for _ in range(5):
        desk.see("price", var_99=250_000.0)
    for _ in range(80):
        desk.see("price", var_99=150_000.0)
    assert desk.transitions() == [
        "var_99.hard ok>pending", "var_99.hard pending>firing", "var_99.hard firing>recovering",
        "var_99.hard recovering>ok",
    ]  # fmt: skip
    published = [outcome.enforced for outcome in desk.outcomes if outcome.enforced is not None]
    assert [(action.type, action.trading_state, action.seq) for action in published] == [
        ("throttle", "THROTTLED", 1), ("none", "ACTIVE", 2),
    ]  # fmt: skip
    assert published[0].params == ThrottleParams(10, 1_000, 100_000.0)
    assert not desk.enforcer.alive("firm")


def test_a_decision_and_its_action_say_what_the_contract_asks() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    desk.enforcer.epoch, desk.enforcer.config_hash, desk.enforcer.model_version = 7, "c0", "m1"
    (outcome,) = desk.see(measures=measures_with(var_99=250_000.0, es_99=300_000.0))
    decision, action = outcome.decision, outcome.enforced
    assert (decision.transition, decision.decided_type, decision.utilisation) == ("ok>firing", "throttle", 1.25)
    assert (decision.at, decision.effective_at, decision.clear_at) == (200_000.0, 200_000.0, 180_000.0)
    assert (decision.reason_code, decision.reason) == ("VAR_LIMIT_BREACHED", "VaR 99% 1d 250.00k over 200.00k")
    assert decision.evidence.es == 300_000.0
    assert decision.evidence.clears_if == "var_99 <= 180.00k"
    assert len(decision.evidence.components) == 5
    assert decision.evidence.components[0].component_var is not None
    assert decision.inputs.offsets == {"market-data-0": 1}
    assert action is not None
    assert (action.effect, action.mode, action.on_expiry) == ("enforced", "full", "restrict")
    assert (action.requires_ack, action.ack_by) == (True, action.ts_decided + 5 * SECOND)
    assert (action.epoch, action.config_hash, action.model_version) == (7, "c0", "m1")
    assert action.active[0].since == desk.now_ns
    assert outcome.shadow is not None
    assert outcome.shadow.action_id == action.action_id
    assert (outcome.shadow.effect, outcome.shadow.on_expiry) == ("shadow", "hold")
    assert (outcome.shadow.requires_ack, outcome.shadow.ack_by) == (False, None)


@pytest.mark.parametrize(
    ("es", "status", "shown"), [(inf, Status.INVALID, "Infinity"), (4e5, Status.INSUFFICIENT, None)]
)
def test_the_shortfall_beside_a_var_is_shown_where_it_is_a_number(es: float, status: Status, shown: str | None) -> None:
    desk = Desk(config_with(VAR))
    (outcome,) = desk.see(measures=measures_with(var_99=250_000.0, es_99=es, statuses={"es_99": status}))
    assert outcome.decision.evidence.es == shown


def test_event_time_is_kept_where_it_differs_from_core_time() -> None:
    desk = Desk(config_with(VAR))
    moment = replace(desk.moment(), ts_event=START - 5)
    (outcome,) = desk.enforcer.evaluate("firm", measures_with(var_99=3e5), lambda: desk.book, moment)
    assert (outcome.decision.ts_event, outcome.decision.ts_decided) == (START - 5, START)


def test_each_level_has_its_own_life_and_escalation_is_immediate() -> None:
    desk = Desk(config_with(LADDER, mode="full"))
    desk.see(var_99=150_000.0)
    (escalated,) = desk.see(var_99=250_000.0)
    assert escalated.enforced is not None
    assert (escalated.enforced.type, [each.level for each in escalated.enforced.active]) == ("halt", ["soft", "hard"])
    desk.see(var_99=150_000.0)
    desk.wait(61 * SECOND)
    assert desk.outcomes[-1].enforced is not None
    assert desk.outcomes[-1].enforced.type == "warn"
    assert desk.enforcer.trading_states("firm").own is TradingState.ACTIVE


def test_levels_of_one_limit_share_an_episode_and_a_new_session_begins_a_new_one() -> None:
    desk = Desk(config_with(LADDER))
    desk.see(var_99=250_000.0)
    desk.see(var_99=50_000.0)
    desk.wait(61 * SECOND)
    desk.see(var_99=150_000.0)
    desk.see(var_99=50_000.0)
    desk.wait(61 * SECOND)
    desk.session += 1
    desk.see(var_99=150_000.0)
    assert {outcome.decision.episode_ordinal for outcome in desk.outcomes[:-1]} == {1}
    assert desk.outcomes[-1].decision.episode_ordinal == 2
    assert len({outcome.decision.episode_id for outcome in desk.outcomes}) == 2


def test_when_one_limit_clears_the_record_says_what_still_holds() -> None:
    other = limit_with("lev", "leverage", "gross_leverage", at=4.0, action="halt")
    desk = Desk(config_with(VAR, other, mode="full"))
    desk.see(var_99=3e5, gross_leverage=5.0)
    desk.see(var_99=3e5, gross_leverage=1.0)
    desk.wait(61 * SECOND)
    last = desk.outcomes[-1].enforced
    assert last is not None
    assert (last.cause.limit, last.type, [each.limit for each in last.active]) == ("lev", "throttle", ["var_99"])


def test_for_waits_in_open_time_and_a_timer_fires_it() -> None:
    limit = limit_with(action="warn", **{"for": MINUTE})
    desk = Desk(config_with(limit), opens=ClosedUntil(START + HOUR))
    desk.see(var_99=3e5)
    assert desk.wait(HOUR) == []
    desk.wait(MINUTE)
    assert desk.outcomes[-1].decision.transition == "pending>firing"
    assert desk.outcomes[-1].decision.ts_decided == START + HOUR + MINUTE


def test_a_timer_moves_no_other_life() -> None:
    """A recovery's timer must not confirm a breach that one price made."""
    other = limit_with("lev", "leverage", "gross_leverage", at=4.0, action="warn")
    desk = Desk(config_with(VAR, other))
    desk.see(gross_leverage=5.0)
    desk.see(gross_leverage=1.0)
    desk.see("price", after_ns=59 * SECOND, var_99=3e5)
    desk.wait(2 * SECOND)
    assert desk.transitions()[-2:] == ["var_99.hard ok>pending", "lev.hard recovering>ok"]


def test_a_timer_at_another_time_or_of_no_life_is_refused() -> None:
    desk = Desk(config_with(VAR))
    with pytest.raises(AssertionError, match="is due at 5"):
        desk.enforcer.timer("life|var_99|hard|firm", 5, desk.measures, lambda: desk.book, desk.moment())
    with pytest.raises(AssertionError, match="names no life"):
        desk.enforcer.timer("life|x|hard|firm", START, desk.measures, lambda: desk.book, desk.moment())
    assert Enforcer.scope_of_timer("life|x|hard|firm/eq") == "firm/eq"


def test_a_book_without_prices_recovers_by_rows() -> None:
    desk = Desk(config_with(VAR), quoted=False)
    desk.row(var_99=3e5)
    for _ in range(6):
        desk.row(var_99=1e5)
    assert desk.transitions() == ["var_99.hard ok>firing", "var_99.hard firing>recovering", "var_99.hard recovering>ok"]


def test_the_effective_state_is_the_most_severe_along_the_path() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    desk.enforcer.add_scope("firm/eq/arb", is_root=False, listed=False)
    desk.see(var_99=3e5)
    assert desk.enforcer.trading_states("firm/eq/arb") == TradingStates(
        TradingState.ACTIVE, TradingState.THROTTLED, TradingState.ACTIVE, TradingState.THROTTLED
    )


def test_adding_a_path_again_changes_nothing() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    desk.see(var_99=3e5)
    desk.enforcer.add_scope("firm", is_root=True, listed=True)
    assert desk.enforcer.trading_states("firm").own is TradingState.THROTTLED


def test_wake_levels_are_eighty_percent_of_the_lowest_level_of_each_metric() -> None:
    lower = limit_with("var_99_low", at=50_000.0, action="warn")
    wake = Desk(config_with(VAR, lower, STRESS)).enforcer.wake_levels("firm")
    assert wake[METRIC_INDEX["var_99"]] == 40_000.0
    assert wake[METRIC_INDEX["worst_loss"]] == 80_000.0
    assert np.isinf(wake).sum() == len(METRICS) - 2


def test_the_state_of_every_level_is_told() -> None:
    desk = Desk(config_with(LADDER, mode="full"))
    desk.see(var_99=150_000.0)
    states = {(each.limit, each.level): each for each in desk.enforcer.limit_states("firm", desk.measures)}
    soft, hard = states["var_99", "soft"], states["var_99", "hard"]
    assert (soft.life, soft.utilisation, soft.stage) == ("firing", 1.5, "FULL")
    assert (hard.life, hard.utilisation) == ("ok", 0.75)
    assert (soft.at, soft.action, hard.at, hard.action) == (100_000.0, "warn", 200_000.0, "halt")
    assert (soft.since_ns > 0, hard.since_ns, soft.reason) == (True, 0, "VaR 99% 1d 150.00k")
    assert states["model_available", "hard"].life == "ok"


def test_limits_of_sensors_to_come_are_named_and_never_fire() -> None:
    tail = limit_with("tail", "nobody", "tail_ratio", at=1.5)
    desk = Desk(config_with(tail))
    assert desk.enforcer.unwatched == ("tail",)
    assert desk.see(tail_ratio=9.0) == []
