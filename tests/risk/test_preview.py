"""The preview of a fill against the fill itself, and what fits under ceilings against trying every size."""

import pickle
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import Core
from daemon.edge import decode_inputs
from feeds.record import Input, Record
from risk.kernels.fitting import BLOCKS_INVALID, Ceilings
from risk.measures import METRIC_INDEX, METRICS, Status
from risk.preview import Fitted, Preview, Proposal, is_multiple, lots_in, no_ceilings
from risk.state import RiskState
from tests.helpers import fill, records_of
from tests.replay.made_stream import made_events, made_setup

FITTED = ("var_999", "es_999", "tail_ratio", "tail_ratio_sure")  # a fill may ask for a new fit, which takes time
MONEY = ("var", "es", "worst", "gross", "net", "day", "stressed", "crisis")
MOMENTS = ((1, 0), (2, 61))  # of made streams: seed, and inputs left out at the end
LEAVES = ("firm/fund/_self", "firm/desk", "firm/abroad", "calm/a", "firm/fund/new")


@cache
def inputs(seed: int) -> list[Input]:
    """A made stream with desks at work, orders among them."""
    setup = made_setup()
    records = records_of(made_events(seed, days=108, quoted=8))
    return decode_inputs(records, {each.code for each in setup.calendars}, setup.config)


@cache
def played_bytes(seed: int, left: int) -> bytes:
    """A core that has played all but the last `left` inputs, as bytes that every test may wake up."""
    core = Core(made_setup())
    core.step(inputs(seed)[: len(inputs(seed)) - left])
    return pickle.dumps(core)


def core_after(seed: int, left: int = 0) -> Core:
    """A core of the test's own."""
    core: Core = pickle.loads(played_bytes(seed, left))
    return core


@cache
def shared_core(seed: int, left: int = 0) -> Core:
    """A core for tests that only look: that this changes nothing is a test too."""
    return core_after(seed, left)


def proposal(state: RiskState, leaf: str, name: str, quantity: float, *, least: float = 0.0) -> Proposal:
    """An order for a leaf that is there; a negative quantity sells."""
    p, i = state.scope_index[leaf], state.instrument_index[name]
    side = 1.0 if quantity > 0.0 else -1.0
    holds = p not in state.only_ordered
    return Proposal(tuple(state.path_of(p)), holds, i, side, state.terms[i].lot, abs(quantity), least)


def fill_for_real(core: Core, leaf: str, name: str, quantity: float, fill_id: str) -> None:
    """Fill at the mark, now, as an event like any other."""
    price = float(core.state.arrays.mark[core.state.instrument_index[name]])
    event = fill(leaf.removesuffix("/_self"), name, quantity, price, fill_id, core.now_ns)
    record = Record(core.n + 1, "positions", 0, -1, records_of([event])[0].payload)
    outputs = core.step(decode_inputs([record], {"XNYS"}, core.setup.config))
    assert not outputs.rejections, outputs.rejections


def assert_as_filled(state: RiskState, order: Proposal, fitted: Fitted) -> None:
    """Hold every number of the preview against the state after the fill: to 1e-9, and every status."""
    for place, p in enumerate(order.path):
        gross = float(state.arrays.metrics[p, METRIC_INDEX["gross"]])
        for metric, name in enumerate(METRICS):
            if name in FITTED and place in fitted.asks_fit:
                continue
            scale = max(gross, 1.0) if name.startswith(MONEY) else 1.0
            found, real = fitted.after.values[place, metric], state.arrays.metrics[p, metric]
            told = f"{name} of {state.scopes[p]}"
            assert found == pytest.approx(real, rel=1e-9, abs=1e-9 * scale, nan_ok=True), told
            assert fitted.after.statuses[place, metric] == state.arrays.statuses[p, metric], told


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_preview_of_a_fill_is_what_the_fill_makes(data: st.DataObject) -> None:
    """Orders in the market, currencies, coins, splits, stale and doubted prices, a name that comes or goes."""
    core = core_after(*data.draw(st.sampled_from(MOMENTS)))
    state, preview = core.state, Preview(core.state)
    for step in range(3):
        leaf = data.draw(st.sampled_from([each for each in LEAVES if each in state.scope_index]))
        name = data.draw(st.sampled_from([terms.name for terms in state.terms if terms.kind != "cash"]))
        held = float(state.arrays.quantity[state.scope_index[leaf], state.instrument_index[name]])
        sizes = st.integers(-900, 900).map(float).filter(bool)
        quantity = data.draw(st.one_of(sizes, st.sampled_from([-held, -2.0 * held])) if held else sizes)
        order = proposal(state, leaf, name, quantity)
        fitted = preview.fit(order, no_ceilings(len(order.path)))
        fill_for_real(core, leaf, name, quantity, f"x{step}")
        assert fitted.size == abs(quantity)
        assert_as_filled(state, order, fitted)


