"""Rows of named crises that are kept for good: the return window forgets them after three years."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from config.crises import Crisis
from risk.measures import Matrix, Vector

Flags = NDArray[np.int8]
_ROWS, _COLUMNS = 64, 32


class CrisisRows:
    """Returns and flags of the completed rows that belong to a crisis, in order of their dates.

    A column is an instrument's index.
    widths : instruments that were known when each row was completed; later ones are filled by their proxies
    """

    def __init__(self, crises: Sequence[Crisis]) -> None:
        self.crises = tuple(crises)
        self.days: list[int] = []
        self.widths: list[int] = []
        self._returns: Matrix = np.zeros((0, _COLUMNS))
        self._flags: Flags = np.zeros((0, _COLUMNS), dtype=np.int8)
        self._digest = b""
        self._frozen: tuple[Matrix, Flags] | None = None

    def keep(self, day: int, returns: Vector, flags: Flags) -> None:
        """Keep a completed row where it belongs to a crisis; day: ordinal, later than any before."""
        if not any(crisis.holds(day) for crisis in self.crises):
            return
        row, width = len(self.days), returns.size
        self.widen(width)
        if row >= self._returns.shape[0]:
            self._resize(max(_ROWS, 2 * row), self._returns.shape[1])
        self._returns[row, :width], self._flags[row, :width] = returns, flags
        self.days.append(day)
        self.widths.append(width)
        self._note(f"{day}".encode() + returns.tobytes() + flags.tobytes())

    def restate(self, day: int, column: int, value: float) -> None:
        """Replace the return of an instrument in the row of `day`, where that row was kept."""
        row = bisect_left(self.days, day)
        if row < len(self.days) and self.days[row] == day:
            self._returns[row, column] = value
            self._note(f"{day}|{column}|{value!r}".encode())

    def widen(self, columns: int) -> None:
        """Make room for so many instruments."""
        if columns > self._returns.shape[1]:
            self._resize(self._returns.shape[0], max(columns, 2 * self._returns.shape[1]))

    def span(self, crisis: Crisis) -> tuple[int, int]:
        """Return (first, stop): where the crisis's kept rows are."""
        return bisect_right(self.days, crisis.start_day), bisect_right(self.days, crisis.end_day)

    def has_passed(self, crisis: Crisis, sessions: Sequence[int], newest: int) -> bool:
        """Say whether every row of the crisis is here.

        sessions : ordinals of all base sessions, ascending; newest : of the last completed row
        """
        first, stop = self.span(crisis)
        due = bisect_right(sessions, crisis.end_day) - bisect_right(sessions, crisis.start_day)
        return newest >= crisis.end_day and 0 < due == stop - first

    def fill(self, column: int, returns: Vector, flags: Flags) -> None:
        """Write the first cells of a column: of an instrument that came after those rows."""
        self._returns[: returns.size, column], self._flags[: flags.size, column] = returns, flags
        self._note(f"{column}".encode() + returns.tobytes() + flags.tobytes())

    def cells(self) -> tuple[Matrix, Flags]:
        """Return (rows, columns) returns and flags as they are: to read now, not to keep."""
        count = len(self.days)
        return self._returns[:count], self._flags[:count]

    def frozen(self) -> tuple[Matrix, Flags]:
        """Return (rows, columns) returns and flags as they are now, in arrays that nothing changes any more."""
        if self._frozen is None:
            returns, flags = self.cells()
            self._frozen = returns.copy(), flags.copy()
        return self._frozen

    @property
    def digest(self) -> str:
        """blake2b-128 in hex of everything that was kept and filled, in order."""
        return self._digest.hex()

    def is_blank(self, column: int) -> bool:
        """Say whether the instrument came after the first kept row and has no cells there yet."""
        return self.unfilled(column) > 0 and self._flags[0, column] == 0  # CellFlag.NONE

    def unfilled(self, column: int) -> int:
        """Return how many rows, from the first, were completed before the instrument was known."""
        return bisect_left(self.widths, column + 1)  # widths never fall

    def _note(self, content: bytes) -> None:
        self._digest = blake2b(self._digest + content, digest_size=16).digest()
        self._frozen = None

    def _resize(self, rows: int, columns: int) -> None:
        returns, flags = np.zeros((rows, columns)), np.zeros((rows, columns), dtype=np.int8)
        old_rows, old_columns = self._returns.shape
        returns[:old_rows, :old_columns], flags[:old_rows, :old_columns] = self._returns, self._flags
        self._returns, self._flags = returns, flags
