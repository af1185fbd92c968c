"""Runs of prices as arrays: what each column says, and where a run ends."""

import numpy as np
import pytest

from daemon.edge import made_input
from daemon.price_runs import PriceRun, SymbolIndex, collect_run
from feeds.events import Heartbeat, InputEvent, MadeEvent, Quote, Tick, Trade
from feeds.record import Input, Record
from risk.kernels.prices import QUOTE, TICK, TRADE
from risk.state import RiskState
from tests.helpers import play, small_setup, stock


@pytest.fixture
def state() -> RiskState:
    return play([stock("AA"), stock("BB")], small_setup()).core.state


def inputs(*events: InputEvent, partitions: tuple[int, ...] = (0,)) -> list[Input]:
    """Return numbered inputs of market data, of these partitions in turn."""
    places = [partitions[at % len(partitions)] for at in range(len(events))]
    return [
        Input(Record(n, "market-data", place, n, b""), event)
        for n, (event, place) in enumerate(zip(events, places, strict=True), start=1)
    ]


def collect(state: RiskState, inputs: list[Input], start: int) -> PriceRun | None:
    return collect_run(state, SymbolIndex(state.instrument_index), inputs, start)


def tick(ts: int) -> Input:
    event: MadeEvent = Tick(ts=ts)
    return made_input(event)


def columns(run: PriceRun | None) -> list[tuple[int, int, float, float, int]]:
    assert run is not None
    assert run.count == len(run.instrument)
    rows = zip(run.instrument, run.kind, run.price, run.low, run.ts, strict=True)
    return [(int(i), int(kind), float(price), float(low), int(ts)) for i, kind, price, low, ts in rows]


QUOTES = (Quote(ts=1, instrument="AA", bid=10.0, ask=11.0), Quote(ts=2, instrument="BB", bid=20.0, ask=20.5))
SALE = Trade(ts=3, instrument="AA", price=12.0)


def test_quotes_alone_give_their_mids_and_bids(state: RiskState) -> None:
    assert columns(collect(state, inputs(*QUOTES), 0)) == [(0, QUOTE, 10.5, 10.0, 1), (1, QUOTE, 20.25, 20.0, 2)]


def test_trades_and_ticks_stand_between_quotes(state: RiskState) -> None:
    first, second, sale = inputs(*QUOTES, SALE)
    run = collect(state, [first, tick(7), sale, tick(8), second], 0)
    expected = [(0, QUOTE, 10.5, 10.0, 1), (0, TRADE, 12.0, 12.0, 3), (1, QUOTE, 20.25, 20.0, 2)]
    assert [row for row in columns(run) if row[1] != TICK] == expected
    assert [(row[1], row[4]) for row in columns(run) if row[1] == TICK] == [(TICK, 7), (TICK, 8)]
    assert run is not None
    assert run.has_one_source, "a tick comes from nowhere"


def test_a_run_ends_before_what_is_no_price_and_before_an_unknown_name(state: RiskState) -> None:
    stranger = Quote(ts=4, instrument="CC", bid=1.0, ask=1.0)
    for odd in (Heartbeat(ts=4, source="feed"), stranger):
        run = collect(state, inputs(*QUOTES, odd, SALE), 0)
        assert run is not None
        assert (run.start, run.stop) == (0, 2)
        run = collect(state, inputs(*QUOTES, odd, SALE), 3)
        assert run is not None
        assert (run.start, run.stop) == (3, 4)
        assert collect(state, inputs(*QUOTES, odd, SALE), 2) is None


def test_no_run_begins_with_a_tick(state: RiskState) -> None:
    assert collect(state, [tick(5), *inputs(*QUOTES)], 0) is None


def test_every_partition_has_its_index_in_the_order_of_its_first_price(state: RiskState) -> None:
    run = collect(state, inputs(*QUOTES, SALE, partitions=(3, 1)), 0)
    assert run is not None
    assert not run.has_one_source
    assert run.source.tolist() == [state.sources["market-data", number] for number in (3, 1, 3)]
    assert state.sources["market-data", 3] < state.sources["market-data", 1]
    one = collect(state, inputs(*QUOTES, partitions=(1,)), 0)
    assert one is not None
    assert one.has_one_source
    np.testing.assert_array_equal(one.source, state.sources["market-data", 1])


@pytest.mark.parametrize("event", [*QUOTES, SALE, Quote(ts=4, instrument="ZZ", bid=1.0, ask=2.0)])
def test_one_price_alone_is_what_it_is_at_the_head_of_a_longer_run(state: RiskState, event: Quote | Trade) -> None:
    alone = collect(state, inputs(event, partitions=(3,)), 0)
    longer = collect(state, inputs(event, *QUOTES, partitions=(3,)), 0)
    if longer is None:
        assert alone is None
        return
    assert alone is not None
    assert columns(alone) == columns(longer)[:1]
    assert alone.source.tolist() == longer.source[:1].tolist()
    for column in ("instrument", "kind", "price", "low", "ts", "source"):
        assert getattr(alone, column).dtype == getattr(longer, column).dtype
