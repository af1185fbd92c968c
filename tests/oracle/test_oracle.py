"""The oracle against closed forms and hand arithmetic: a reference that is wrong would approve what is wrong."""

import itertools
import math

import numpy as np
import pytest

from tests.oracle.oracle import Oracle
from tests.oracle.scenarios import STORIES
from tests.oracle.stream import BOOK, NAVS, Stream, setup

Numbers = dict[str, object]


def table(numbers: Numbers, *path: str) -> dict[str, float]:
    """Walk into nested dicts of floats."""
    found: object = numbers
    for step in path:
        assert isinstance(found, dict)
        found = found[step]
    assert isinstance(found, dict)
    return found


def trust(numbers: Numbers, instrument: str) -> str:
    return str(table(numbers, "trust")[instrument])


def value(numbers: Numbers, metric: str) -> float:
    return table(numbers, "metrics", metric)["value"]


def status(numbers: Numbers, metric: str) -> str:
    return str(table(numbers, "metrics", metric)["status"])


def play(stream: Stream, until: str | None = None) -> Oracle:
    """Apply a stream up to and with the event of a moment, all of it without one."""
    oracle = Oracle(setup())
    count = len(stream.events) if until is None else stream.moments[until]
    for n, event in enumerate(stream.events[:count], start=1):
        assert oracle.apply(event, n) is None
    return oracle


def walk(stream: Stream, scope: str) -> dict[str, Numbers]:
    """Return the numbers of a scope at every moment of a story."""
    by_n: dict[int, list[str]] = {}
    for moment, n in stream.moments.items():
        by_n.setdefault(n, []).append(moment)
    oracle = Oracle(setup())
    found: dict[str, Numbers] = {}
    for n, event in enumerate(stream.events, start=1):
        assert oracle.apply(event, n) is None
        found |= dict.fromkeys(by_n.get(n, []), oracle.numbers(scope) if n in by_n else {})
    return found


@pytest.mark.parametrize("name", STORIES)
def test_every_story_has_strictly_increasing_time_and_no_refusal(name: str) -> None:
    stream = STORIES[name]()
    times = [int(str(event["ts"])) for event in stream.events]
    assert all(first < second for first, second in itertools.pairwise(times))
    assert STORIES[name]().events == stream.events
    play(stream)


def test_value_is_nav_plus_quantity_times_the_whole_move() -> None:
    stream = Stream(seed=21)
    stream.open()
    stream.days(0, 1)
    first = dict(stream.prices)
    stream.days(1, 40)
    numbers = play(stream).numbers("firm/desk")
    held = {name: quantity for path, name, quantity in BOOK if path == "firm/desk"}
    move = sum(quantity * (stream.prices[name] - first[name]) for name, quantity in held.items())
    assert numbers["nav"] == pytest.approx(NAVS["firm/desk"] + move, rel=1e-12)
    assert table(numbers, "exposures")["net"] == pytest.approx(
        sum(quantity * stream.prices[name] for name, quantity in held.items()), rel=1e-12
    )


def test_losses_and_historical_numbers_equal_a_matrix_of_plain_returns() -> None:
    stream, days = Stream(seed=22), []
    stream.open()
    for day in range(90):
        stream.close_day(day)
        days.append(dict(stream.prices))
    numbers = play(stream).numbers("firm/fund")
    names = [name for path, name, _quantity in BOOK if path == "firm/fund"]
    quantities = np.array([quantity for path, _name, quantity in BOOK if path == "firm/fund"])
    prices = np.array([[day[name] for name in names] for day in days])
    losses = -(prices[1:] / prices[:-1] - 1.0) @ (quantities * prices[-1])
    np.testing.assert_allclose(np.asarray(numbers["losses"]), losses, rtol=1e-12, atol=1e-9)
    assert value(numbers, "var_95") == pytest.approx(np.quantile(losses, 0.95, method="inverted_cdf"))
    threshold = value(numbers, "var_95")
    integral = threshold + np.maximum(losses - threshold, 0.0).sum() / (len(losses) * 0.05)
    assert value(numbers, "es_95") == pytest.approx(integral)
    returns, state, decay = prices[1:] / prices[:-1] - 1.0, np.zeros((8, 8)), 0.94
    for row in returns:
        state = decay * state + (1.0 - decay) * np.outer(row, row)
    covariance = table(numbers, "covariance")["matrix"]
    np.testing.assert_allclose(covariance, state / (1.0 - decay ** len(returns)), rtol=1e-9)
    assert math.fsum(table(numbers, "component_var").values()) == pytest.approx(
        table(numbers, "var", "normal", "99")["value"], rel=1e-12
    )


