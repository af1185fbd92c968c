"""From a leaf's holding to the quantities of every scope above it."""

from risk.kernels.book import move_exposure
from risk.quarantine import refresh_suspect_stress
from risk.rounding import rounded_sum
from risk.state import Holding, RiskState
from risk.trust import recount_scope
from risk.working import place_books


def quantity_of(holding: Holding) -> float:
    """Return what the holding adds up to."""
    return rounded_sum([holding.base, *(q for ts, q, _ in holding.entries if ts > holding.as_of)])


def refresh_quantity(state: RiskState, leaf: int, i: int) -> None:
    """Write the leaf's quantity into the arrays, sum it up the path, and move the exposures."""
    quantity = quantity_of(state.holdings[(leaf, i)])
    arrays = state.arrays
    if quantity != arrays.quantity[leaf, i]:
        bank_coins(state, leaf, i)
    held_before = arrays.quantity[leaf, i] != 0.0
    for p in state.path_of(leaf):
        if p == leaf:
            arrays.quantity[p, i] = quantity
        else:
            arrays.quantity[p, i] = rounded_sum([float(arrays.quantity[child, i]) for child in state.children[p]])
        move_exposure(arrays, p, i)
        place_books(state, p, i)
        recount_scope(state, p)
        state.dirty.add(p)
    if i in state.quarantine:
        refresh_suspect_stress(state, i)
        if held_before and quantity == 0.0:
            arrays.stress_suspect[leaf, :] = 0.0


def bank_coins(state: RiskState, leaf: int, i: int) -> None:
    """Before the size of an inverse position changes: keep what was won, and begin anew at today's mark."""
    if (leaf, i) in state.coins:
        banked, begun = state.coins[(leaf, i)]
        mark = float(state.arrays.mark[i])
        face = float(state.arrays.quantity[leaf, i]) * state.terms[i].multiplier
        state.coins[(leaf, i)] = (banked + face * (1.0 / begun - 1.0 / mark), mark)
