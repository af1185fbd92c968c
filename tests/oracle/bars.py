"""Bars of the trading day in business time: when one ends, what share of a session it is, and what moved in it."""

from bisect import bisect_right
from dataclasses import dataclass, field

from tests.oracle.facts import InstrumentFacts, Mark
from tests.oracle.market import Market
from tests.oracle.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Span:
    """One bar of the grid, ns since the epoch; `share` is its part of a base session."""

    start: int
    end: int
    share: float


@dataclass(frozen=True, slots=True)
class Reference:
    """What the next bar's return starts from.

    mark : in the units of its own time, however often it was adjusted since; None for cash that is only counted
    rate : base currency for one unit of the instrument's currency; None without a path
    """

    mark: Mark | None
    rate: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in which something moved: where each instrument with bars stood at its two ends."""

    span: Span
    moves: dict[str, tuple[Reference, Reference]]


@dataclass(slots=True)
class Bars:
    """The bars since the base close of the last completed row; one in which nothing moved is not kept, it only ages."""

    market: Market
    base: Sessions
    width: int
    overnight_weight: float
    since: int | None = None  # base close of the last completed row
    kept: list[Bar] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)  # end of the last kept bar of each name that has bars
    open_span: Span | None = None  # the bar that waits for its end, where anything has moved in it

    # --- business time

    def span_at(self, ts: int) -> Span | None:
        """Return the bar that holds `ts`, its start in it and its end not; None outside the calendar."""
        index = bisect_right(self.base.closes, ts)
        if not 0 < index < len(self.base.closes):
            return None
        opened, closed, before = self.base.opens[index], self.base.closes[index], self.base.closes[index - 1]
        if ts < opened:
            return Span(before, opened, self.overnight_weight)
        start = opened + (ts - opened) // self.width * self.width
        end = min(start + self.width, closed)
        return Span(start, end, self._open_share(index) * (end - start) / (closed - opened))

    def business_time(self, until: int) -> float:
        """Return u, the shares of all bars that ended after the last row's base close and not after `until`."""
        if self.since is None:
            return 0.0
        total, index = 0.0, bisect_right(self.base.closes, self.since)
        while index < len(self.base.closes) and self.base.opens[index] <= until:
            opened, closed = self.base.opens[index], self.base.closes[index]
            share = self._open_share(index)
            total += 1.0 - share
            ended = closed - opened if until >= closed else (until - opened) // self.width * self.width
            total += share * ended / (closed - opened)
            index += 1
        return total

    def _open_share(self, index: int) -> float:
        has_closed_time = self.base.opens[index] > self.base.closes[index - 1]
        return 1.0 - self.overnight_weight if has_closed_time else 1.0

    # --- in

    def begin(self) -> None:
        """Remember where instruments stand that no bar has seen yet: called before and after marks move."""
        for name, facts in self.market.instruments.items():
            if name not in self.references and facts.price is not None:
                self.references[name] = self._reference(facts)

    def moved(self, now: int) -> None:
        """Note a price at `now`: the bar that holds `now` will be kept."""
        if self.open_span is None:
            self.open_span = self.span_at(now)

    def due_ts(self) -> int | None:
        return None if self.open_span is None else self.open_span.end

    def fire(self) -> None:
        """End the open bar: keep what moved in it, and start the next one from today's marks and rates."""
        assert self.open_span is not None
        moves = {}
        for name, facts in self.market.instruments.items():
            if facts.price is None or not self._was_priced(facts):
                continue  # its first bar will hold its whole move since the row
            self.joined[name] = self.open_span.end
            after = self._reference(facts)
            if self.references[name] != after:
                moves[name] = (self.references[name], after)
            self.references[name] = after
        if moves and (self.since is None or self.open_span.end > self.since):
            self.kept.append(Bar(self.open_span, moves))
        self.open_span = None

    def complete_row(self, base_close: int, levels: dict[str, Reference]) -> None:
        """A row that ends at `base_close` has completed: its bars are in it now, and moves begin at its levels.

        What has moved in a bar after that close goes on from that bar's end.
        """
        self.since = base_close
        self.kept = [bar for bar in self.kept if bar.span.end > base_close]
        self.joined = {name: end for name, end in self.joined.items() if end > base_close}
        later = {name for bar in self.kept for name in bar.moves}
        self.references |= {name: level for name, level in levels.items() if name not in later}

    def _reference(self, facts: InstrumentFacts) -> Reference:
        mark = facts.mark
        if mark is not None:
            mark = Mark(mark.price / facts.factor(mark.ts), mark.ts, mark.source)
        return Reference(mark, self.market.fx(facts.name))

    # --- out

    def has_bars(self, name: str) -> bool:
        """Whether a bar has ended that a price of the name fell into, since the last row's base close."""
        return name in self.joined

    def _was_priced(self, facts: InstrumentFacts) -> bool:
        """Whether there was a quote or trade since the last row; cash goes by the pairs that convert it."""
        if facts.ref.kind != "cash" or facts.has_ticks:
            return facts.accepted_ts is not None and facts.accepted_ts >= (self.since or 0)
        pairs = self.market.pairs_used(facts.ref.currency)
        return any(self._was_priced(self.market.instruments[pair]) for pair in pairs)

    def returns(self, bar: Bar) -> dict[str, float]:
        """Return the bar's returns in base currency by instrument; what did not move is left out."""
        found = {}
        for name, (before, after) in bar.moves.items():
            facts = self.market.instruments[name]
            if before.rate is None or after.rate is None or not facts.has_model:
                continue
            currency, own = after.rate / before.rate - 1.0, 0.0
            if before.mark is not None and after.mark is not None and before.mark != after.mark:
                own = facts.worth_of_one(before.mark.ts, after.mark.ts, after.mark.price) / before.mark.price - 1.0
            found[name] = own * (1.0 + currency) if facts.is_margined else (1.0 + own) * (1.0 + currency) - 1.0
        return found
