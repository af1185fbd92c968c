"""The books that prices have moved and nobody has looked at since: measured when somebody asks, all or some of them."""

from collections.abc import Callable

from risk.kernels.direct import direct
from risk.kernels.moved import measure_moved_of
from risk.kernels.prices import measure_moved
from risk.measures import IntVector
from risk.state import RiskState


class MovedBooks:
    """Knows whether any number of the state may be older than its book.

    is_behind : a run of prices has ended since, and left books that moved within their budgets unmeasured
    """

    def __init__(self, state: RiskState) -> None:
        self.state = state
        self.is_behind = False

    def measure(self) -> RiskState:
        """Bring every number up to date, before anybody reads one or anything but a price changes one."""
        if self.is_behind:
            self.is_behind = False
            measure_moved(self.state.arrays)
        return self.state


class PathReader:
    """The same for who reads the numbers of a few scopes alone, and often: all others stay as they are."""

    def __init__(self, moved: MovedBooks) -> None:
        self._moved = moved
        self._compiled: Callable[..., object] | None = None

    def measure(self, scopes: IntVector) -> RiskState:
        """Bring the numbers of these scopes up to date, by index; (m,) int64."""
        state = self._moved.state
        if self._moved.is_behind:
            if self._compiled is None:
                self._compiled = direct(measure_moved_of, state.arrays, scopes)
            self._compiled(state.arrays, scopes)
        return state
