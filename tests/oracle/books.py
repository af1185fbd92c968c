"""Positions as facts: absolute quantities, fills, cancels and working orders; every quantity is summed anew."""

from dataclasses import dataclass, field

from feeds.events import Fill, FillCancel, Order, Position, PositionsSnapshot
from tests.oracle.market import Market

Key = tuple[str, str]  # path that holds, instrument


@dataclass(frozen=True, slots=True)
class Stated:
    """An absolute quantity, true at `as_of`, in the units of that moment."""

    quantity: float
    as_of: int


@dataclass(slots=True)
class FillFact:
    event: Fill
    cancelled_ts: int | None = None

    @property
    def signed(self) -> float:
        return self.event.quantity if self.event.side == "buy" else -self.event.quantity


@dataclass(slots=True)
class OrderFact:
    path: str
    instrument: str
    side: str
    open_quantity: float
    ts: int


def root_of(path: str) -> str:
    return path.split("/", 1)[0]


def lineage(path: str) -> list[str]:
    """Return the path and its parents, the root last."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def is_under(path: str, scope: str) -> bool:
    return path == scope or path.startswith(scope + "/")


@dataclass(slots=True)
class Books:
    """What every path holds itself; parents are sums over the paths under them."""

    market: Market
    stated: dict[Key, list[Stated]] = field(default_factory=dict)
    fills: dict[Key, list[FillFact]] = field(default_factory=dict)
    fill_ids: dict[Key, FillFact] = field(default_factory=dict)  # (root, fill_id)
    orders: dict[Key, OrderFact] = field(default_factory=dict)  # (root, order_id)
    held: dict[Key, float] = field(default_factory=dict)  # today's quantities, in today's units
    holders: dict[str, list[str]] = field(default_factory=dict)  # paths by instrument
    known_roots: set[str] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)

    def see(self, path: str) -> None:
        for each in lineage(path):
            self.paths.setdefault(each)

    def quantity_at(self, key: Key, before: int | None = None) -> float:
        """Sum the facts of `key`: the newest stated quantity, fills and cancels after it.

        before : only facts with a time before it count, in the units of just before it; None counts all, in today's
        """
        facts = self.market.instruments[key[1]]

        def units(ts: int) -> float:
            return facts.factor(ts) if before is None else facts.factor(ts, before - 1)

        stated = [one for one in self.stated.get(key, []) if before is None or one.as_of < before]
        newest = Stated(0.0, -1)
        for one in stated:
            if one.as_of >= newest.as_of:
                newest = one
        total = newest.quantity / units(newest.as_of) if newest.as_of >= 0 else 0.0
        for fill in self.fills.get(key, []):
            amount = fill.signed / units(fill.event.ts)
            if fill.event.ts > newest.as_of and (before is None or fill.event.ts < before):
                total += amount
            cancelled = fill.cancelled_ts
            if cancelled is not None and cancelled > newest.as_of and (before is None or cancelled < before):
                total -= amount
        return total

    def refresh(self, key: Key) -> tuple[float, float]:
        """Sum the quantity of `key` anew; return it before and after."""
        old, new = self.held.get(key, 0.0), self.quantity_at(key)
        self.held[key] = new
        paths = self.holders.setdefault(key[1], [])
        if key[0] not in paths:
            paths.append(key[0])
        return old, new

    # --- events

    def take_position(self, event: Position) -> None:
        key = (event.portfolio, event.instrument)
        self.see(event.portfolio)
        as_of = event.ts if event.as_of is None else event.as_of
        self.stated.setdefault(key, []).append(Stated(event.quantity, as_of))
        self.refresh(key)

    def take_snapshot(self, event: PositionsSnapshot) -> None:
        """State the whole subtree: what the items leave out is 0; fills after `as_of` and orders stay."""
        self.see(event.portfolio)
        as_of = event.ts if event.as_of is None else event.as_of
        items = {(item.portfolio, item.instrument): item.quantity for item in event.items}
        for path, _instrument in items:
            self.see(path)
        known = [key for key in self.held if is_under(key[0], event.portfolio)]
        for key in dict.fromkeys([*known, *items]):
            self.stated.setdefault(key, []).append(Stated(items.get(key, 0.0), as_of))
            self.refresh(key)
        if event.portfolio == root_of(event.portfolio):
            self.known_roots.add(event.portfolio)

    def take_fill(self, event: Fill) -> bool:
        """Keep a fill; return whether it counts, that is, came after the stated quantity."""
        key = (event.portfolio, event.instrument)
        self.see(event.portfolio)
        fact = FillFact(event)
        self.fill_ids[(root_of(event.portfolio), event.fill_id)] = fact
        self.fills.setdefault(key, []).append(fact)
        order = self.orders.get((root_of(event.portfolio), event.order_id or ""))
        same = order is not None and (order.instrument, order.side) == (event.instrument, event.side)
        if order is not None and same and event.ts >= order.ts:
            order.open_quantity = max(0.0, order.open_quantity - event.quantity)
        counts = event.ts > self._as_of(key)
        if counts and key in self.held and not self.market.instruments[event.instrument].acted:
            self.held[key] += fact.signed  # the same sum, one term longer
        else:
            self.refresh(key)
        return counts

    def remembered(self, path: str, fill_id: str, now: int) -> FillFact | None:
        """Return the fill of that id under the same root, where it is not older than the fill memory."""
        fact = self.fill_ids.get((root_of(path), fill_id))
        return fact if fact is not None and fact.event.ts >= now - self.market.config.data.fill_memory else None

    def take_cancel(self, event: FillCancel) -> FillFact | None:
        """Cancel a fill; return it where the cancel counts."""
        fact = self.fill_ids[(root_of(event.portfolio), event.fill_id)]
        if fact.cancelled_ts is not None:
            return None
        fact.cancelled_ts = event.ts
        key = (fact.event.portfolio, fact.event.instrument)
        self.refresh(key)
        return fact if event.ts > self._as_of(key) else None

    def take_order(self, event: Order) -> None:
        self.see(event.portfolio)
        key = (root_of(event.portfolio), event.order_id)
        if event.open_quantity == 0.0:
            self.orders.pop(key, None)
        else:
            self.orders[key] = OrderFact(event.portfolio, event.instrument, event.side, event.open_quantity, event.ts)

    def adjust_orders(self, instrument: str, ex_ts: int, factor: float) -> None:
        for order in self.orders.values():
            if order.instrument == instrument and order.ts < ex_ts:
                order.open_quantity /= factor

    def _as_of(self, key: Key) -> int:
        return max((one.as_of for one in self.stated.get(key, [])), default=-1)

    # --- sums over a scope

    def own(self, scope: str) -> list[str]:
        """Return the holding paths of a scope; `parent/_self` is what the parent holds itself."""
        if scope.endswith("/_self"):
            return [scope.removesuffix("/_self")]
        return [path for path in self.paths if is_under(path, scope)]

    def quantities(self, scope: str) -> dict[str, float]:
        paths = set(self.own(scope))
        totals: dict[str, float] = {}
        for (path, instrument), quantity in self.held.items():
            if path in paths:
                totals[instrument] = totals.get(instrument, 0.0) + quantity
        return {name: total for name, total in totals.items() if total != 0.0}

    def working(self, scope: str) -> dict[str, tuple[float, float]]:
        """Return open buys and sells by instrument; an expired one cannot be traded."""
        paths = set(self.own(scope))
        totals: dict[str, tuple[float, float]] = {}
        for order in self.orders.values():
            active = self.market.instruments[order.instrument].ref.status == "active"
            if order.path in paths and active and order.open_quantity > 0.0:
                buys, sells = totals.get(order.instrument, (0.0, 0.0))
                if order.side == "buy":
                    totals[order.instrument] = (buys + order.open_quantity, sells)
                else:
                    totals[order.instrument] = (buys, sells + order.open_quantity)
        return totals
