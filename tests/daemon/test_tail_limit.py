"""A tail limit through the whole core: fits confirm it, and the journal's result says the same as the fit in place."""

import math

import numpy as np

from daemon.core import Core
from daemon.slow_results import slow_result, tail_result
from risk.tail_fits import KIND
from sensors.tail_risk import TailRisk
from tests.helpers import DAY_NS, EventDict, Played, close, close_of, play, small_setup, snapshot, stock, trade

DAYS, CALM_DAYS = 330, 285
LIMIT = {"id": "tail", "scope": "firm", "sensor": "tail_risk", "metric": "tail_ratio",
         "levels": [{"at": 1.5, "action": "throttle"}]}  # fmt: skip


def heavy_closes(*, is_heavy: bool) -> list[EventDict]:
    """A stock whose moves are normal; in the heavy story some late days are far worse than any before."""
    moves = np.random.Generator(np.random.Philox(4)).standard_normal(DAYS) * 0.004
    if is_heavy:
        moves[CALM_DAYS : CALM_DAYS + 3] = (-0.30, -0.18, -0.12)
    prices = 100.0 * np.cumprod(1.0 + moves)
    events = [stock("AA", max_age=5 * DAY_NS), snapshot({("firm/a", "AA"): 1_000.0}, close_of(0) - 1)]
    return [*events, *(close("AA", day, float(price)) for day, price in enumerate(prices))]


def test_five_fits_over_the_level_fire_and_prices_between_them_do_not() -> None:
    setup = small_setup([LIMIT])
    events = heavy_closes(is_heavy=True)
    last = next(n for n, event in enumerate(events) if event["ts"] == close_of(CALM_DAYS + 5) + 10**6)
    trades = [trade("AA", float(str(events[last]["price"])), close_of(CALM_DAYS + 5) + 10**6 + n) for n in range(1, 9)]
    given: dict[int, int] = {}  # fits by core time

    def note(core: Core) -> None:
        given[core.now_ns] = core.state.tail_counts.get(0, 0)

    played = play([*events[: last + 1], *trades, *events[last + 1 :]], setup, batch=1, between=note)
    told = [each for each in played.outputs.decisions if each.limit == "tail"]
    pending, firing = told[-2:]
    assert (pending.transition, firing.transition) == ("ok>pending", "pending>firing")
    assert {each.life for each in told[:-2]} == {"no_data", "ok"}, "before 250 rows there is no number"
    assert given[firing.ts_decided] - given[pending.ts_decided] == 4, "one fit begins it, four more confirm"
    fifth_row = (firing.ts_decided - pending.ts_decided) / DAY_NS
    assert fifth_row > 7, "a book that stands still is fitted every five rows"
    assert firing.reason_code == "TAIL_RATIO_EXCEEDED"
    assert firing.evidence.clears_if == "tail_ratio <= 1.40x"


def test_a_normal_year_says_nothing() -> None:
    played = play(heavy_closes(is_heavy=False), small_setup([LIMIT]))
    assert {each.life for each in played.outputs.decisions if each.limit == "tail"} <= {"no_data", "ok"}
    assert number(played, "tail_ratio") < 1.3


def test_the_state_record_has_the_ratio_its_interval_and_how_sure_it_is() -> None:
    played = play(heavy_closes(is_heavy=True), small_setup([LIMIT]))
    fit = played.state("firm")["tail_fit"]
    assert isinstance(fit, dict)
    low, high = (float(end) for end in fit["tail_ratio_interval"])
    assert low <= float(fit["tail_ratio"]) <= high
    assert 0.0 < fit["probability_over_1_5"] <= 1.0
    assert float(fit["tail_ratio"]) == number(played, "tail_ratio") >= number(played, "tail_ratio_sure")


def test_the_journals_result_carries_every_number() -> None:
    played = play(heavy_closes(is_heavy=True), small_setup([LIMIT]))
    result = played.core.state.tail_results[0]
    event = slow_result(result, "firm")
    assert event.kind == KIND
    assert tail_result(event, 0) == result
    old = {name: value for name, value in event.values.items() if not name.startswith("ratio")}
    before = tail_result(type(event)(kind=KIND, id="1", digest="d", scope="firm", values=old), 0)
    assert math.isnan(before.ratio), "a journal of an earlier release has no ratio, which is no number"


def test_the_facts_are_those_of_the_table() -> None:
    ratio = TailRisk.facts.metric("tail_ratio")
    assert (ratio.confirm, ratio.confirmed_by, ratio.clear_at(1.5)) == (5, "fits", 1.4)


def number(played: Played, metric: str) -> float:
    metrics = played.state("firm")["metrics"]
    assert isinstance(metrics, dict)
    return float(metrics[metric]["value"])
