"""The oracle: raw events in, one by one; every risk number of any scope out, computed from scratch when asked."""

from collections import Counter
from typing import get_args

import msgspec
import numpy as np

from config.setup import Calendar, Setup
from feeds.events import (
    Adjustment,
    CalendarAdded,
    Close,
    Event,
    Fill,
    FillCancel,
    Heartbeat,
    Indicator,
    InputEvent,
    Instrument,
    Nav,
    Order,
    Position,
    PositionsSnapshot,
    Quote,
    ResetHwm,
    Tick,
    Trade,
)
from tests.oracle.books import root_of
from tests.oracle.facts import Mark
from tests.oracle.numbers import numbers_of
from tests.oracle.refusals import refusal
from tests.oracle.rows import as_mark
from tests.oracle.sessions import ordinal_of, sessions_of
from tests.oracle.state import empty_state
from tests.oracle.tails import ROWS_MIN, book_to_fit

_OWN_RECORDS = {"tick": Tick, "calendar": CalendarAdded}
_EVENTS: dict[str, type[InputEvent]] = {str(kind.__struct_config__.tag): kind for kind in get_args(InputEvent)}


class Oracle:
    """Raw facts of one core, and the few things that depend on order: marks, V, high-water marks, rows."""

    def __init__(self, setup: Setup) -> None:
        self.state = empty_state(setup)
        self.config = setup.config
        self.market, self.books, self.money = self.state.market, self.state.books, self.state.money
        self.rows, self.bars = self.state.rows, self.state.bars
        self.market.sigma_of = self._sigma_of
        self.pending: list[Adjustment] = []  # announced, not yet at their ex_ts
        self.n = 0
        self.exposures_moved = False
        self.refused: Counter[str] = Counter()

    # --- in

    def apply(self, event: dict[str, object], n: int) -> str | None:
        """Apply one input; return the reason where it is refused, which then changes nothing, not even time."""
        self.n = n
        own = _OWN_RECORDS.get(str(event.get("type")))
        if own is not None:
            self._apply_own(msgspec.convert(event, type=own))
            return None
        try:
            typed = msgspec.convert(event, type=_EVENTS[str(event.get("type"))])
        except (KeyError, msgspec.ValidationError):
            self.refused["MALFORMED"] += 1
            return "MALFORMED"
        reason = refusal(typed, self.market, self.books, self.state.now)
        if reason is not None:
            self.refused[reason] += 1
            return reason
        if self.config.clock == "event":
            self._advance(typed.ts)
        self._dispatch(typed)
        self.money.settle()
        self._look_at_tails()
        return None

    def _look_at_tails(self) -> None:
        """Ask for a tail fit where one is due; a book only changes with its quantities, marks and rates."""
        if not self.exposures_moved or len(self.rows.rows) < ROWS_MIN:
            return
        self.exposures_moved = False
        for scope in self.scopes():
            book = book_to_fit(self.market, self.books, self.money, scope)
            self.state.tails.look(scope, book, self.state.covariances, len(self.rows.rows))

    def _apply_own(self, record: Tick | CalendarAdded) -> None:
        if isinstance(record, Tick):
            self._advance(record.ts)
            return
        times = (np.array(values, dtype=np.int64) for values in (record.dates, record.opens, record.closes))
        self.market.calendars[record.code] = sessions_of(Calendar(record.code, *times))

    def _advance(self, ts: int) -> None:
        """Fire what is due up to `ts`, each at its own time, then let it be `ts`."""
        while True:
            ex_ts = min((one.ex_ts for one in self.pending), default=None)
            timers = [("adjust", ex_ts), ("bar", self.bars.due_ts()), ("row", self.rows.due_ts())]
            due = min(((at, name) for name, at in timers if at is not None and at <= ts), default=None)
            if due is None:
                break
            self.state.now = max(self.state.now, due[0])
            if due[1] == "adjust":
                event = next(one for one in self.pending if one.ex_ts == ex_ts)
                self.pending.remove(event)
                self.money.adjust(event)
            elif due[1] == "bar":
                self.bars.fire()
            elif self.rows.fire():
                self._complete_row()
            self.money.settle()
        self.state.now = max(self.state.now, ts)

    def _complete_row(self) -> None:
        assert self.rows.next is not None
        base_close = self.rows.base.closes[self.rows.next]
        marks = self.rows.complete(self.state.now)
        self.rows.begin_bars(self.bars, base_close)
        self._move(marks)
        self.state.turnover.complete_row(self.money, self.scopes(), self.state.now)

    def _move(self, marks: dict[str, Mark]) -> None:
        self.bars.begin()
        self.money.move(marks)
        self.exposures_moved = True
        self.bars.begin()
        self.bars.moved(self.state.now)

    def _dispatch(self, event: Event) -> None:
        if not isinstance(event, Quote | Trade | Close | Heartbeat | Indicator):
            self.exposures_moved = True
        if isinstance(event, Quote | Trade):
            self.market.delivered_ts = self.state.now
            self._take_tick(event)
        elif isinstance(event, Close):
            self.market.delivered_ts = self.state.now
            self._take_close(event)
        elif isinstance(event, Heartbeat | Indicator):
            self.market.delivered_ts = self.state.now
        elif isinstance(event, Position):
            self.books.take_position(event)
        elif isinstance(event, PositionsSnapshot):
            self.money.take_snapshot(event.portfolio)
            self.books.take_snapshot(event)
        elif isinstance(event, Fill):
            self._take_fill(event)
        elif isinstance(event, FillCancel):
            fill = self.books.take_cancel(event)
            if fill is not None:
                self.money.trade(fill, -1.0)
        elif isinstance(event, Order):
            self.books.take_order(event)
        elif isinstance(event, Nav):
            rate = self.market.rate(event.currency, self.market.mark_of)
            assert rate is not None, "a nav without a rate was refused"
            self.money.take_nav(event, rate)
        elif isinstance(event, Instrument):
            self.market.put(event)
            self.rows.version += 1
        elif isinstance(event, Adjustment):
            self._take_adjustment(event)
        elif isinstance(event, ResetHwm):
            self.money.reset_high(event.scope)

    def _take_tick(self, event: Quote | Trade) -> None:
        facts = self.market.instruments[event.instrument]
        is_first = facts.price is None
        mark = self.market.take_tick(event, self.state.now)
        if not facts.suspects:
            self.bars.begin()
            self.bars.moved(self.state.now)
        if isinstance(event, Quote) and not facts.suspects:
            self.state.spreads.take(event.instrument, event.bid, event.ask, self.rows.completed)
        if mark is None:
            return
        self.rows.begin(None, event.ts)
        if is_first:
            self.rows.first_level(facts, mark)
        self._move({event.instrument: mark})

    def _take_close(self, event: Close) -> None:
        facts = self.market.instruments[event.instrument]
        date = ordinal_of(event.date)
        while self.rows.is_before(date):
            self._complete_row()
            self.money.settle()
        is_first = facts.mark is None
        mark = self.market.take_close(event)
        self.rows.begin(date, event.ts)
        if is_first:
            self.rows.first_level(facts, mark)
            self._move_to_close(event.instrument, date)
        elif facts.takes_mark_at_base_close or self.rows.missed_its_row(facts, date):
            self._take_late_close(event.instrument, mark)
        if self.rows.due_ts() is not None and self.rows.is_ready():
            self._complete_row()

    def _take_late_close(self, name: str, close: Mark) -> None:
        """Move the mark to a close that no row waits for, unless the mark is newer or a quote is fresh."""
        facts = self.market.instruments[name]
        was = facts.mark
        assert was is not None
        is_newer = close.date >= was.date if was.source == "close" else close.ts > was.ts
        if is_newer and not self.market.has_fresh_quote(facts, self.state.now):
            self._move_to_close(name, close.date)
        facts.closed_through = max(facts.closed_through, close.date)

    def _move_to_close(self, name: str, date: int) -> None:
        facts = self.market.instruments[name]
        facts.quote_ts = None
        self._move({name: as_mark(facts, date)})

    def _take_fill(self, event: Fill) -> None:
        if self.books.remembered(event.portfolio, event.fill_id, self.state.now) is not None:
            return  # the same fill again; one with other contents was refused
        counts = self.books.take_fill(event)
        fact = self.books.fill_ids[(root_of(event.portfolio), event.fill_id)]
        self.state.turnover.take(fact)
        if counts:
            self.money.trade(fact, 1.0)

    def _take_adjustment(self, event: Adjustment) -> None:
        if event.ex_ts > self.state.now:
            self.pending.append(event)
            return
        self.money.adjust(event)
        self.rows.readjust(event)

    def _sigma_of(self, name: str) -> float | None:
        """Return the daily volatility of one instrument after the last completed row."""
        return self.state.covariances.daily_sigma(name)

    # --- out

    def scopes(self) -> list[str]:
        """Return every path that has come into being, sorted."""
        return sorted(self.books.paths)

    def numbers(self, scope: str) -> dict[str, object]:
        """Return every number of a scope at this moment; tests/oracle/numbers.py says which."""
        return numbers_of(self.state, scope) | {"n": self.n}
