"""Traded value of a rolling session over the mean NAV (docs/decisions/0029), summed over every fill anew."""

from bisect import bisect_left
from dataclasses import dataclass, field

from feeds.events import Fill
from tests.oracle.books import FillFact
from tests.oracle.market import Market
from tests.oracle.money import Money
from tests.oracle.sessions import Sessions


@dataclass(slots=True)
class Traded:
    """One fill: its value in base currency None until it has a rate; when it rolls out."""

    fill: FillFact
    value: float | None
    expires: int


@dataclass(slots=True)
class Turnover:
    """Fills that may still count, and the NAV of every path when the last row completed."""

    market: Market
    base: Sessions
    traded: list[Traded] = field(default_factory=list)
    navs: dict[str, float] = field(default_factory=dict)

    def take(self, fill: FillFact) -> None:
        facts = self.market.instruments[fill.event.instrument]
        if facts.ref.kind != "cash":
            self.traded.append(Traded(fill, self.value_of(fill.event), expiry(self.base, fill.event.ts)))

    def value_of(self, fill: Fill) -> float | None:
        """Return |q| · m · price in base currency; the face of an inverse contract is in its quote currency already."""
        facts, rate = self.market.instruments[fill.instrument], self.market.fx(fill.instrument)
        if rate is None:
            return None
        return abs(fill.quantity) * facts.ref.multiplier * rate * (1.0 if facts.is_inverse else abs(fill.price))

    def complete_row(self, money: Money, paths: list[str], now: int) -> None:
        """Remember what every path is worth, value what had no rate, and forget what has rolled out."""
        self.navs = {path: nav for path in paths if (nav := money.nav(path)) is not None}
        self.traded = [one for one in self.traded if one.expires > now]
        for one in self.traded:
            if one.value is None:
                one.value = self.value_of(one.fill.event)


def expiry(base: Sessions, ts: int) -> int:
    """Return the moment that is as far through the next session as `ts` is through its own, or its close."""
    index = bisect_left(base.closes, ts)  # the session that holds ts, or the next one
    if index >= len(base.closes):
        return ts
    if ts < base.opens[index]:
        return base.closes[index]
    if index + 1 >= len(base.closes):
        return base.closes[index]
    share = (ts - base.opens[index]) / (base.closes[index] - base.opens[index])
    return base.opens[index + 1] + round(share * (base.closes[index + 1] - base.opens[index + 1]))
