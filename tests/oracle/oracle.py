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
from tests.oracle.books import Books, root_of
from tests.oracle.facts import Mark
from tests.oracle.market import Market
from tests.oracle.money import Money
from tests.oracle.numbers import numbers_of
from tests.oracle.refusals import refusal
from tests.oracle.rows import Rows, as_mark
from tests.oracle.sessions import ordinal_of, sessions_of
from tests.oracle.window import covariance, rows_that_count, window

_OWN_RECORDS = {"tick": Tick, "calendar": CalendarAdded}
_EVENTS: dict[str, type[InputEvent]] = {str(kind.__struct_config__.tag): kind for kind in get_args(InputEvent)}


class Oracle:
    """Raw facts of one core, and the few things that depend on order: marks, V, high-water marks, rows."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.config = setup.config
        self.market = Market(setup)
        self.books = Books(self.market)
        self.money = Money(self.market, self.books)
        self.rows = Rows(self.market, self.market.calendar(setup.config.calendar.base))
        self.market.sigma_of = self._sigma_of
        self.pending: list[Adjustment] = []  # announced, not yet at their ex_ts
        self.now = 0
        self.n = 0
        self.refused: Counter[str] = Counter()
        self._sigmas: tuple[int, dict[str, float]] = (-1, {})

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
        reason = refusal(typed, self.market, self.books, self.now)
        if reason is not None:
            self.refused[reason] += 1
            return reason
        if self.config.clock == "event":
            self._advance(typed.ts)
        self._dispatch(typed)
        self.money.settle()
        return None

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
            row_ts = self.rows.due_ts()
            if ex_ts is not None and ex_ts <= ts and (row_ts is None or ex_ts <= row_ts):
                self.now = max(self.now, ex_ts)
                event = next(one for one in self.pending if one.ex_ts == ex_ts)
                self.pending.remove(event)
                self.money.adjust(event)
            elif row_ts is not None and row_ts <= ts:
                self.now = max(self.now, row_ts)
                if self.rows.fire():
                    self._complete_row()
            else:
                break
            self.money.settle()
        self.now = max(self.now, ts)

    def _complete_row(self) -> None:
        self.money.move(self.rows.complete(self.now))

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Quote | Trade):
            self.market.delivered_ts = self.now
            self._take_tick(event)
        elif isinstance(event, Close):
            self.market.delivered_ts = self.now
            self._take_close(event)
        elif isinstance(event, Heartbeat | Indicator):
            self.market.delivered_ts = self.now
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
        mark = self.market.take_tick(event, self.now)
        if mark is None:
            return
        self.rows.begin(None, event.ts)
        if is_first:
            self.rows.first_level(facts, mark)
        self.money.move({event.instrument: mark})

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
        elif self.rows.missed_its_row(facts, date):
            self._take_late_close(event.instrument, mark)
        if self.rows.due_ts() is not None and self.rows.is_ready():
            self._complete_row()

    def _take_late_close(self, name: str, close: Mark) -> None:
        """Move the mark to a close whose row has gone by, unless the mark is newer or a quote is fresh."""
        facts = self.market.instruments[name]
        was = facts.mark
        assert was is not None
        is_newer = close.date >= was.date if was.source == "close" else close.ts > was.ts
        if is_newer and not self.market.has_fresh_quote(facts, self.now):
            self._move_to_close(name, close.date)
        facts.closed_through = max(facts.closed_through, close.date)

    def _move_to_close(self, name: str, date: int) -> None:
        facts = self.market.instruments[name]
        facts.quote_ts = None
        self.money.move({name: as_mark(facts, date)})

    def _take_fill(self, event: Fill) -> None:
        if self.books.remembered(event.portfolio, event.fill_id, self.now) is not None:
            return  # the same fill again; one with other contents was refused
        if self.books.take_fill(event):
            self.money.trade(self.books.fill_ids[(root_of(event.portfolio), event.fill_id)], 1.0)

    def _take_adjustment(self, event: Adjustment) -> None:
        if event.ex_ts > self.now:
            self.pending.append(event)
            return
        self.money.adjust(event)
        self.rows.readjust(event)

    def _sigma_of(self, name: str) -> float | None:
        """Return the daily volatility of one instrument after the last completed row."""
        if self._sigmas[0] != self.rows.version:
            decay = self.config.covariance.decay
            recent = window(self.market, self.rows, rows_that_count(decay))
            sigmas = {}
            if recent.dates:
                diagonal = covariance(recent.returns, decay, len(self.rows.rows)).diagonal()
                sigmas = {name: float(value) ** 0.5 for name, value in zip(recent.names, diagonal, strict=True)}
            self._sigmas = (self.rows.version, sigmas)
        sigma = self._sigmas[1].get(name)
        return None if sigma is None or np.isnan(sigma) else sigma

    # --- out

    def scopes(self) -> list[str]:
        """Return every path that has come into being, sorted."""
        return sorted(self.books.paths)

    def numbers(self, scope: str) -> dict[str, object]:
        """Return every number of a scope at this moment; tests/oracle/numbers.py says which."""
        return numbers_of(self.setup, self.market, self.books, self.money, self.rows, scope, self.now) | {"n": self.n}
