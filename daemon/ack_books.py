"""What the books of the core hold, as the follow-ups of actions ask for it."""

import numpy as np

from risk.instruments import can_trade
from risk.state import SELF, RiskState


class CoreBooks:
    """Reads quantities and working orders of the risk state; nothing is changed."""

    def __init__(self, state: RiskState) -> None:
        self._state = state

    def quantity(self, scope: str, instrument: str) -> float:
        """Return what the scope holds of an instrument, all of its books together."""
        p, i = self._state.scope_index.get(scope), self._state.instrument_index.get(instrument)
        return 0.0 if p is None or i is None else float(self._state.arrays.quantity[p, i])

    def pending_reduction(self, scope: str, instrument: str) -> float:
        """Return what working orders may still take off |quantity|, >= 0."""
        p, i = self._state.scope_index[scope], self._state.instrument_index[instrument]
        held = float(self._state.arrays.quantity[p, i])
        buys, sells = self._state.working.get(p, {}).get(i, (0.0, 0.0))
        return min(sells if held > 0.0 else buys, abs(held))

    def increasing(self, root: str, order_id: str) -> float:
        """Return how much of a working order would not reduce its book with the others of its side, >= 0."""
        order = self._state.orders.get((root, order_id))
        if order is None:
            return 0.0
        held = float(self._state.arrays.quantity[order.leaf, order.instrument])
        if held * order.quantity >= 0.0:
            return abs(order.quantity)
        all_of_it = self._state.orders_at[order.leaf, order.instrument].values()
        side = sum(abs(each.quantity) for each in all_of_it if each.quantity * order.quantity > 0.0)
        return min(abs(order.quantity), max(0.0, side - abs(held)))

    def open_quantity(self, root: str, order_id: str) -> float:
        """Return what is open of an order, without its sign; 0 where there is none."""
        order = self._state.orders.get((root, order_id))
        return 0.0 if order is None else abs(order.quantity)

    def book_of(self, path: str) -> str:
        """Return the path of the leaf that holds what is booked on `path`."""
        p = self._state.scope_index.get(path)
        return path if p is None or self._state.arrays.leaf[p] == 1 else f"{path}/{SELF}"

    def held_under(self, path: str) -> dict[tuple[str, str], float]:
        """Return every quantity that is not 0 of every leaf at and under a path, by (leaf, instrument)."""
        state = self._state
        found: dict[tuple[str, str], float] = {}
        for p in self._leaves_under(path):
            for i in np.flatnonzero(state.arrays.quantity[p, : len(state.terms)]).tolist():
                found[state.scopes[p], state.terms[i].name] = float(state.arrays.quantity[p, i])
        return found

    def sellable_under(self, path: str) -> dict[tuple[str, str], float]:
        """Return `held_under` without what no order changes: an index, cash, what has expired."""
        state = self._state
        return {
            (leaf, name): quantity
            for (leaf, name), quantity in self.held_under(path).items()
            if can_trade(state.terms[state.instrument_index[name]], state.config.base_currency)
        }

    def increasing_under(self, path: str) -> dict[tuple[str, str, str], float]:
        """Return the increasing part of every working order that has one, by (leaf, instrument, order id)."""
        state, leaves = self._state, set(self._leaves_under(path))
        found = {
            (state.scopes[order.leaf], state.terms[order.instrument].name, name): self.increasing(root, name)
            for (root, name), order in state.orders.items()
            if order.leaf in leaves
        }
        return {place: part for place, part in found.items() if part > 0.0}

    def _leaves_under(self, path: str) -> list[int]:
        state, prefix = self._state, f"{path}/"
        return [
            p
            for p, scope in enumerate(state.scopes)
            if state.arrays.leaf[p] == 1 and (scope == path or scope.startswith(prefix))
        ]
