"""Numbers the names of instruments as they are met, so that a column of names is a column of whole numbers."""

import numpy as np
from numpy.typing import NDArray

from feeds.kernels.scan import find_names, hash_name

NAMES_MAX = 1 << 16  # what comes after is decoded one by one: strange names must not fill memory
_SLOTS = 1 << 18  # never more than a quarter full
_NAME_BYTES_FIRST = 1 << 16


class Symbols:
    """Names by number, in the order in which they were first met; they are only ever added, by one thread.

    names : any thread may read those below a number that it was given
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._slots = np.full(_SLOTS, -1, dtype=np.int64)
        self._text = np.empty(_NAME_BYTES_FIRST, dtype=np.uint8)
        self._ends = np.zeros(NAMES_MAX, dtype=np.int64)

    def number(self, text: NDArray[np.uint8], places: NDArray[np.int64], kind: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each row's name; -1 for an odd row, and for a name for which there is no room.

        text : (B,) ; places : (n, 2) where each row's name stands in it, not empty ; kind : (n,) as `scan_prices` sets
        """
        symbol = np.empty(kind.size, dtype=np.int64)
        while find_names(text, places, kind, self._slots, self._text, self._ends, symbol):
            missing = np.flatnonzero((symbol < 0) & (kind >= 0))
            if len(self.names) == NAMES_MAX:
                break
            start, stop = places[missing[0]].tolist()
            self._add(text[start:stop])
        return symbol

    def _add(self, name: NDArray[np.uint8]) -> None:
        number = len(self.names)
        begin = int(self._ends[number - 1]) if number else 0
        end = begin + name.size
        if end > self._text.size:
            grown = np.empty(2 * end, dtype=np.uint8)
            grown[:begin] = self._text[:begin]
            self._text = grown
        self._text[begin:end] = name
        self._ends[number] = end
        slot = int(hash_name(self._text, begin, name.size)) % _SLOTS
        while self._slots[slot] >= 0:
            slot = (slot + 1) % _SLOTS
        self._slots[slot] = number
        self.names.append(name.tobytes().decode("ascii"))
