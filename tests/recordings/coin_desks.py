"""The four made-up books of coins: each turns its rule into orders and fills, second after second.

Nobody trades a linear perpetual after midnight: the source's feed of them ends there, so no fill would have a price.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.recordings.account import Event
from tests.recordings.coin_account import CoinAccount
from tests.recordings.coin_contracts import FACE_USD, INVERSE, LINEAR, SPOT
from tests.recordings.coin_source import BEGIN_S, END_S, Prices

MIDNIGHT_S = 1_723_161_600
FUNDING_RATE = 0.0001
FIRST_TRADE_S = BEGIN_S + 75  # the books trade from 23:55:30 on

OPENING: dict[str, tuple[str, float, dict[str, float]]] = {
    "firm/spot": ("S", 14_600_000.0, {"BTCUSDT": 150.0, "ETHUSDT": 1_800.0}),
    "firm/basis": (
        "B",
        20_000_000.0,
        {"BTCUSDT": 300.0, "BTCUSDT-PERP": -300.0, "ETHUSDT": 4_000.0, "ETHUSDT-PERP": -4_000.0},
    ),
    "firm/inverse": (
        "I",
        8_900_000.0,
        {"BTC": 100.0, "ETH": 1_000.0, "BTCUSD_PERP": -61_800.0, "ETHUSD_PERP": -268_000.0},
    ),
    "firm/momentum": ("M", 3_000_000.0, {"BTCUSDT-PERP": 60.0, "ETHUSDT-PERP": 600.0}),
}


@dataclass(slots=True)
class Working:
    """One order that is being filled: `left` of it is open, `slice_` of it fills at a time."""

    account: CoinAccount
    name: str
    order_id: str
    left: float
    slice_: float
    every_s: int
    until_s: int

    def step(self, second: int, prices: Prices) -> Iterator[Event]:
        """One slice where it is time; what is left at the end is withdrawn."""
        if second >= self.until_s:
            yield self.account.order(self.name, self.left, self.order_id, 0.0)
            self.left = 0.0
        elif (self.until_s - second) % self.every_s == 0:
            part = math.copysign(min(self.slice_, abs(self.left)), self.left)
            self.left = round(self.left - part, 3)
            yield self.account.fill(self.name, part, prices, self.order_id)


@dataclass(slots=True)
class CoinDesks:
    """All books; `open_books` makes them, `act` is called once at the beginning of every second."""

    accounts: dict[str, CoinAccount]
    working: list[Working] = field(default_factory=list)

    def act(self, second: int, prices: Prices) -> Iterator[Event]:
        """The events of one second: new orders, then fills and withdrawals of older ones."""
        older = list(self.working)
        if second >= FIRST_TRADE_S:
            for name, change, slice_, every_s, lasts_s, portfolio in _plans(second, self.accounts, prices):
                account = self.accounts[portfolio]
                order_id = account.next_order_id()
                until_s = min(second + lasts_s, END_S - 1)
                self.working.append(Working(account, name, order_id, change, slice_, every_s, until_s))
                yield account.order(name, change, order_id, abs(change))
        for order in older:
            yield from order.step(second, prices)
        self.working = [order for order in self.working if order.left != 0.0]

    def snapshot(self, snapshot_id: str, as_of_ns: int) -> Event:
        """Everything that the firm holds."""
        items = [
            {"portfolio": account.portfolio, "instrument": name, "quantity": quantity}
            for account in self.accounts.values()
            for name, quantity in sorted(account.quantities.items())
            if quantity != 0
        ]
        return {
            "type": "positions_snapshot",
            "portfolio": "firm",
            "snapshot_id": snapshot_id,
            "as_of": as_of_ns,
            "items": items,
        }


def open_books(prices: Prices) -> CoinDesks:
    """The books with their opening positions at the mids of now."""
    accounts: dict[str, CoinAccount] = {}
    for portfolio, (code, nav_usd, held) in OPENING.items():
        account = accounts[portfolio] = CoinAccount(portfolio, code, dict(held))
        account.open(prices, nav_usd)
    return CoinDesks(accounts)


Plan = tuple[str, float, float, int, int, str]
"""Instrument, signed change, size of a slice, seconds between slices, seconds until it is withdrawn, portfolio."""


def _plans(second: int, accounts: dict[str, CoinAccount], prices: Prices) -> Iterator[Plan]:
    yield from _basis(second)
    yield from _spot(second, accounts["firm/spot"], prices)
    yield from _inverse(second, accounts["firm/inverse"], prices)
    yield from _momentum(second, accounts["firm/momentum"], prices)


def _basis(second: int) -> Iterator[Plan]:
    """Adds to both legs two minutes before midnight, for the funding: coins bought, perpetuals sold, in step."""
    if second == MIDNIGHT_S - 150:
        yield "BTCUSDT", 60.0, 10.0, 20, 121, "firm/basis"
        yield "BTCUSDT-PERP", -60.0, 10.0, 20, 121, "firm/basis"


def _spot(second: int, account: CoinAccount, prices: Prices) -> Iterator[Plan]:
    """Buys two dips: a large order when bitcoin is 25 bp under where it was three minutes ago, looked at every 10 s."""
    is_free = account.orders == 0 or (account.orders == 1 and second > MIDNIGHT_S)
    if is_free and second % 10 == 0 and prices.move_bp(SPOT[0], second, 180) < -25.0:
        yield SPOT[0], 40.0, 4.0, 5, 61, "firm/spot"


def _inverse(second: int, account: CoinAccount, prices: Prices) -> Iterator[Plan]:
    """Lifts a third of its bitcoin hedge as the price falls after midnight, and puts it back two minutes later."""
    if second == MIDNIGHT_S + 40:
        yield "BTCUSD_PERP", 20_000.0, 2_500.0, 5, 46, "firm/inverse"
    if second == MIDNIGHT_S + 180:
        for name, coin in (("BTCUSD_PERP", "BTC"), ("ETHUSD_PERP", "ETH")):
            worth_usd = account.quantities[coin] * prices.mids[f"{coin}USDT"]
            change = round(-worth_usd / FACE_USD[name]) - account.quantities[name]
            if change:
                yield name, change, math.ceil(abs(change) / 4.0), 5, 26, "firm/inverse"


def _momentum(second: int, account: CoinAccount, prices: Prices) -> Iterator[Plan]:
    """Every twenty seconds: long where bitcoin rose in the last minute, short where it fell, and too large for its NAV.

    It trades the linear perpetuals and leaves them in the last minute before midnight, the inverse one after it.
    """
    if second == MIDNIGHT_S - 55:
        for name in LINEAR:
            held = account.quantities[name]
            if held:
                yield name, -held, math.ceil(abs(held) / 4.0), 10, 51, "firm/momentum"
    if second % 20 != 7 or MIDNIGHT_S - 60 < second < MIDNIGHT_S + 20:
        return
    is_linear = second < MIDNIGHT_S
    name = LINEAR[0] if is_linear else INVERSE[0]
    per_bitcoin = 1.0 if is_linear else prices.mids[name] / FACE_USD[name]
    target = (60.0 if is_linear else 20.0) + max(-80.0, min(90.0, 8.0 * prices.move_bp(name, second, 60)))
    change = float(round((target - account.quantities.get(name, 0.0) / per_bitcoin) * per_bitcoin))
    if abs(change) >= 5.0 * per_bitcoin:
        yield name, change, math.ceil(abs(change) / 3.0), 5, 18, "firm/momentum"
