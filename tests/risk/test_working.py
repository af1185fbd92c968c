"""Working orders: what the engine keeps of them against a slow look at every book that they could make."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import Core
from daemon.edge import decode_inputs
from feeds.record import Input, Record
from risk.arrays import Scalar
from risk.historical import expected_shortfall, value_at_risk
from risk.measures import BOOKS, METRIC_INDEX, Status
from risk.state import RiskState
from tests.helpers import HOUR_NS, EventDict, close_of, fill, nav, play, quote, records_of, small_setup, snapshot, stock
from tests.replay.made_stream import made_events, made_setup

TAILS = {"var_95": (value_at_risk, 950_000), "es_95": (expected_shortfall, 950_000)}
EXPOSED = ("gross", "net", "gross_leverage", "net_leverage", "top_share", "worst_loss", "failures", *TAILS)
SCOPES = ("firm", "firm/fund", "firm/desk")
NAMES = ("C0", "C1", "C2", "Q0", "E0")


def order(path: str, name: str, quantity: float, order_id: str, ts: int) -> EventDict:
    """A working order; a negative quantity sells."""
    side = "buy" if quantity > 0 else "sell"
    return {"type": "order", "ts": ts, "portfolio": path, "instrument": name, "order_id": order_id, "side": side,
            "open_quantity": abs(quantity)}  # fmt: skip


def books_by_hand(state: RiskState, p: int) -> dict[str, list[float]]:
    """Return the quantities of the four books by name, from the orders themselves."""
    count, path = len(state.terms), state.scopes[p]
    buys, sells = [0.0] * count, [0.0] * count
    for each in state.orders.values():
        holder = state.scopes[each.leaf]
        if holder == path or holder.startswith(path + "/"):
            side = buys if each.quantity > 0 else sells
            side[each.instrument] += abs(each.quantity)
    books: dict[str, list[float]] = {name: [] for name in BOOKS}
    for held, buy, sell in zip(state.arrays.quantity[p, :count].tolist(), buys, sells, strict=True):
        up, down = held + buy, held - sell
        larger = up if abs(up) >= abs(down) else down
        for name, quantity in zip(BOOKS, (held, up, down, larger), strict=True):
            books[name].append(quantity)
    return books


def slow_number(state: RiskState, p: int, metric: str) -> float:
    """Return a metric of scope p by its definition, from quantities, units, returns and shocks alone."""
    arrays, count = state.arrays, len(state.terms)
    exposures = {
        name: [q * u for q, u in zip(book, arrays.unit[:count].tolist(), strict=True)]
        for name, book in books_by_hand(state, p).items()
    }
    nav = float(arrays.value[p])
    if metric == "failures":
        worst = [max(_scenario(state, x, k) for x in exposures.values()) for k in range(len(state.scenarios))]
        return float(sum(loss > arrays.scenario_limit[k] for k, loss in enumerate(worst)))
    if metric == "top_share":
        names = {name: sum(each != 0.0 for each in x) for name, x in exposures.items()}
        chosen = ["larger"] if names["none"] < 8 <= names["larger"] else ["none", "larger"]
        return max(
            max(map(abs, exposures[name])) / (math.fsum(map(abs, exposures[name])) if names[name] >= 8 else nav)
            for name in chosen
        )
    one: Callable[[list[float]], float]
    if metric in TAILS:
        estimate, ppm = TAILS[metric]
        one = lambda x: estimate(_losses(state, x), ppm)  # noqa: E731 -- beside the others
    elif metric == "worst_loss":
        one = lambda x: max(_scenario(state, x, k) for k in range(len(state.scenarios)))  # noqa: E731
    else:
        over = nav if metric.endswith("leverage") else 1.0
        is_net = metric.startswith("net")
        one = lambda x: (abs(math.fsum(x)) if is_net else math.fsum(map(abs, x))) / over  # noqa: E731
    return max(one(x) for x in exposures.values())


def _losses(state: RiskState, exposure: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    returns = state.arrays.returns
    return np.array([
        -math.fsum(x * float(returns[i, row]) for i, x in enumerate(exposure)) for row in range(state.rows)
    ])  # fmt: skip


def _scenario(state: RiskState, exposure: list[float], k: int) -> float:
    return -math.fsum(x * float(state.arrays.shocks[i, k]) for i, x in enumerate(exposure))


@cache
def history() -> list[EventDict]:
    """Return a month of every kind of event, without orders that stay open."""
    return made_events(seed=5, days=24, quoted=2, quotes=4)


def inputs_of(events: list[EventDict], start: int = 0) -> list[Input]:
    """Return the inputs of events that come after `start` others."""
    records = [replace_record(record, start) for record in records_of(events)]
    setup = made_setup()
    return decode_inputs(records, {each.code for each in setup.calendars}, setup.config)


def replace_record(record: Record, start: int) -> Record:
    return Record(record.n + start, record.topic, record.partition, record.offset, record.payload, record.ts_in)


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(("firm/fund", "firm/desk", "firm")), st.integers(0, 30),
        st.floats(-900.0, 900.0).map(round), st.integers(0, 5), st.floats(0.98, 1.02),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


def assert_at_the_worst(core: Core) -> None:
    """Hold every exposure-based number of every scope with a NAV against the slow one."""
    state = core.state
    for name in SCOPES:
        p = state.scope_index[name]
        for metric in EXPOSED:
            if state.arrays.statuses[p, METRIC_INDEX[metric]] <= Status.DEGRADED:
                found = float(state.arrays.metrics[p, METRIC_INDEX[metric]])
                assert found == pytest.approx(slow_number(state, p, metric), rel=1e-9, abs=1e-6), (name, metric)


@settings(max_examples=4)
@given(draws=ORDERS)
def test_every_number_is_the_worst_of_the_four_books(draws: list[tuple[str, int, int, int, float]]) -> None:
    """Orders come, change, move to other names, are filled and go, between prices; the books agree after each."""
    core = Core(made_setup())
    core.step(inputs_of(history()))
    known = core.state
    prices = {terms.name: float(known.arrays.mark[i]) for i, terms in enumerate(known.terms)}
    names = [name for name, price in prices.items() if not math.isnan(price) and not name.startswith("cash:")]
    ts, events = known.now_ns, list[EventDict]()
    for step, (path, at, quantity, order_id, move) in enumerate(draws):
        name = names[at % len(names)]
        ts += 10**9
        events.append(order(path, name, float(quantity), f"w{order_id}", ts))
        if step % 3 == 1 and quantity:
            part = fill(path, name, quantity / 4.0, prices[name], f"wf{step}", ts + 1, order_id=f"w{order_id}")
            events.append(part)
        events.append(quote(names[0], prices[names[0]] * move, ts + 2, 1e-6))
    for at, event in enumerate(events):
        assert not core.step(inputs_of([event], len(history()) + at)).rejections
        assert_at_the_worst(core)


NOON = close_of(10) - 3 * HOUR_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA"), stock("BB"), snapshot({("firm/a", "AA"): 100.0}, NOON), nav("firm/a", 10_000.0, NOON + 1),
    quote("AA", 20.0, NOON + 2), quote("BB", 10.0, NOON + 3),
)  # fmt: skip


def gross_after(*events: EventDict, scope: str = "firm") -> float:
    state = play([*OPENING, *events], small_setup()).core.state
    return float(state.arrays.metrics[state.scope_index[scope], METRIC_INDEX["gross"]])


def test_an_order_counts_at_its_larger_side_until_it_is_gone() -> None:
    buy, sell = (order("firm/a", "AA", q, "o", NOON + 5) for q in (50.0, -50.0))
    assert gross_after(buy) == gross_after(buy, scope="firm/a") == 3_000.0
    assert gross_after(sell) == 2_000.0
    assert gross_after(order("firm/a", "AA", -250.0, "o", NOON + 5)) == 3_000.0
    assert gross_after(order("firm/a", "BB", -30.0, "o", NOON + 5)) == 2_300.0
    assert gross_after(buy, buy | {"ts": NOON + 6, "open_quantity": 0.0}) == 2_000.0
    assert gross_after(buy, buy | {"ts": NOON + 6, "instrument": "BB"}) == 2_500.0, "it is the same order"


def test_a_fill_takes_from_its_order_what_it_adds_to_the_position() -> None:
    buy = order("firm/a", "AA", 50.0, "o", NOON + 5)
    part = fill("firm/a", "AA", 30.0, 20.0, "f", NOON + 6, order_id="o")
    assert gross_after(buy, part) == 3_000.0
    assert gross_after(buy, part, part) == 3_000.0, "the same fill again is none"
    assert gross_after(buy, part | {"quantity": 50.0}) == 3_000.0
    state = play([*OPENING, buy, part | {"quantity": 50.0}], small_setup()).core.state
    assert (state.orders, state.orders_at, state.working) == ({}, {}, {})
    newer = order("firm/a", "AA", 20.0, "o", NOON + 7)
    assert gross_after(buy, newer, part) == 3_000.0, "20 are left after the fill that is told late"
    assert gross_after(newer, buy) == 2_400.0, "an older statement undoes nothing"


def test_a_parent_adds_up_the_orders_of_its_children() -> None:
    """Buys of one desk and sells of another are both open: the firm is at the worst of them, not at their sum."""
    orders = (order("firm/a", "AA", 60.0, "o1", NOON + 5), order("firm/b", "AA", -160.0, "o2", NOON + 6))
    assert gross_after(*orders) == 3_200.0
    assert gross_after(*orders, scope="firm/a") == 3_200.0
    assert gross_after(*orders, scope="firm/b") == 3_200.0
    assert gross_after(order("firm/a", "AA", -260.0, "o1", NOON + 5), *orders[1:]) == 6_400.0


def test_orders_of_a_leaf_that_becomes_a_parent_stay() -> None:
    buy = order("firm/c", "BB", 70.0, "o", NOON + 5)
    child = {"type": "position", "ts": NOON + 6, "portfolio": "firm/c/x", "instrument": "BB", "quantity": 10.0}
    for scope, gross in (("firm/c", 800.0), ("firm/c/_self", 700.0), ("firm/c/x", 100.0), ("firm", 2_800.0)):
        assert gross_after(buy, child, scope=scope) == gross
    gone = buy | {"ts": NOON + 7, "open_quantity": 0.0}
    assert gross_after(buy, child, gone, scope="firm/c") == 100.0


def test_an_order_of_a_path_that_holds_nothing_leaves_its_parent_its_nav() -> None:
    """An order on the firm itself opens `firm/_self`; a fill makes it a book whose V is not known."""
    own = order("firm", "BB", 10.0, "o", NOON + 5)
    deep = order("firm/new/desk", "BB", 10.0, "d", NOON + 6)
    assert play([*OPENING, own, deep], small_setup()).state("firm")["nav"] == 10_000.0
    again = nav("firm/a", 11_000.0, NOON + 7)
    assert play([*OPENING, own, deep, again], small_setup()).state("firm")["nav"] == 11_000.0
    filled = fill("firm", "BB", 10.0, 10.0, "f", NOON + 8, order_id="o")
    assert play([*OPENING, own, deep, again, filled], small_setup()).state("firm")["nav"] is None


def test_a_split_restates_orders_that_are_older_than_it() -> None:
    split = {"type": "adjustment", "ts": NOON + 8, "instrument": "AA", "ex_ts": NOON + 7, "price_factor": 0.5}
    assert gross_after(order("firm/a", "AA", 50.0, "o", NOON + 5), split) == 3_000.0
    late = order("firm/a", "AA", 50.0, "o", NOON + 6)
    assert gross_after(split, late) == 3_000.0, "the news of the split came first"
    assert gross_after(split, order("firm/a", "AA", 50.0, "o", NOON + 9)) == 2_500.0


def test_an_order_in_an_expired_instrument_counts_for_nothing() -> None:
    buy = order("firm/a", "BB", 50.0, "o", NOON + 5)
    assert gross_after(buy, stock("BB", ts=NOON + 6, status="expired")) == 2_000.0
    assert gross_after(buy, stock("BB", ts=NOON + 6, status="expired"), stock("BB", ts=NOON + 7)) == 2_500.0


def test_an_order_in_a_name_without_a_value_leaves_no_number() -> None:
    state = play([*OPENING, stock("CC"), order("firm/a", "CC", 5.0, "o", NOON + 5)], small_setup()).core.state
    p = state.scope_index["firm/a"]
    assert state.arrays.statuses[p, METRIC_INDEX["gross"]] == Status.INVALID
    assert state.arrays.statuses[p, METRIC_INDEX["day_loss"]] == Status.OK, "a loss is of what is held"


def test_an_order_in_a_name_that_nobody_holds_moves_with_its_price() -> None:
    """Also where a run of prices is one call of the kernel."""
    prices = [quote("BB", price, NOON + 10 + at) for at, price in enumerate((10.1, 10.2, 10.5))]
    assert gross_after(order("firm/a", "BB", 10.0, "o", NOON + 5), *prices) == pytest.approx(2_105.0, rel=1e-12)


def test_many_scopes_with_orders_outgrow_their_rows_and_give_them_back() -> None:
    orders = [order(f"firm/s{at:02}", "BB", 1.0 + at, f"o{at}", NOON + 10 + at) for at in range(40)]
    state = play([*OPENING, *orders], small_setup()).core.state
    for at in range(40):
        row = state.scope_index[f"firm/s{at:02}"]
        assert state.arrays.metrics[row, METRIC_INDEX["gross"]] == 10.0 * (1.0 + at)
    gone = [each | {"ts": NOON + 100, "open_quantity": 0.0} for each in orders]
    empty = play([*OPENING, *orders, *gone], small_setup()).core.state
    assert empty.arrays.scalars[Scalar.WORKING] == 0
    assert empty.working == {}
    assert sorted(empty.worked_free) == list(range(0, len(BOOKS) * len(empty.worked_free), len(BOOKS)))
    assert (empty.arrays.worked_row == -1).all()


def test_the_record_names_the_open_orders_and_the_worst_books() -> None:
    events = (*OPENING, order("firm/a", "BB", -30.0, "o", NOON + 5), order("firm/a", "AA", 5.0, "o2", NOON + 6))
    record = play(events, small_setup()).state("firm")
    assert record["working_orders"] == {"AA": {"buys": 5.0, "sells": 0.0}, "BB": {"buys": 0.0, "sells": 30.0}}
    worst = record["worst_book"]
    assert isinstance(worst, dict)
    assert (worst["gross"], worst["net"]) == ("larger", "buys")
    assert worst["var_99"] == "none", "the first among equals"
    assert "drawdown" not in worst
    assert "working_orders" not in play(OPENING, small_setup()).state("firm")
