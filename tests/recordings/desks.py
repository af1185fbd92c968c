"""The three desks: each turns its rule into a morning's fills and an evening's NAV, session after session."""

from dataclasses import dataclass, field
from random import Random

from tests.recordings.account import Account, Event
from tests.recordings.rules import (
    LEVERAGE_CALL,
    View,
    concentrated_leverage,
    concentrated_names,
    long_only_names,
    long_short_names,
)
from tests.recordings.source import Closes

# What the trading desks hold when the recording opens, before there is any history to rank.
OPENING_LONGS = ("KO", "MRK", "PEP", "PG", "WMT")
OPENING_SHORTS = ("AMD", "BAC", "CVX", "HD", "XOM")
OPENING_CONCENTRATED = ("GE", "JPM", "MSFT", "XOM")


@dataclass(frozen=True, slots=True)
class Day:
    """Where a session stands: `of_month` counts from 0; the others say what ends with it."""

    view: View
    of_month: int
    ends_month: bool
    ends_quarter: bool
    ends_year: bool

    @classmethod
    def of(cls, view: View) -> "Day":
        """The place of the view's session among the dates of the data; its last date ends nothing."""
        dates, today = view.closes.dates, view.today
        month = dates[today][:7]
        of_month = next(k for k in range(31) if k == today or dates[today - k - 1][:7] != month)
        ends_month = today + 1 < len(dates) and dates[today + 1][:7] != month
        quarter = ends_month and month[5:] in ("03", "06", "09", "12")
        return cls(view, of_month, ends_month, quarter, quarter and month.endswith("12"))


@dataclass(slots=True)
class Desk:
    """What the desks share: investors come and go at quarter ends, and each book is brought back to its size.

    size_usd      : what investors want the book to be
    fee_a_year    : management fee, share of NAV
    fund_rate     : cost of the money that the book borrows, a year
    """

    account: Account
    size_usd: float
    fee_a_year: float
    fund_rate: float
    months_a_report: int = 3
    pending_flow_usd: float = 0.0

    def decide_flow(self, day: Day) -> None:
        """Before the last session of a quarter: what comes in or goes out with that evening's NAV."""
        gap = self.size_usd - self.account.value_usd
        share = 0.0
        if day.ends_year and abs(gap) > 0.10 * self.size_usd:
            share = 0.8
        elif day.ends_quarter and gap > 0.5 * self.size_usd:
            share = 0.7
        elif day.ends_quarter and gap < -0.3 * self.size_usd:
            share = 0.6
        self.pending_flow_usd = float(round(share * gap, -4))

    def shrink_for_redemption(self) -> list[Event]:
        """Sell (and buy back shorts) in proportion, so that leverage stays the same when the money has left."""
        account = self.account
        if self.pending_flow_usd >= 0.0 or account.value_usd <= 0.0:
            return []
        keep = 1.0 + self.pending_flow_usd / account.value_usd
        held = [name for name in sorted(account.quantities) if account.quantities[name] != 0]
        return [event for name in held for event in account.trade_to(name, keep * account.exposure(name))]

    def evening(self, day: Day) -> list[Event]:
        """The NAV report of a month's or a quarter's end."""
        if not (day.ends_quarter or (self.months_a_report == 1 and day.ends_month)):
            return []
        account = self.account
        borrowed = max(sum(max(account.exposure(name), 0.0) for name in account.quantities) - account.value_usd, 0.0)
        fee = (self.fee_a_year * account.value_usd + self.fund_rate * borrowed) * self.months_a_report / 12
        event = account.report_nav(flow_usd=self.pending_flow_usd, fee_usd=max(fee, 0.0))
        self.pending_flow_usd = 0.0
        return [event]


@dataclass(slots=True)
class LongOnly(Desk):
    """A fund that is 97 % invested in equal weights, and trades on a month's first session only what drifted."""

    band: float = 0.22
    fills_a_month: int = 5

    def morning(self, day: Day) -> list[Event]:
        """Fills of this session."""
        if day.ends_quarter:
            self.decide_flow(day)
            return self.shrink_for_redemption()
        if day.of_month != 0:
            return []
        account = self.account
        names = long_only_names(day.view)
        weight = 0.97 * account.value_usd / len(names)
        targets = {name: 0.0 for name, quantity in sorted(account.quantities.items()) if quantity} | dict.fromkeys(
            names, weight
        )
        gaps = {name: target - account.exposure(name) for name, target in targets.items()}
        forced = [name for name in sorted(targets) if targets[name] == 0.0 or not account.quantities.get(name)]
        drifted = sorted((n for n in gaps if n not in forced), key=lambda n: (-abs(gaps[n]), n))
        chosen = forced + [n for n in drifted if abs(gaps[n]) > self.band * weight][: self.fills_a_month]
        uninvested = sum(gaps[name] for name in drifted if name not in chosen)
        if abs(uninvested) > 0.03 * account.value_usd:  # money came or went: everything moves
            chosen = sorted(targets)
        return [event for name in chosen for event in account.trade_to(name, targets[name])]


