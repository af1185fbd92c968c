"""What is the same for every order of a portfolio until the tree of scopes, or what its limits may do, is another."""

import msgspec
import numpy as np

from enforcement.enforcer import Enforcer
from enforcement.order_limits import OrderLevels
from feeds.order_verdict import Standing
from risk.arrays import Arrays
from risk.kernels.fitting import Ceilings
from risk.measures import IntVector
from risk.portfolios import root_of
from risk.state import SELF, RiskState

NamesBeforeAndWith = tuple[tuple[int, int], ...]


class HeldTo(msgspec.Struct, frozen=True):
    """What the scopes of a path are held to; names: (without, with the order) each has."""

    names: NamesBeforeAndWith
    levels: tuple[OrderLevels, ...]
    ceilings: Ceilings
    has_own: bool


class OrderPath:
    """The scopes of a portfolio's orders, and what was found for them before.

    leaf   : scope that holds what is booked on the portfolio; None where that is a parent that holds nothing itself
    path   : scopes by index, the leaf or portfolio first, its root last; rows: the same as an array; scopes: by name
    root   : its name
    states : of the first scope
    held   : by counts of names, of the `version` of standings
    """

    def __init__(self, state: RiskState, enforcer: Enforcer, portfolio: str) -> None:
        p = state.scope_index[portfolio]
        self._arrays, self._count = state.arrays, len(state.scopes)
        self.leaf: int | None = p
        if state.arrays.leaf[p] == 0:  # what is booked on a parent is held by its implicit leaf, if it holds anything
            self.leaf = state.scope_index.get(f"{portfolio}/{SELF}")
        self.path = tuple(state.path_of(p if self.leaf is None else self.leaf))
        self.rows: IntVector = np.array(self.path, dtype=np.int64)
        self.scopes = tuple([state.scopes[each] for each in self.path])
        self.root = root_of(portfolio)
        self.states = enforcer.path_states(self.scopes[0])
        self.standing: tuple[object, Standing] | None = None
        self.version: tuple[int, int] | None = None
        self.held: dict[NamesBeforeAndWith, HeldTo] = {}

    def is_of(self, arrays: Arrays, scopes: int) -> bool:
        """Say whether it still is the path: no scope has come into being since, and no array has grown."""
        return arrays is self._arrays and scopes == self._count
