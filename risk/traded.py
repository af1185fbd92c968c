"""The notional of the fills of a rolling session, by scope: whole units of 1e-9, so that nothing is left over."""

import heapq
from dataclasses import dataclass, field

UNITS = 10**9  # of one unit of base currency: what is added and taken away again leaves exactly nothing


@dataclass(slots=True)
class TradedFill:
    """One fill that still counts.

    due_ns   : core time at which it stops counting
    notional : in `currency`, over zero; units: what it was counted with, None while the currency has no rate
    """

    leaf: int
    due_ns: int
    notional: float
    currency: str
    units: int | None = None


@dataclass(slots=True)
class Traded:
    """Every fill that still counts, and sums by scope.

    fills  : by (root, fill id); queue: (due_ns, order of arrival, root, fill id), a heap
    units  : sum by scope; unvalued: count by scope of fills in a currency without a rate
    """

    fills: dict[tuple[str, str], TradedFill] = field(default_factory=dict)
    queue: list[tuple[int, int, str, str]] = field(default_factory=list)
    units: dict[int, int] = field(default_factory=dict)
    unvalued: dict[int, int] = field(default_factory=dict)
    arrivals: int = 0

    def add(self, key: tuple[str, str], fill: TradedFill) -> None:
        """Remember a fill until it is due; the caller counts it."""
        self.arrivals += 1
        self.fills[key] = fill
        heapq.heappush(self.queue, (fill.due_ns, self.arrivals, *key))

    def count(self, fill: TradedFill, scopes: list[int], sign: int) -> None:
        """Add a fill to the sums of these scopes (sign 1), or take it from them (-1)."""
        for p in scopes:
            if fill.units is None:
                self.unvalued[p] = self.unvalued.get(p, 0) + sign
            else:
                self.units[p] = self.units.get(p, 0) + sign * fill.units

    def next_due(self) -> int | None:
        """Return when the next fill stops counting, None where none counts."""
        while self.queue and self.queue[0][2:] not in self.fills:  # taken back
            heapq.heappop(self.queue)
        return self.queue[0][0] if self.queue else None

    def pop_due(self, now_ns: int) -> TradedFill | None:
        """Remove and return a fill that no longer counts at `now_ns`, None where all do."""
        due = self.next_due()
        if due is None or due > now_ns:
            return None
        _, _, root, fill_id = heapq.heappop(self.queue)
        return self.fills.pop((root, fill_id))

    def notional(self, p: int) -> float:
        """Return the sum of a scope in base currency; NaN while a fill of it has no value."""
        return float("nan") if self.unvalued.get(p, 0) else self.units.get(p, 0) / UNITS

    def move_leaf(self, old: int, new: int) -> None:
        """A leaf has become a parent: its fills go to its implicit leaf, and still count in it."""
        for fill in self.fills.values():
            if fill.leaf == old:
                fill.leaf = new
        for sums in (self.units, self.unvalued):
            sums[new] = sums.get(old, 0)
