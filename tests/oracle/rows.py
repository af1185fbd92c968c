"""Rows of the base calendar: when one completes, each instrument's cell, its level, and the currencies' moves."""

from feeds.events import Adjustment
from tests.oracle.bars import Bars, Reference
from tests.oracle.cells import Cell, Row
from tests.oracle.facts import InstrumentFacts, Level, Mark
from tests.oracle.market import Market
from tests.oracle.sessions import Sessions, ordinal_at
from tests.oracle.window import fill_row


class Rows:
    """The completed rows, oldest first, and the session that is next to complete."""

    def __init__(self, market: Market, base: Sessions) -> None:
        self.market, self.base = market, base
        self.rows: list[Row] = []
        self.next: int | None = None  # index of the session to complete; None before the first price
        self.base_close_passed = False
        self.base_marks: dict[str, Mark] = {}
        self.marks_taken: dict[str, Mark] = {}  # of the last completed row
        self.has_levels = False  # the first session gives levels only
        self.rates: dict[str, float] = {}
        self.last_date: int | None = None  # of the last completed session, levels-only included
        self.completed = 0  # with the first session, which gives levels only
        self.version = 0  # changes with every row and every change to an old one

    # --- when

    def begin(self, date: int | None, ts: int) -> None:
        """Start at the session of the first price: a close names it, a tick is in the next to close."""
        if self.next is None:
            self.next = self.base.first_closing_after(ts) if date is None else self.base.first_with_date_from(date)

    def due_ts(self) -> int | None:
        """Return the next timer: the base close, then the cut-off."""
        if self.next is None or self.next >= len(self.base.dates):
            return None
        close = self.base.closes[self.next]
        return close + self.market.config.window.close_cutoff if self.base_close_passed else close

    def fire(self) -> bool:
        """Pass the base close, or the cut-off; return whether the row must complete now."""
        if self.base_close_passed:
            return True
        self.base_close_passed = True
        self.base_marks = {
            name: facts.mark for name, facts in self.market.instruments.items() if facts.mark is not None
        }
        return self.is_ready()

    def is_ready(self) -> bool:
        """Whether every close that the row waits for has come; without any, the base close itself is waited for."""
        assert self.next is not None
        date, base_close = self.base.dates[self.next], self.base.closes[self.next]
        waits = False
        for facts in self.market.instruments.values():
            if facts.ref.status != "active" or facts.ref.kind == "cash":
                continue
            if facts.takes_mark_at_base_close:
                if not self.base_close_passed:
                    return False
                continue
            session = facts.sessions.index_of_date(date)
            if session is None or facts.sessions.closes[session] > base_close:
                continue
            if date not in facts.close_prices:
                return False
            waits = True
        return waits or self.base_close_passed

    def is_before(self, date: int) -> bool:
        """Whether a close of that date is of a later base session than the one that is open."""
        return (
            self.next is not None
            and self.next < len(self.base.dates)
            and date > self.base.dates[self.next]
            and self.base.index_of_date(date) is not None
        )

    # --- what

    def complete(self, now: int) -> dict[str, Mark]:
        """Complete the open row; return the marks that its closes move, all together."""
        assert self.next is not None
        date, base_close = self.base.dates[self.next], self.base.closes[self.next]
        marks = self._marks(date, now)
        cells = {}
        for name, facts in self.market.instruments.items():
            if facts.ref.kind == "cash" or facts.price is None or not facts.has_model:
                continue
            cell = self._cell(facts, date, base_close)
            if cell is not None:
                cells[name] = cell
        row = Row(date, cells)
        self._move_currencies(row)
        if self.has_levels:
            self.rows.append(row)
        self.has_levels, self.last_date = True, date
        self.next += 1
        self.base_close_passed, self.base_marks, self.marks_taken = False, {}, self.base_marks
        self.version += 1
        self.completed += 1
        return marks

    def _marks(self, date: int, now: int) -> dict[str, Mark]:
        marks = {}
        for name, facts in self.market.instruments.items():
            newest = facts.newest_close(date)
            if newest is None or newest <= facts.closed_through or facts.takes_mark_at_base_close:
                continue  # a close of a name by mark moved its mark when it came
            facts.closed_through = newest
            if not self.market.has_fresh_quote(facts, now):
                facts.quote_ts = None
                marks[name] = as_mark(facts, newest)
        return marks

    def begin_bars(self, bars: Bars, base_close: int) -> None:
        """Let bars begin where the row has ended: at its levels and rates, each price in the units of its own time."""
        found = {}
        for name, facts in self.market.instruments.items():
            level, mark = facts.level, self.marks_taken.get(name)
            if level is None:
                start = None
            elif mark is not None and level.unit_ts == base_close:
                start = Mark(level.price / facts.factor(mark.ts, base_close), mark.ts, mark.source)
            else:
                start = Mark(level.price, level.unit_ts, "close")
            found[name] = Reference(start, self.rates.get(facts.ref.currency))
        bars.complete_row(base_close, found)

    def missed_its_row(self, facts: InstrumentFacts, date: int) -> bool:
        """Whether a close comes after the row that should have taken it: it then moves its mark at once."""
        expected = self._expected_in_last_row(facts)
        return expected is not None and date <= expected

    def _cell(self, facts: InstrumentFacts, date: int, base_close: int) -> Cell | None:
        """Return the cell and move the level; None where the instrument only joins with this row."""
        if facts.takes_mark_at_base_close:
            return self._mark_cell(facts, date, base_close)
        newest, level = facts.newest_close(date), facts.level
        expected = facts.sessions.last_closed(base_close, date)
        covered = expected if expected is not None else date
        assert level is not None, f"{facts.name} has a price and no level"
        if not level.is_in_row and not self._covers_last_row(facts, level):
            if newest is not None and newest >= level.date:
                level = Level(facts.close_prices[newest], facts.sessions.close_time(newest), newest)
            facts.level = Level(level.price, level.unit_ts, max(level.date, covered), is_in_row=True)
            return None
        if newest is not None and newest > level.date:
            end_ts = facts.sessions.close_time(newest)
            cell = Cell("real", level.price, level.unit_ts, facts.close_prices[newest], end_ts)
            facts.level = Level(cell.end, end_ts, newest, is_in_row=True)
            return cell
        level.is_in_row = True
        if covered <= level.date:
            return Cell("closed")
        if facts.ref.status != "active":
            return None
        level.date = covered
        return Cell("missing")

    def _expected_in_last_row(self, facts: InstrumentFacts) -> int | None:
        """Return the last session whose close the last completed row could hold; None before any row."""
        if self.last_date is None:
            return None
        index = self.base.index_of_date(self.last_date)
        assert index is not None
        return facts.sessions.last_closed(self.base.closes[index], self.last_date)

    def _covers_last_row(self, facts: InstrumentFacts, level: Level) -> bool:
        """Whether a first price is of the previous row's session: what joins within this row has no cell in it."""
        expected = self._expected_in_last_row(facts)
        return expected is not None and self.last_date is not None and expected <= level.date <= self.last_date

    def _mark_cell(self, facts: InstrumentFacts, date: int, base_close: int) -> Cell | None:
        mark = self.base_marks.get(facts.name) or facts.mark
        assert mark is not None
        assert facts.level is not None, f"{facts.name} has a price and no level"
        level, previous_close = facts.level, self._previous_close()
        if self.last_date is None or (not level.is_in_row and level.date > self.last_date):
            facts.level = Level(mark.price, base_close, date, is_in_row=True)
            return None
        if mark.ts >= previous_close:
            cell = Cell("real", level.price, level.unit_ts, mark.price, base_close)
            facts.level = Level(mark.price, base_close, date, is_in_row=True)
            return cell
        level.date, level.is_in_row = date, True
        if facts.sessions.open_ns_between(previous_close, base_close) == 0:
            return Cell("closed")
        return Cell("missing") if facts.ref.status == "active" else None

    def _previous_close(self) -> int:
        assert self.last_date is not None or not self.has_levels
        index = None if self.last_date is None else self.base.index_of_date(self.last_date)
        return self.base.closes[index] if index is not None else 0

    # --- currencies, proxied levels, returns

    def _move_currencies(self, row: Row) -> None:
        """Derive the row's currency moves from levels, pairs first, so that a missing pair moves by its proxy."""
        pairs = [name for name, cell in row.cells.items() if self.market.instruments[name].ref.kind == "fx"]
        base = self.market.config.base_currency
        pairs.sort(key=lambda name: self.market.instruments[name].ref.currency != base)
        others = [name for name in row.cells if name not in pairs]
        unknown = {name for name in self.market.carriers() if name in row.cells and row.cells[name].kind == "missing"}
        self._move_rates(row, unknown)
        for name in [*pairs, *others]:
            self._finish_cell(row, name)
        for name in pairs:
            if name in unknown and self._move_level(row, name):
                unknown.discard(name)
                self._move_rates(row, unknown)
        self._move_rates(row, unknown)
        for name in [*pairs, *others]:
            self._finish_cell(row, name)
        for name in others:
            if self._move_level(row, name):
                unknown.discard(name)
        self.rates = self._rates(unknown)

    def _rates(self, unknown: set[str]) -> dict[str, float]:
        def level_of(name: str) -> float | None:
            facts = self.market.instruments[name]
            return None if facts.level is None else facts.level.price * facts.factor(facts.level.unit_ts)

        # The path is today's: without its pair a coin has no rate, and does not jump to its contract's.
        currencies = {facts.ref.currency: None for facts in self.market.instruments.values()}
        told = [one for one in currencies if unknown.isdisjoint(self.market.pairs_used(one))]
        found = {currency: self.market.rate(currency, level_of) for currency in told}
        return {currency: rate for currency, rate in found.items() if rate is not None}

    def _move_rates(self, row: Row, unknown: set[str]) -> None:
        now = self._rates(unknown)
        row.currencies = {name: rate / self.rates[name] - 1.0 for name, rate in now.items() if name in self.rates}

    def _finish_cell(self, row: Row, name: str) -> None:
        facts, cell = self.market.instruments[name], row.cells[name]
        cell.currency_return = row.currencies.get(facts.ref.currency)
        value = cell.base_return(facts)
        if value is None:
            row.returns.pop(name, None)
        else:
            row.returns[name] = value

    def _move_level(self, row: Row, name: str) -> bool:
        """Move the level of a missing cell by the proxy's return less the currency's; return whether it could."""
        facts, cell = self.market.instruments[name], row.cells[name]
        if cell.kind != "missing" or facts.level is None:
            return False
        proxied = fill_row(self.market, row.returns, name)
        if proxied is None or cell.currency_return is None:
            return False
        currency = 1.0 + cell.currency_return
        own = proxied / currency if facts.is_margined else (1.0 + proxied) / currency - 1.0
        facts.level.price *= 1.0 + own
        return True

    def readjust(self, event: Adjustment) -> None:
        """Derive the cells that span a late adjustment anew."""
        facts = self.market.instruments[event.instrument]
        for row in self.rows:
            cell = row.cells.get(event.instrument)
            if cell is not None and cell.kind == "real" and cell.start_ts < event.ex_ts <= cell.end_ts:
                value = cell.base_return(facts)
                if value is not None:
                    row.returns[event.instrument] = value
        self.version += 1

    def first_level(self, facts: InstrumentFacts, mark: Mark) -> None:
        """Make a first price the level at once; a tick belongs to the session that is next to close."""
        if mark.source == "close":
            date = mark.date
        else:
            index = self.base.first_closing_after(mark.ts)
            date = self.base.dates[index] if index < len(self.base.dates) else ordinal_at(mark.ts)
        facts.level = Level(mark.price, mark.ts, date)


def _today(facts: InstrumentFacts, date: int) -> float:
    return facts.close_prices[date] * facts.factor(facts.sessions.close_time(date))


def as_mark(facts: InstrumentFacts, date: int) -> Mark:
    """Return a close as a mark in today's units."""
    return Mark(_today(facts, date), facts.sessions.close_time(date), "close", date)