def test_a_preview_leaves_no_trace() -> None:
    """What it reads of the state it never writes, whatever it looks at."""
    core = core_after(1, 61)
    before = pickle.dumps(core.state)
    preview = Preview(core.state)
    for quantity in (400.0, -400.0, -5_000.0):
        order = proposal(core.state, "firm/desk", "S1", quantity)
        ceilings = no_ceilings(len(order.path))
        ceilings.ceiling[:] = core.state.arrays.metrics[list(order.path)] * 1.01
        preview.fit(order, ceilings)
    assert pickle.dumps(core.state) == before


HELD_TO = ("var_95", "var_99", "es_95", "es_975", "worst_loss", "gross", "net", "top_share", "hhi", "vol_ratio",
           "gross_leverage", "failures", "liquidity_cost", "turnover", "k_ratio")  # fmt: skip
CONVEX = ("var_95", "var_99", "es_95", "es_975", "worst_loss", "gross", "net", "gross_leverage", "net_leverage")


def tight(state: RiskState, order: Proposal, room: dict[str, float]) -> Ceilings:
    """Ceilings of some metrics at so many times what they are."""
    ceilings = no_ceilings(len(order.path))
    for name, share in room.items():
        ceilings.ceiling[:, METRIC_INDEX[name]] = state.arrays.metrics[list(order.path), METRIC_INDEX[name]] * share
    return ceilings


