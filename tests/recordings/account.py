"""One book's account: whole shares, value, and the events that its trading and its investors make."""

from dataclasses import dataclass, field
from math import fsum
from random import Random

from tests.recordings.reference import REFERENCE

Event = dict[str, object]


@dataclass(slots=True)
class Account:
    """The only mutable thing of the maker.

    value_usd  : what the engine's V must be: NAV of the last report plus P&L of marks and fills since
    quantities : signed whole shares by name; a name that was sold out stays with 0
    marks      : last close by name
    """

    portfolio: str
    code: str
    draw: Random
    value_usd: float
    quantities: dict[str, int] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)
    fills: int = 0

    def exposure(self, name: str) -> float:
        """Signed USD in `name` at its last close."""
        return self.quantities.get(name, 0) * self.marks[name]

    def gross(self) -> float:
        """USD long plus USD short."""
        return fsum(abs(self.exposure(name)) for name in sorted(self.quantities))

    def mark(self, closes: dict[str, float]) -> None:
        """Move every mark to the day's close and book the P&L."""
        for name in sorted(self.quantities):
            if name in self.marks:
                self.value_usd += self.quantities[name] * (closes[name] - self.marks[name])
        self.marks = dict(closes)

    def trade_to(self, name: str, target_usd: float) -> list[Event]:
        """Fills that bring `name` to `target_usd`, in whole shares: two where the order is over 5 % of the book."""
        change = round(target_usd / self.marks[name]) - self.quantities.get(name, 0)
        if change == 0:
            return []
        large = abs(change) * self.marks[name] > 0.05 * self.value_usd and abs(change) > 1
        first = round(change * (0.4 + 0.2 * self.draw.random())) if large else change
        return [self.fill(name, part) for part in (first, change - first) if part != 0]

    def rebalance(self, targets_usd: dict[str, float]) -> list[Event]:
        """Fills that bring each name to its target: what gets smaller first, and what keeps the book's net small."""
        changes = {name: target - self.exposure(name) for name, target in targets_usd.items()}
        smaller = [name for name in sorted(changes) if abs(targets_usd[name]) < abs(self.exposure(name))]
        larger = [name for name in sorted(changes) if name not in smaller]
        net = fsum(self.exposure(name) for name in sorted(self.quantities))
        events: list[Event] = []
        for left in (smaller, larger):
            while left:
                gaps = [(abs(net + changes[name]), name) for name in left]
                name = min(gaps)[1]
                left.remove(name)
                net += changes[name]
                events += self.trade_to(name, targets_usd[name])
        return events

    def scale(self, share: float) -> list[Event]:
        """Fills that bring every holding to `share` of itself."""
        held = [name for name in sorted(self.quantities) if self.quantities[name] != 0]
        return self.rebalance({name: share * self.exposure(name) for name in held})

    def held_to_zero(self) -> dict[str, float]:
        """A target of nothing for every name held; a rule's own targets are laid over it."""
        return {name: 0.0 for name, quantity in sorted(self.quantities.items()) if quantity != 0}

    def fill(self, name: str, change: int) -> Event:
        """One fill of `change` shares near the last close: it pays half the spread and up to 10 bp either way."""
        mark = self.marks[name]
        side = 1 if change > 0 else -1
        drift = 0.001 * (2.0 * self.draw.random() - 1.0)
        price = round(mark * (1.0 + side * REFERENCE[name].spread_relative / 2 + drift), 4)
        self.quantities[name] = self.quantities.get(name, 0) + change
        self.value_usd += change * (mark - price)
        self.fills += 1
        return {
            "type": "fill",
            "portfolio": self.portfolio,
            "instrument": name,
            "side": "buy" if side > 0 else "sell",
            "quantity": abs(change),
            "price": price,
            "fill_id": f"{self.code}{self.fills}",
        }

    def book_twice(self, fill: Event) -> Event:
        """The same trade again under an id of its own, as a back office's mistake."""
        quantity = fill["quantity"]
        assert isinstance(quantity, int)
        return self.fill(str(fill["instrument"]), quantity if fill["side"] == "buy" else -quantity)

    def cancel(self, fill: Event) -> Event:
        """Take a fill back at today's mark: quantity, and the P&L it has had since."""
        name, price, quantity = fill["instrument"], fill["price"], fill["quantity"]
        assert isinstance(name, str)
        assert isinstance(price, float)
        assert isinstance(quantity, int)
        signed = quantity if fill["side"] == "buy" else -quantity
        self.quantities[name] -= signed
        self.value_usd -= signed * (self.marks[name] - price)
        return {"type": "fill_cancel", "portfolio": self.portfolio, "fill_id": fill["fill_id"]}

    def report_nav(self, *, flow_usd: float, fee_usd: float) -> Event:
        """A NAV in cents after fees and flow; the fee is what an outside accountant knows and the engine does not."""
        self.value_usd = round(self.value_usd + flow_usd - fee_usd, 2)
        event: Event = {"type": "nav", "portfolio": self.portfolio, "nav": self.value_usd, "currency": "USD"}
        return event | {"flow": flow_usd} if flow_usd else event
