"""The trading day in bars against the literal formula of semantics.md, from all prices and all bars."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import Core
from daemon.edge import decode_inputs
from risk.arrays import Scalar
from risk.state import RiskState
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    SECOND_NS,
    EventDict,
    calendar,
    close,
    close_of,
    heartbeat,
    open_of,
    play,
    quote,
    records_of,
    stock,
)
from tests.risk.bar_market import BAR_NS, DECAYS, FIRST, HALF_DAY, KEPT, NAMES, NIGHT, WARM, Market, bars_setup


def assert_literal(market: Market, state: RiskState) -> None:
    """Compare both covariances with the formula, and every book's products with the matrices."""
    arrays, count = state.arrays, len(NAMES)
    totals, kept = (state.window.total, state.window.slow_total), (arrays.sigma, arrays.slow_sigma)
    for total, sigma, decay in zip(totals, kept, DECAYS, strict=True):
        daily = total[:count, :count] / (1.0 - decay**state.window.rows_total)
        np.testing.assert_allclose(sigma[:count, :count], market.covariance(daily, decay), rtol=1e-9, atol=1e-16)
        assert np.linalg.eigvalsh(sigma[:count, :count]).min() > -1e-17
    size = len(state.terms)
    scaled = arrays.sigma.diagonal()[:size] / np.where(
        arrays.slow_sigma.diagonal()[:size] > 0, arrays.slow_sigma.diagonal()[:size], 1.0
    )
    np.testing.assert_allclose(arrays.align[:size] ** 2, scaled, rtol=1e-12)
    for p in range(len(state.scopes)):
        x = arrays.exposure[p, :size]
        gross = np.abs(x).sum()
        np.testing.assert_allclose(arrays.sigma_x[p, :size], arrays.sigma[:size, :size] @ x, atol=1e-13 * gross)
        aligned = arrays.slow_sigma[:size, :size] @ (x * arrays.align[:size])
        np.testing.assert_allclose(arrays.slow_x[p, :size], aligned, atol=1e-13 * gross)
        assert arrays.sigma_peak[p] >= np.abs(arrays.sigma[:size, :size][x != 0.0]).max(initial=0.0) * (1.0 - 1e-12)


def day_of_prices(market: Market, day: int, count: int) -> None:
    """Prices from before the open to the close: at the very open and at a bar's end too; QUIET never has one."""
    names = [name for name in NAMES if name != "QUIET"]
    some = market.walk.sample(names, market.walk.randint(1, len(names)))
    start = open_of(day) - (2 * HOUR_NS if market.walk.random() < 0.5 else -HOUR_NS)
    times = [market.walk.randint(start, close_of(day) - SECOND_NS) for _ in range(count)]
    times += [open_of(day), open_of(day) + 2 * BAR_NS]
    for at in sorted(at for at in times if at > market.ts):
        market.price(market.walk.choice(some), at)


@settings(max_examples=5)
@given(st.integers(0, 10_000), st.sampled_from([NIGHT, 0.0]))
def test_the_covariance_is_the_literal_formula_of_all_bars(seed: int, night: float) -> None:
    """Ordinary days and the half day after Thanksgiving, at random moments of each."""
    market = Market(random.Random(seed), night)
    market.open()
    core, sent = Core(bars_setup(night=night)), 0
    for day in range(FIRST + WARM, FIRST + WARM + 2):
        day_of_prices(market, day, 16)
        sent = send(core, market, sent)
        market.put(heartbeat(0), market.walk.randint(market.ts + 1, close_of(day)))
        sent = send(core, market, sent)
        market.settle(day)
        sent = send(core, market, sent)
    assert core.state.rows == WARM + 1  # the first session gives levels only


def send(core: Core, market: Market, sent: int) -> int:
    """Step the core over what is new, compare, and return how much it has seen."""
    inputs = decode_inputs(records_of(market.events)[sent:], {"XNYS"}, core.setup.config)
    outputs = core.step(inputs)
    assert not outputs.rejections, outputs.rejections[0]
    assert_literal(market, core.state)
    return len(market.events)


def test_a_half_day_is_a_whole_day() -> None:
    """Its bars are worth more each, so that its close is one business day after the last one too."""
    market = Market(random.Random(1))
    market.open()
    for day in range(FIRST + WARM, HALF_DAY):
        market.price("EURUSD", open_of(day) + HOUR_NS)
        market.settle(day)
    core = Core(bars_setup())
    sent = send(core, market, 0)
    day_of_prices(market, HALF_DAY, 40)
    market.put(heartbeat(0), close_of(HALF_DAY))
    send(core, market, sent)
    passed = core.state.bars.fade[0] ** 2
    assert passed == pytest.approx(0.94, rel=1e-12)


