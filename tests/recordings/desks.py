"""The three desks: each turns its rule into a morning's fills and an evening's NAV, session after session."""

from dataclasses import dataclass, field
from math import fsum
from random import Random

from tests.recordings.account import Account, Event
from tests.recordings.rules import (
    GROSS_MAX_USD,
    LEVERAGE_CALL,
    LEVERAGE_MIN,
    View,
    concentrated_leverage,
    concentrated_names,
    long_only_names,
    long_short_names,
    long_short_weights,
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
    is_swept_quarterly: bool = False
    pending_flow_usd: float = 0.0

    def decide_flow(self, day: Day) -> None:
        """Before the last session of a quarter: what comes in or goes out with that evening's NAV."""
        gap = self.size_usd - self.account.value_usd
        share = 0.0
        if day.ends_year or (day.ends_quarter and self.is_swept_quarterly):
            share = 0.8 if abs(gap) > 0.10 * self.size_usd else 0.0
        elif day.ends_quarter and abs(gap) > 0.3 * self.size_usd:
            share = 0.6
        self.pending_flow_usd = float(round(share * gap, -4))

    def shrink_for_redemption(self) -> list[Event]:
        """Sell (and buy back shorts) in proportion, so that leverage stays the same when the money has left."""
        account = self.account
        if self.pending_flow_usd >= 0.0 or account.value_usd <= 0.0:
            return []
        return account.scale(1.0 + self.pending_flow_usd / account.value_usd)

    def evening(self, day: Day) -> list[Event]:
        """The NAV report of a month's or a quarter's end."""
        if not (day.ends_quarter or (self.months_a_report == 1 and day.ends_month)):
            return []
        account = self.account
        borrowed = max(fsum(max(account.exposure(name), 0.0) for name in account.quantities) - account.value_usd, 0.0)
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
        targets = account.held_to_zero() | dict.fromkeys(names, weight)
        gaps = {name: target - account.exposure(name) for name, target in targets.items()}
        forced = [name for name in sorted(targets) if targets[name] == 0.0 or not account.quantities.get(name)]
        drifted = sorted((n for n in gaps if n not in forced), key=lambda n: (-abs(gaps[n]), n))
        chosen = forced + [n for n in drifted if abs(gaps[n]) > self.band * weight][: self.fills_a_month]
        uninvested = fsum(gaps[name] for name in drifted if name not in chosen)
        if abs(uninvested) > 0.03 * account.value_usd:  # money came or went: everything moves
            chosen = sorted(targets)
        return account.rebalance({name: targets[name] for name in chosen})


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
        targets = account.held_to_zero()
        weights = long_short_weights(day.view, self.longs, self.shorts)
        targets |= {name: weight * account.value_usd for name, weight in weights.items()}
        small = 0.005 * account.value_usd
        return account.rebalance({n: usd for n, usd in targets.items() if abs(usd - account.exposure(n)) > small})


@dataclass(slots=True)
class Concentrated(Desk):
    """Four names on borrowed money: names change each January, leverage each month, and at once out of its bounds."""

    names: list[str] = field(default_factory=lambda: list(OPENING_CONCENTRATED))

    def morning(self, day: Day) -> list[Event]:
        """Fills of this session."""
        account = self.account
        if day.ends_quarter:
            self.decide_flow(day)
        if self.pending_flow_usd < 0.0:
            return self.shrink_for_redemption()
        if account.value_usd <= 0.0:
            return account.scale(0.0)
        leverage = account.gross() / account.value_usd
        if leverage > LEVERAGE_CALL:
            return account.scale(0.7 * LEVERAGE_CALL / leverage)
        is_january = day.of_month == 4 and day.view.month().endswith("-01")
        if is_january or not self.names:
            self.names = concentrated_names(day.view)
        largest = GROSS_MAX_USD / account.value_usd
        target = min(concentrated_leverage(day.view, self.names), largest)
        is_due = is_january or (day.of_month == 4 and abs(leverage - target) > 0.25)
        if not is_due and leverage >= min(LEVERAGE_MIN, 0.8 * largest):
            return []
        targets = account.held_to_zero()
        # 0.1 over the floor, so that the next quiet gain does not ask for another round of orders
        wanted = min(max(target, LEVERAGE_MIN + 0.1), largest) * account.value_usd / len(self.names)
        targets |= dict.fromkeys(self.names, wanted)
        return account.rebalance(targets)


Desks = tuple[LongOnly, LongShort, Concentrated]


def open_desks(closes: Closes, *, root: str, seed: int) -> Desks:
    """The three books with their opening positions at the first close; its prices become marks by the first `mark`."""
    first = dict(zip(closes.names, closes.prices[0], strict=True))

    def account(leaf: str, code: str, value_usd: float, targets_usd: dict[str, float]) -> Account:
        quantities = {name: round(usd / first[name]) for name, usd in targets_usd.items()}
        return Account(f"{root}/{leaf}", code, Random(f"{seed}{code}"), value_usd, quantities)

    fund = long_only_names(View(closes=closes, today=0))
    pairs = dict.fromkeys(OPENING_LONGS, 1.6e6) | dict.fromkeys(OPENING_SHORTS, -1.6e6)
    quartet = dict.fromkeys(OPENING_CONCENTRATED, 2.2e6)
    return (
        LongOnly(
            account("long-only", "L", 10e6, dict.fromkeys(fund, 9.7e6 / len(fund))),
            size_usd=10e6,
            fee_a_year=0.0075,
            fund_rate=0.0,
            months_a_report=1,
        ),
        LongShort(account("long-short", "S", 8e6, pairs), size_usd=8e6, fee_a_year=0.02, fund_rate=0.01),
        Concentrated(
            account("concentrated", "C", 4e6, quartet),
            size_usd=4e6,
            fee_a_year=0.01,
            fund_rate=0.03,
            is_swept_quarterly=True,
        ),
    )