def test_a_split_moves_no_value_and_cash_enters_it() -> None:
    stream = STORIES["split"]()
    fund = walk(stream, "firm/fund")
    assert fund["at_ex"]["nav"] == pytest.approx(fund["before_split"]["nav"], rel=1e-14)
    assert table(fund["at_ex"], "exposures", "by_instrument") == pytest.approx(
        table(fund["before_split"], "exposures", "by_instrument")
    )
    assert np.abs(np.asarray(fund["split_day_closed"]["losses"])[-1]) < 40_000.0


def test_a_split_told_late_ends_where_one_told_in_time_ends() -> None:
    late = STORIES["split"]()
    told = next(event for event in late.events if event.get("instrument") == "S3" and event["type"] == "adjustment")
    in_time = STORIES["split"]()
    in_time.events = [event for event in late.events if event is not told]
    place = next(n for n, event in enumerate(in_time.events) if int(str(event["ts"])) >= int(str(told["ex_ts"])))
    in_time.events.insert(place, told | {"ts": int(str(in_time.events[place]["ts"])) - 1})
    one, other = play(late).numbers("firm/desk"), play(in_time).numbers("firm/desk")
    assert one["nav"] == pytest.approx(other["nav"], rel=1e-12)
    np.testing.assert_allclose(np.asarray(one["losses"]), np.asarray(other["losses"]), rtol=1e-9, atol=1e-9)


def test_a_fill_and_its_cancel_leave_nothing_behind() -> None:
    stream = STORIES["plain_days"]()
    desk = walk(stream, "firm/desk")["cancelled"]
    stream.events = [event for event in stream.events if event.get("fill_id") != "f2"]
    stream.moments["cancelled"] -= 2
    assert desk["nav"] == pytest.approx(play(stream, "cancelled").numbers("firm/desk")["nav"], rel=1e-12)


def test_a_flow_moves_value_and_no_index_of_the_parent() -> None:
    stream = STORIES["plain_days"]()
    for scope, before_flow in (("firm/fund", 1_250_000.0 - 200_000.0), ("firm", None)):
        at = walk(stream, scope)
        old, new = at["cancelled"], at["flow"]
        fund_before = float(str(walk(stream, "firm/fund")["cancelled"]["nav"]))
        residual = 1_050_000.0 - fund_before  # what the nav says beyond P&L and flow
        ratio = (float(str(old["nav"])) + residual) / float(str(old["nav"]))
        assert float(str(new["index"])) == pytest.approx(float(str(old["index"])) * ratio, rel=1e-12)
        if before_flow is not None:
            assert float(str(old["nav"])) * ratio == pytest.approx(before_flow)


def test_an_inverse_contract_wins_coins_that_depend_on_the_ends_alone() -> None:
    stream = Stream(seed=23)
    perpetual: dict[str, object] = {"kind": "perpetual", "contract": "inverse", "settle_currency": "COIN"}
    stream.list_stock("PERP", 9000.0, multiplier=100.0, **perpetual)
    stream.open(book=(("firm/fund", "PERP", 50.0),), navs={"firm/fund": 100_000.0})
    stream.days(0, 1)
    first = stream.prices["PERP"]
    stream.days(1, 30)
    last = stream.prices["PERP"]
    numbers = play(stream).numbers("firm/fund")
    coins = 50.0 * 100.0 * (1.0 / first - 1.0 / last)
    assert numbers["nav"] == pytest.approx(100_000.0 + coins * last, rel=1e-12)
    held = table(numbers, "exposures", "by_instrument")
    assert held == pytest.approx({"PERP": 5000.0, "cash:COIN": coins * last})


def test_the_crossed_rate_prices_and_moves_a_position() -> None:
    stream = STORIES["currencies_and_margin"]()
    oracle = play(stream)
    held = table(oracle.numbers("firm/abroad"), "exposures", "by_instrument")
    prices = stream.prices
    francs = prices["EURUSD"] / prices["EURCHF"]
    assert held["ZURICH"] == pytest.approx(-100.0 * prices["ZURICH"] * francs, rel=1e-12)
    assert held["OSAKA"] == pytest.approx(40.0 * prices["OSAKA"] / prices["USDJPY"], rel=1e-12)
    assert held["FESX"] == pytest.approx(-2.0 * 10.0 * prices["FESX"] * prices["EURUSD"], rel=1e-12)
