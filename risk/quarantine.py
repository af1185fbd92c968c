"""Prices that moved too far: kept apart until they prove true or false, and what they would do to stress losses."""

from risk.state import RiskState

_CONFIRMATIONS = 3


def is_confirmed(state: RiskState, i: int, price: float) -> bool:
    """Add a price to the quarantine; True once three in a row lie within one per cent of each other."""
    held = [*state.quarantine.get(i, []), price][-_CONFIRMATIONS:]
    band = state.config.data.confirm_band
    while max(held) - min(held) > band * min(abs(value) for value in held):
        held.pop(0)
    state.quarantine[i] = held
    return len(held) == _CONFIRMATIONS


def refresh_suspect_stress(state: RiskState, i: int) -> None:
    """Compute how much larger each stress loss is at the quarantined prices; the larger of the two counts.

    The move to that price itself is no stress loss: it becomes P&L if the price proves true.
    """
    for p in state.concerned(i):
        for book in state.books_of(p):
            suspect_stress_of(state, book)


def suspect_stress_of(state: RiskState, book: int) -> None:
    """Compute the same for one book, a scope or what orders could make of it."""
    arrays = state.arrays
    arrays.stress_suspect[book, :] = 0.0
    for j in sorted(state.quarantine):
        if state.terms[j].inverse:
            continue  # its exposure is its face, whatever the price
        moved = (state.quarantine[j][-1] - float(arrays.mark[j])) * float(arrays.pnl_unit[j])
        for k in range(len(state.scenarios)):
            arrays.stress_suspect[book, k] -= float(arrays.quantity[book, j]) * moved * float(arrays.shocks[j, k])
