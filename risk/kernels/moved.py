"""Measures the scopes that prices have moved within their budgets, of one path alone where nobody asks for more."""

from numba import njit

from risk.arrays import Arrays, Ints
from risk.kernels.measure import measure


@njit(cache=True, error_model="numpy", _nrt=False)
def measure_moved_of(s: Arrays, scopes: Ints) -> None:
    """Do what `measure_moved` does for some scopes: a scope's numbers are its own, whoever is measured before it."""
    for place in range(scopes.shape[0]):
        p = scopes[place]
        if s.unmeasured[p] == 1:
            measure(s, p)
            s.unmeasured[p] = 0
