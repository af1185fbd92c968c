"""One book of coins: what it holds, what that is worth, and the fills, orders and NAVs that its trading makes."""

from dataclasses import dataclass, field
from math import fsum

from tests.recordings.account import Event
from tests.recordings.coin_contracts import CONTRACTS, FACE_USD, INVERSE, LINEAR
from tests.recordings.coin_source import Prices

FEE_SHARE = 0.0002  # of what was traded; an outside accountant takes it at the next NAV


@dataclass(slots=True)
class CoinAccount:
    """Values itself from nothing at every look, contract by contract; it shares no code with riskd.

    quantities : signed units or contracts by instrument; coins are in their own units
    usdt       : won or lost by fills of spot pairs and linear perpetuals, against the prices that were paid
    coins      : won or lost by inverse contracts since the beginning, by coin
    other_usd  : what brings the value to the NAV that was told at the beginning, less fees, with funding
    """

    portfolio: str
    code: str
    quantities: dict[str, float]
    usdt: float = 0.0
    coins: dict[str, float] = field(default_factory=dict)
    other_usd: float = 0.0
    traded_usd: float = 0.0
    fills: int = 0
    orders: int = 0

    def open(self, prices: Prices, nav_usd: float) -> None:
        """Take the opening positions over at the mids of now, and let the rest of the NAV be dollars."""
        for name, quantity in self.quantities.items():
            self._pay(name, quantity, prices.mids.get(name, 1.0))
        self.other_usd = nav_usd - self.value_usd(prices)

    def value_usd(self, prices: Prices) -> float:
        """What the book is worth at the mids of now."""
        stable = prices.mids["USDTUSD"]
        parts = [self.other_usd, self.usdt * stable]
        for name, quantity in sorted(self.quantities.items()):
            if name in FACE_USD:
                parts.append(-quantity * FACE_USD[name] / prices.mids[name] * self._coin_usd(prices, name))
            else:
                parts.append(quantity * self._unit_usd(prices, name))
        parts += [won * prices.mids[f"{coin}USDT"] * stable for coin, won in sorted(self.coins.items())]
        return fsum(parts)

    def order(self, name: str, change: float, order_id: str, open_quantity: float) -> Event:
        """A working order's open quantity; 0 withdraws it."""
        return {
            "type": "order",
            "portfolio": self.portfolio,
            "instrument": name,
            "order_id": order_id,
            "side": "buy" if change > 0 else "sell",
            "open_quantity": open_quantity,
        }

    def fill(self, name: str, change: float, prices: Prices, order_id: str) -> Event:
        """A fill of `change` at the price of the instrument's last real trade."""
        price = prices.trades[name]
        self.quantities[name] = round(self.quantities.get(name, 0.0) + change, 3)
        self._pay(name, change, price)
        face = FACE_USD.get(name)
        self.traded_usd += abs(change) * (price if face is None else face)
        self.fills += 1
        return {
            "type": "fill",
            "portfolio": self.portfolio,
            "instrument": name,
            "side": "buy" if change > 0 else "sell",
            "quantity": abs(change),
            "price": price,
            "fill_id": f"{self.code}{self.fills}",
            "order_id": order_id,
        }

    def next_order_id(self) -> str:
        """A name for the next order."""
        self.orders += 1
        return f"{self.code}-{self.orders}"

    def settle_funding(self, prices: Prices, rate: float) -> None:
        """Perpetuals exchange `rate` of their face: longs pay shorts where it is above 0."""
        face = fsum(
            quantity * (FACE_USD[name] if name in FACE_USD else self._unit_usd(prices, name))
            for name, quantity in sorted(self.quantities.items())
            if name in (*LINEAR, *INVERSE)
        )
        self.other_usd -= rate * face

    def report_nav(self, prices: Prices) -> Event:
        """The NAV in cents, after the fees of what was traded since the last."""
        self.other_usd -= FEE_SHARE * self.traded_usd
        self.traded_usd = 0.0
        nav = round(self.value_usd(prices), 2)
        return {"type": "nav", "portfolio": self.portfolio, "nav": nav, "currency": "USD"}

    def _pay(self, name: str, change: float, price: float) -> None:
        if name in FACE_USD:
            coin = CONTRACTS[name].coin
            self.coins[coin] = self.coins.get(coin, 0.0) + change * FACE_USD[name] / price
        elif name in CONTRACTS and CONTRACTS[name].terms["kind"] != "cash":
            self.usdt -= change * price

    def _unit_usd(self, prices: Prices, name: str) -> float:
        """One unit of a spot pair or linear perpetual, or one coin."""
        pair = f"{name}USDT" if CONTRACTS[name].terms["kind"] == "cash" else name
        return prices.mids[pair] * prices.mids["USDTUSD"]

    def _coin_usd(self, prices: Prices, name: str) -> float:
        return prices.mids[f"{CONTRACTS[name].coin}USDT"] * prices.mids["USDTUSD"]
