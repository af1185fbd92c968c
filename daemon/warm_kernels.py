"""Loads or compiles the kernels before anything is read: the first price must not wait for a compiler."""

import datetime
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from config.setup import Setup
from daemon.core import Core
from daemon.order_answer import OrderQuestion
from daemon.order_check import OrderChecker
from feeds.events import (
    Adjustment,
    Close,
    Fill,
    InputEvent,
    Instrument,
    Nav,
    Order,
    PositionsSnapshot,
    Quote,
    SnapshotItem,
)
from feeds.record import Input, Record
from risk.kernels.stress import mean_of_observed
from risk.measuring import correlation_change
from risk.pot import fit_pot
from risk.proxies import CellFlag
from risk.scope_book import ScopeBook
from risk.tail_bootstrap import bootstrap_ratio

_NAMES = ("A", "B")
_LEAF = "warm/up"
_SESSIONS = 25  # over 20 rows, so that VaR 95 has a number and is compared with the next row
_LOSSES = 400  # enough for a tail to be fitted
_SHAPE = 0.2  # of the generalized Pareto law whose quantiles they are


def warm_kernels(setup: Setup) -> None:
    """Run the kernels of daily life once, on a made book of a core that is thrown away.

    Takes about a second where they are cached, and most of a minute where they must be compiled.
    """
    config = setup.config.model_copy(update={"clock": "event", "portfolios": ()})
    core = Core(replace(setup, config=config))
    for n, (topic, event) in enumerate(_events(setup), start=1):
        core.step([Input(Record(n, topic, 0, n, b""), event)])
    core.state_records()
    question = OrderQuestion(portfolio=_LEAF, instrument="A", side="buy", quantity=1.0)
    OrderChecker(core).check(question)
    correlation_change(core.state, core.state.scope_index[_LEAF])
    _warm_crisis_rows(core)
    book = ScopeBook(core.state, core.state.scope_index[_LEAF])
    for metric in ("var_95", "es_95", "worst_loss", "gross", "hhi", "k_ratio", "vol_ratio"):
        book.evaluate(metric, book.quantity * 0.5)
        book.components(metric)
        book.moving(metric)(book.quantity * 0.5)
    losses = np.array([((_LOSSES + 1) / i) ** _SHAPE - 1.0 for i in range(1, _LOSSES + 1)])
    bootstrap_ratio(losses, fit_pot(losses), "0")


def _warm_crisis_rows(core: Core) -> None:
    """Run the kernel that stands in for what came after a crisis: no day of the made book is in one."""
    returns, flags = core.state.crisis_rows.cells()
    means, counts = np.zeros(0), np.zeros(0, dtype=np.int64)
    mean_of_observed(returns[:0], flags[:0], np.zeros(1, dtype=np.int64), int(CellFlag.OBSERVED), means, counts)


def _events(setup: Setup) -> Iterator[tuple[str, InputEvent]]:
    """Yield what a small day brings, with its topic: reference, positions, prices, closes, a fill and a split."""
    topics, calendar = setup.config.kafka.topics, setup.calendars[0]
    currency = setup.config.base_currency
    first = max(0, len(calendar.dates) // 2 - _SESSIONS)
    ts = int(calendar.opens[first])
    for name in (*_NAMES, "LATE"):
        yield (
            topics.reference,
            Instrument(
                ts=ts,
                instrument=name,
                kind="equity",
                currency=currency,
                calendar=calendar.code,
                closes="official",
                adv=1e6,
                spread=1e-3,
            ),
        )
    items = tuple(SnapshotItem(portfolio=_LEAF, instrument=name, quantity=10.0) for name in _NAMES)
    yield topics.positions, PositionsSnapshot(ts=ts, portfolio="warm", snapshot_id="1", items=items)
    yield topics.positions, Nav(ts=ts, portfolio=_LEAF, nav=1e6, currency=currency)
    for session in range(first, min(first + _SESSIONS, len(calendar.dates))):
        date = datetime.date.fromordinal(int(calendar.dates[session])).isoformat()
        for step, name in enumerate(_NAMES * 2, start=1):
            price = 100.0 + session % 5 + step / 10.0
            quote_ts = int(calendar.opens[session]) + step
            yield topics.market_data, Quote(ts=quote_ts, instrument=name, bid=price - 0.01, ask=price + 0.01)
        close_ts = int(calendar.closes[session])
        for step, name in enumerate(_NAMES):
            yield topics.market_data, Close(ts=close_ts, instrument=name, date=date, price=100.0 + session % 7 + step)
        yield (
            topics.positions,
            Fill(ts=close_ts + 1, portfolio=_LEAF, instrument="A", side="buy", quantity=1.0, price=100.0, fill_id=date),
        )
    for open_quantity in (5.0, 0.0):  # the books that orders could make, there and gone
        yield (
            topics.positions,
            Order(
                ts=close_ts + 1, portfolio=_LEAF, instrument="A", order_id="1", side="buy", open_quantity=open_quantity
            ),
        )
    yield topics.reference, Adjustment(ts=close_ts + 2, instrument="B", ex_ts=close_ts - 10**9, price_factor=0.5)
    yield topics.market_data, Quote(ts=close_ts + 3, instrument="LATE", bid=10.0, ask=10.1)
