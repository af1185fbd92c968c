"""What records and evidence tell of liquidity is what the kernel keeps, through quotes, bars, fills and rows."""

import math
import random

import numpy as np
import pytest

from config.liquidity import LiquidityConfig
from daemon.core import Core
from risk.arrays import Liquid
from risk.kernels.book import rebuild
from risk.liquidity_view import liquidity_view
from risk.measures import METRIC_INDEX
from risk.scope_book import ScopeBook
from tests.helpers import (
    MINUTE_NS,
    EventDict,
    close,
    close_of,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NAMES = ("AA", "BB", "CC", "DD")


def a_day_of_quotes(days: int = 110) -> list[EventDict]:
    """Closes of `days` sessions, then a day of quotes with changing spreads and a fill or two, and its closes."""
    walk, prices = random.Random(8), dict.fromkeys(NAMES, 50.0)
    events: list[EventDict] = [
        stock(name, max_age=10**18, adv=10.0 ** (3 + place), spread=0.001) for place, name in enumerate(NAMES)
    ]
    held = {("firm/a", name): 1_000.0 * (1 - 2 * (place % 2)) for place, name in enumerate(NAMES)}
    events += [snapshot(held, open_of(0)), nav("firm/a", 1e6, open_of(0) + 1)]
    for day in range(days + 1):
        if day == days:
            for n in range(300):
                name = NAMES[n % 4]
                prices[name] *= 1.0 + walk.gauss(0.0, 0.001)
                events.append(
                    quote(name, prices[name], open_of(day) + n * MINUTE_NS, prices[name] * walk.random() / 1e3)
                )
            events.append(fill("firm/b", "AA", 500.0, 50.0, "f", open_of(day) + 300 * MINUTE_NS))
        for step, name in enumerate(NAMES):
            prices[name] *= 1.0 + walk.gauss(0.0, 0.01)
            events.append(close(name, day, prices[name], close_of(day) + step))
    return events


@pytest.mark.parametrize("rules", [LiquidityConfig(), LiquidityConfig(state="crisis", impact="kyle", quotes_min=3)])
def test_the_sums_of_the_kernel_are_those_of_the_view_after_every_event(rules: LiquidityConfig) -> None:
    events, seen = a_day_of_quotes(), set[float]()

    def compare(core: Core) -> None:
        state = core.state
        for p in range(len(state.scopes)):
            view = liquidity_view(state, p)
            gross = float(np.abs(state.arrays.exposure[p]).sum())
            cost = view.costs[rules.state].total
            assert state.arrays.liquid[p, Liquid.COST] == pytest.approx(cost, rel=1e-9, abs=1e-9 * gross)
            slow = math.fsum(
                abs(float(state.arrays.exposure[p, state.instrument_index[name]]))
                for name, days in view.days.items() if days > rules.days_max
            )  # fmt: skip
            assert state.arrays.liquid[p, Liquid.SLOW] == pytest.approx(slow, rel=1e-9, abs=1e-9 * gross)
            seen.add(round(cost, 3))

    played = play(events, small_setup(liquidity=rules), batch=7, between=compare)
    assert len(seen) > 100, "costs hardly changed, so that this compares nothing"
    state = played.core.state
    book, p = ScopeBook(state, state.scope_index["firm"]), state.scope_index["firm"]
    for metric in ("liquidity_cost", "days_to_liquidate_share"):
        value = float(state.arrays.metrics[p, METRIC_INDEX[metric]])
        assert book.evaluate(metric, book.quantity) == pytest.approx(value, rel=1e-9)
        assert math.fsum(book.components(metric).tolist()) == pytest.approx(value, rel=1e-9)
    assert book.evaluate("liquidity_cost", 0.0 * book.quantity) == 0.0


def test_a_bar_changes_what_impact_costs_at_once() -> None:
    events = a_day_of_quotes()
    events = [event for event in events if int(str(event["ts"])) < open_of(110) + 200 * MINUTE_NS]
    state = play(events, small_setup()).core.state
    p = state.scope_index["firm/a"]
    kept = state.arrays.liquid[p].copy()
    rebuild(state.arrays, p)
    np.testing.assert_allclose(kept, state.arrays.liquid[p], rtol=1e-12)
