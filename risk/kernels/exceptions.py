"""What books that were kept as they were would have lost in one row of the return window."""

from numba import njit

from risk.arrays import Floats, Ints
from risk.measures import Matrix


@njit(cache=True, error_model="numpy")
def held_losses(
    held: Matrix, returns: Matrix, slot: int, unseen: Ints, scopes: int, count: int, loss: Floats, gross: Floats,
    blind: Floats,
) -> None:  # fmt: skip
    """Set each scope's static loss over row `slot`, its gross exposure, and how much of it has no return there.

    held    : (P, N) exposures, base currency; returns: (N, T); scopes, count: how many of P and N are used
    unseen  : (N,) 1: the cell of the row is unmodelled, so that its 0 is no return
    loss, gross, blind : (P,) base currency, changed in place; sums run in instrument order
    """
    for p in range(scopes):
        total = size = hidden = 0.0
        for i in range(count):
            exposure = held[p, i]
            if exposure != 0.0:
                total -= exposure * returns[i, slot]
                size += abs(exposure)
                hidden += abs(exposure) * unseen[i]
        loss[p], gross[p], blind[p] = total, size, hidden