def test_closes_alone_have_no_bars_and_no_timer() -> None:
    market = Market(random.Random(2))
    market.open()
    state = play(market.events, bars_setup()).core.state
    market.put(heartbeat(0), close_of(FIRST + WARM) - 1)
    quiet = play(market.events, bars_setup()).core.state
    assert quiet.arrays.sigma.tobytes() == state.arrays.sigma.tobytes()
    assert not quiet.timers.armed("bar")
    assert quiet.arrays.scalars[Scalar.BARS_WAIT] == 1


def test_bars_after_a_rows_close_outlive_its_completion() -> None:
    """On a base that never closes a row may wait for a close while the next day's bars go on."""
    events: list[EventDict] = [
        stock("AA", calendar="24/7", closes="official", **KEPT),
        stock("BB", calendar="24/7", closes="official", **KEPT),
    ]
    sessions, walk = calendar("24/7"), random.Random(3)
    days = range(200, 204)
    price = {"AA": 50.0, "BB": 70.0}
    marks: list[tuple[int, str, float]] = []
    ts = int(sessions.opens[200])
    for day in days:
        opened, closed = int(sessions.opens[day]), int(sessions.closes[day])
        for at in range(opened + HOUR_NS, closed + 2 * HOUR_NS, HOUR_NS):
            for name, before in price.items():
                price[name] = before * (1.0 + walk.gauss(0.0, 0.002))
                ts = max(ts + 1, at)
                marks.append((ts, name, price[name]))
                events.append(quote(name, price[name], ts))
        date = str(np.datetime64(int(sessions.dates[day]) - 719_163, "D"))
        events += [close(name, 0, price[name], ts + n) | {"date": date} for n, name in enumerate(price, 1)]
        ts += 2
    state = play(events, bars_setup("24/7")).core.state
    closed, now = int(sessions.closes[days[-1]]), ts
    assert state.window.row_closes[-1] == closed < now - BAR_NS
    share, ends = BAR_NS / DAY_NS, list(range(closed + BAR_NS, now + 1, BAR_NS))
    expected = state.window.total[:2, :2] / (1.0 - 0.94**state.window.rows_total)
    value = {
        name: [next(p for at, n, p in reversed(marks) if n == name and at < end) for end in (closed, *ends)]
        for name in price
    }
    for k in range(len(ends)):
        r = np.array([value[name][k + 1] / value[name][k] - 1.0 for name in price])
        expected = 0.94**share * expected + (1.0 - 0.94**share) / share * np.outer(r, r)
    np.testing.assert_allclose(state.arrays.sigma[:2, :2], expected, rtol=1e-9)


def test_a_split_within_the_day_is_no_move() -> None:
    """Told ahead, or late when three prices have made the new kind of price the level."""
    market = Market(random.Random(4))
    market.open()
    day = FIRST + WARM
    for at in range(3):
        market.price("AA", open_of(day) + HOUR_NS + at * BAR_NS, 0.0005)
    noon = market.ts + 1
    split: EventDict = {"type": "adjustment", "instrument": "AA", "ex_ts": noon, "price_factor": 0.5}
    before = market.events[:]
    market.put(split)
    told = [*market.events, *(quote("AA", market.prices["AA"] / 2.0, noon + n * BAR_NS) for n in range(1, 5))]
    late = [*before, *(quote("AA", market.prices["AA"] / 2.0, noon + n * BAR_NS) for n in range(1, 5))]
    late.append(split | {"ts": noon + 4 * BAR_NS + 1})
    late.append(quote("AA", market.prices["AA"] / 2.0, noon + 6 * BAR_NS))
    daily = play(before[:-3], bars_setup()).core.state.arrays.sigma
    for events in (told, late):
        state = play(events, bars_setup()).core.state
        i = state.instrument_index["AA"]
        assert state.arrays.sigma[i, i] < 1.1 * daily[i, i]
        x = state.arrays.exposure[1, : len(state.terms)]
        np.testing.assert_allclose(
            state.arrays.sigma_x[1, : len(state.terms)],
            state.arrays.sigma[: len(state.terms), : len(state.terms)] @ x,
            atol=1e-13 * np.abs(x).sum(),
        )
