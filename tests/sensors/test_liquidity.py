"""Liquidity: its readings, books that trip it, what evidence and state tell, and a calm year without a word."""

import random
from math import inf, sqrt

import pytest

from enforcement.records import Decision
from sensors.liquidity import Liquidity
from tests.enforcement.desk import limit_with, measures_with
from tests.helpers import (
    EventDict,
    Played,
    at_place,
    close,
    close_of,
    date_of,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

LIMITS = (
    {"id": "cost", "scope": "*", "sensor": "liquidity", "metric": "liquidity_cost",
     "levels": [{"at": 0.25, "action": "reduce_position"}]},
    {"id": "days", "scope": "*", "sensor": "liquidity", "metric": "days_to_liquidate_share",
     "levels": [{"at": 0.10, "action": "warn"}]},
)  # fmt: skip
DAYS = 130
NAMES = ("AA", "BB", "CC")


def market(days: int, *, adv: float | None = 1e6, spread: float | None = 0.0005, seed: int = 4) -> list[EventDict]:
    """Three stocks at about 50 with 1 % a day, 1,000 of each held by `firm`."""
    walk, prices = random.Random(seed), dict.fromkeys(NAMES, 50.0)
    extra = {"adv": adv} | ({} if spread is None else {"spread": spread})
    events: list[EventDict] = [stock(name, max_age=10**18, **{k: v for k, v in extra.items() if v}) for name in NAMES]
    events += [nav("firm", 1e6, open_of(0)), snapshot({("firm", name): 1_000.0 for name in NAMES}, open_of(0) + 1)]
    for day in range(days):
        for step, name in enumerate(NAMES):
            prices[name] *= 1.0 + walk.gauss(0.0, 0.01)
            events.append(close(name, day, round(prices[name], 4), close_of(day) + step))
    return events


def decided(played: Played, limit: str, since: int) -> list[Decision]:
    return [each for each in played.outputs.decisions if each.limit == limit and each.ts_decided >= since]


def test_readings_are_shares() -> None:
    cost = Liquidity.of(limit_with("l", "liquidity", "liquidity_cost", at=0.25), "EUR")
    assert cost.read(measures_with(liquidity_cost=0.5)).reason == "cost to sell over VaR 99% 50.00%"
    days = Liquidity("days_to_liquidate_share", (0.1,)).read(measures_with(days_to_liquidate_share=0.05))
    assert (days.unit, days.utilisation) == ("share", 0.5)
    assert cost.read(measures_with(liquidity_cost=inf)).utilisation == inf


def test_a_calm_year_of_small_positions_says_nothing() -> None:
    played = play(market(252), small_setup(LIMITS))
    at = open_of(DAYS)
    assert decided(played, "cost", at) == decided(played, "days", at) == []
    value = at_place(played.state("firm"), "metrics.liquidity_cost.value")
    assert isinstance(value, float)
    assert 0.0 < value < 0.2


def test_a_position_of_months_of_volume_trips_both_and_the_reduction_clears_the_cost() -> None:
    at = open_of(DAYS) + 10**9
    bought = fill("firm", "AA", 3_000_000.0, 50.0, "big", at)
    played = play([*market(DAYS), bought], small_setup(LIMITS))
    days, cost = decided(played, "days", at), decided(played, "cost", at)
    assert [each.transition for each in days] == [each.transition for each in cost] == ["ok>firing"]
    assert days[0].reason_code == cost[0].reason_code == "LIQUIDITY_EXCEEDED"
    record = played.state("firm")
    assert at_place(record, "liquidity.slowest.AA") == pytest.approx(3_001_000.0 / 2e5)
    facts = cost[0].evidence.details
    assert isinstance(facts, dict)
    for state in ("normal", "stressed", "crisis"):
        assert facts[f"cost_{state}"] == at_place(record, f"liquidity.by_state.{state}.cost")
    assert facts["lvar_99"] == at_place(record, "liquidity.by_state.normal.lvar_99")
    (target,) = [each for each in cost[0].params.targets if each.instrument == "AA"]  # type: ignore[union-attr]
    sold = fill("firm", "AA", target.max_abs_qty - 3_001_000.0, 50.0, "cut", at + 1)
    after = play([*market(DAYS), bought, sold], small_setup(LIMITS)).state("firm")
    value = at_place(after, "metrics.liquidity_cost.value")
    assert isinstance(value, float)
    assert 0.22 < value <= 0.225


def test_spreads_that_widen_in_quotes_alone_trip_the_cost() -> None:
    """No price moves: twenty quotes of 4 % around the last mark, where 5 bp was the reference."""
    events, at = market(DAYS), open_of(DAYS) + 10**9
    mids = {str(event["instrument"]): float(str(event["price"])) for event in events[-3:]}
    wide = [quote(name, mids[name], at + 3 * n + step, 0.02 * mids[name])
            for n in range(20) for step, name in enumerate(NAMES)]  # fmt: skip
    played = play([*events, *wide], small_setup(LIMITS))
    assert [each.transition for each in decided(played, "cost", at)][:2] == ["ok>pending", "pending>firing"]
    sigma = sqrt(float(played.core.state.arrays.sigma[0, 0]))
    impact = 0.7 * sigma * 1_000.0 * mids["AA"] * sqrt(1_000.0 / 1e6)
    assert played.core.state.arrays.liquid_part[0, 0, 0] == pytest.approx(20.0 * mids["AA"] + impact, rel=1e-9)


@pytest.mark.parametrize(("adv", "spread", "share"), [(None, 0.001, "INSUFFICIENT"), (1e6, None, "OK")])
def test_without_volumes_or_spreads_there_is_no_number_and_the_record_says_of_what(
    adv: float | None, spread: float | None, share: str
) -> None:
    record = play(market(DAYS, adv=adv, spread=spread), small_setup(LIMITS)).state("firm")
    assert at_place(record, "metrics.liquidity_cost") == {"value": None, "status": "INSUFFICIENT"}
    assert at_place(record, "metrics.days_to_liquidate_share.status") == share
    assert at_place(record, "liquidity.unknown") == list(NAMES)
    assert at_place(record, "metrics.var_99.status") == "DEGRADED", "other numbers do not mind"


def test_one_small_position_without_a_volume_does_not_silence_the_book() -> None:
    at = open_of(DAYS)
    events = [*market(DAYS), stock("DD", spread=0.001) | {"ts": at}, fill("firm", "DD", 10.0, 50.0, "f", at + 1),
              {"type": "close", "ts": at + 2, "instrument": "DD", "date": date_of(DAYS), "price": 50.0}]  # fmt: skip
    record = play(events, small_setup(LIMITS)).state("firm")
    gross = at_place(record, "exposures.gross")
    assert isinstance(gross, float)
    assert at_place(record, "metrics.days_to_liquidate_share") == {
        "value": pytest.approx(500.0 / gross), "status": "DEGRADED",
    }  # fmt: skip
    assert at_place(record, "metrics.liquidity_cost.status") == "DEGRADED"
    assert at_place(record, "liquidity.unknown") == ["DD"]
    assert at_place(record, "liquidity.slowest.DD") == "Infinity"
