"""What working orders add to the records of a scope: what is open, and the book that each number speaks of."""

import math

from risk.measures import BOOKS, METRICS, UNMOVED_BY_ORDERS, Vector
from risk.state import RiskState
from risk.working import book_row, own_row


def working_records(state: RiskState, p: int) -> dict[str, object]:
    """Return the open buys and sells by instrument, and by metric the book that is the worst; empty without orders."""
    working = state.working.get(p)
    if not working:
        return {}
    worst = state.arrays.worst[p].tolist()
    return {
        "working_orders": {
            state.terms[i].name: {"buys": buys, "sells": sells} for i, (buys, sells) in sorted(working.items())
        },
        "worst_book": {
            name: BOOKS[book] for name, book in zip(METRICS, worst, strict=True) if name not in UNMOVED_BY_ORDERS
        },
    }


def worst_stress(state: RiskState, p: int, k: int) -> float:
    """Return the loss of scope p in scenario k, the largest of the books that its orders could make."""
    return max(float(state.arrays.stress[book, k]) for book in state.books_of(p))


def worst_coverage(state: RiskState, p: int, k: int) -> float:
    """Return the share of gross that scenario k shocks, the lowest of the books; NaN where all are empty."""
    arrays, gross = state.arrays, METRICS.index("gross")
    shares = [
        float(arrays.covered_gross[book, k] / arrays.metrics[row, gross])
        for book, row in zip(state.books_of(p), [own_row(state, p), *state.books_of(p)[1:]], strict=True)
        if arrays.metrics[row, gross] > 0.0
    ]
    return min(shares, default=math.nan)


def worst_losses(state: RiskState, p: int, metric: str) -> Vector:
    """Return (rows,) the losses of the book in which the metric is at its worst."""
    book = int(state.arrays.worst[p, METRICS.index(metric)])
    losses: Vector = state.arrays.loss[book_row(state, p, book), : state.rows]
    return losses