@dataclass(slots=True)
class LongShort(Desk):
    """A dollar-neutral desk: as much long as short, each side as large as its NAV, rebalanced monthly."""

    longs: list[str] = field(default_factory=list)
    shorts: list[str] = field(default_factory=list)

    def morning(self, day: Day) -> list[Event]:
        """Fills of this session."""
        if day.ends_quarter:
            self.decide_flow(day)
            return self.shrink_for_redemption()
        if day.of_month != 2:
            return []
        account = self.account
        self.longs, self.shorts = long_short_names(day.view, self.longs, self.shorts)
        leg = 0.20 * max(account.value_usd, 0.0)
        targets = {name: 0.0 for name, quantity in sorted(account.quantities.items()) if quantity}
        targets |= dict.fromkeys(self.longs, leg) | dict.fromkeys(self.shorts, -leg)
        return [
            event
            for name in sorted(targets)
            if abs(targets[name] - account.exposure(name)) > 0.03 * leg
            for event in account.trade_to(name, targets[name])
        ]


@dataclass(slots=True)
class Concentrated(Desk):
    """Four names on borrowed money: names change each January, leverage each month, and at once over the call."""

    names: list[str] = field(default_factory=list)

    def morning(self, day: Day) -> list[Event]:
        """Fills of this session."""
        account = self.account
        if day.ends_quarter:
            self.decide_flow(day)
        if self.pending_flow_usd < 0.0:
            return self.shrink_for_redemption()
        if account.value_usd <= 0.0:
            return [event for name in sorted(account.quantities) for event in account.trade_to(name, 0.0)]
        leverage = account.gross() / account.value_usd
        if leverage > LEVERAGE_CALL:
            keep = 0.7 * LEVERAGE_CALL / leverage
            held = [name for name in sorted(account.quantities) if account.quantities[name]]
            return [event for name in held for event in account.trade_to(name, keep * account.exposure(name))]
        if day.of_month != 4:
            return []
        is_january = day.view.month().endswith("-01")
        if is_january or not self.names:
            self.names = concentrated_names(day.view)
        target = concentrated_leverage(day.view, self.names)
        if not is_january and abs(leverage - target) < 0.25:
            return []
        targets = {name: 0.0 for name, quantity in sorted(account.quantities.items()) if quantity}
        targets |= dict.fromkeys(self.names, target * account.value_usd / len(self.names))
        return [event for name, usd in sorted(targets.items()) for event in account.trade_to(name, usd)]


Desks = tuple[LongOnly, LongShort, Concentrated]


def open_desks(closes: Closes, *, root: str, seed: int) -> Desks:
    """The three books with their opening positions at the first close; its prices become marks by the first `mark`."""
    first = dict(zip(closes.names, closes.prices[0], strict=True))

    def account(leaf: str, code: str, value_usd: float, targets_usd: dict[str, float]) -> Account:
        quantities = {name: round(usd / first[name]) for name, usd in targets_usd.items()}
        return Account(f"{root}/{leaf}", code, Random(f"{seed}{code}"), value_usd, quantities)

    fund = long_only_names(View(closes=closes, today=0))
    pairs = dict.fromkeys(OPENING_LONGS, 1.6e6) | dict.fromkeys(OPENING_SHORTS, -1.6e6)
    return (
        LongOnly(account("long-only", "L", 10e6, dict.fromkeys(fund, 9.7e6 / len(fund))), 10e6, 0.0075, 0.0, 1),
        LongShort(account("long-short", "S", 8e6, pairs), 8e6, 0.02, 0.01),
        Concentrated(account("concentrated", "C", 4e6, dict.fromkeys(OPENING_CONCENTRATED, 2.2e6)), 4e6, 0.01, 0.03),
    )