def fits(preview: Preview, order: Proposal, ceilings: Ceilings, size: float) -> bool:
    """Say by evaluating this very size whether no ceiling stops it; without any search."""
    part = Proposal(order.path, order.holds_now, order.instrument, order.side, order.lot, size, 0.0)
    tried = preview.fit(part, ceilings, searches=False)
    return not tried.stopped.any()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_largest_part_is_the_largest_of_all_sizes(data: st.DataObject) -> None:
    """Every size is tried from the whole order down; the first that fits is the answer. VaR is not convex."""
    core = shared_core(*data.draw(st.sampled_from(MOMENTS)))
    state, preview = core.state, Preview(core.state)
    leaf = data.draw(st.sampled_from(["firm/fund/_self", "firm/desk", "calm/a"]))
    name = data.draw(st.sampled_from(["S0", "S1", "S2", "S5", "C0", "FUT", "PARIS"]))
    lots = data.draw(st.integers(2, 150))
    lot = data.draw(st.sampled_from([0.1, 1.0, 5.0]))
    side = data.draw(st.sampled_from([1.0, -1.0]))
    p, i = state.scope_index[leaf], state.instrument_index[name]
    order = Proposal(tuple(state.path_of(p)), True, i, side, lot, lots * lot, 0.0)
    chosen = data.draw(st.lists(st.sampled_from(CONVEX), min_size=1, max_size=3, unique=True))
    room = {metric: data.draw(st.floats(0.9, 1.5)) for metric in chosen}
    ceilings = tight(state, order, room)
    found = preview.fit(order, ceilings)
    largest = next((k for k in range(lots, 0, -1) if fits(preview, order, ceilings, k * lot)), 0)
    assert found.size == pytest.approx(largest * lot, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_part_fits_and_one_lot_more_does_not(data: st.DataObject) -> None:
    """Whatever metrics are held to whatever ceilings, several at once."""
    core = shared_core(*data.draw(st.sampled_from(MOMENTS)))
    state, preview = core.state, Preview(core.state)
    leaf, name = data.draw(st.sampled_from(LEAVES[:4])), data.draw(st.sampled_from(["S0", "S3", "C1", "FUT", "COIN"]))
    quantity = data.draw(st.integers(-5_000, 5_000).map(float).filter(bool))
    order = proposal(state, leaf, name, quantity)
    chosen = data.draw(st.lists(st.sampled_from(HELD_TO), min_size=1, max_size=4, unique=True))
    ceilings = tight(state, order, {metric: data.draw(st.floats(0.5, 3.0)) for metric in chosen})
    found = preview.fit(order, ceilings)
    if found.size:
        assert fits(preview, order, ceilings, found.size)
    if found.size < order.size:
        assert not fits(preview, order, ceilings, found.size + 1.0)
        assert found.stopped.any()


def test_what_goes_in_any_case_is_not_judged() -> None:
    core = core_after(1)
    order = proposal(core.state, "firm/desk", "S0", 2_000.0, least=150.5)
    ceilings = no_ceilings(len(order.path))
    ceilings.ceiling[:, METRIC_INDEX["gross"]] = 0.0
    found = Preview(core.state).fit(order, ceilings)
    assert found.size == 150.5
    assert found.stopped[:, METRIC_INDEX["gross"]].all()


def test_a_number_that_the_order_takes_away_stops_it_where_told() -> None:
    """An instrument without a price has no value, so that the books have no numbers: INVALID, and never zero."""
    core = core_after(1)
    record = records_of([{"type": "instrument", "ts": core.now_ns, "instrument": "NEW", "kind": "equity",
                          "currency": "USD"}])[0]  # fmt: skip
    core.step(decode_inputs([Record(core.n + 1, "reference", 0, -1, record.payload)], {"XNYS"}, core.setup.config))
    order = proposal(core.state, "firm/desk", "NEW", 10.0)
    ceilings = no_ceilings(len(order.path))
    at = METRIC_INDEX["var_95"]
    free = Preview(core.state).fit(order, ceilings)
    assert free.size == 10.0
    assert set(free.after.statuses[:, at].tolist()) == {Status.INVALID}
    ceilings.missing[:, at] = BLOCKS_INVALID
    assert Preview(core.state).fit(order, ceilings).size == 0.0


def test_names_are_counted_as_the_fill_would_leave_them() -> None:
    core = core_after(2)
    state, preview = core.state, Preview(core.state)
    p, i = state.scope_index["firm/desk"], state.instrument_index["S7"]
    for traded in (25.0, -25.0):
        before, wanted = preview.names(p, i, traded)
        assert int(state.arrays.names[p]) == before
        fill_for_real(core, "firm/desk", "S7", traded, f"n{traded}")
        assert int(state.arrays.names[p]) == wanted


@given(lots=st.integers(1, 10**6), lot=st.sampled_from([1e-8, 0.001, 0.1, 1.0, 7.0, 100.0]))
def test_multiples_of_a_lot_are_told_from_what_is_none(lots: int, lot: float) -> None:
    assert is_multiple(lots * lot, lot)
    assert lots_in(lots * lot, lot) == lots
    assert not is_multiple((lots + 0.5) * lot, lot)
    assert lots_in((lots + 0.5) * lot, lot) == lots


def test_rows_follow_the_state_when_it_grows() -> None:
    """The arrays of a state that has grown are others; the preview lays its rows out anew."""
    core = core_after(1)
    state, preview = core.state, Preview(core.state)
    order = proposal(state, "firm/desk", "S0", 10.0)
    first = preview.fit(order, no_ceilings(2)).after.values
    state._grow(instruments=4 * len(state.arrays.mark), scopes=4 * state.scope_room)
    assert np.array_equal(preview.fit(order, no_ceilings(2)).after.values, first, equal_nan=True)
