"""A metric of many books near to each other: what adds up over names is moved from one to the next, not made anew.

Losses in rows of returns, losses in scenarios, sums, and covariance times exposure are sums over the names, linear in
each as long as it keeps its side. `MovedBook` keeps such an image of the last book that it was asked for, and adds what
the names that differ from it change: O(changed · rows) instead of O(m · rows). `Fading` lets positions shrink each at a
rate of its own: a book on the way costs O(rows). Both equal `ScopeBook.evaluate` but for rounding in the last digits:
whoever asks for quantities verifies them there.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass

import numpy as np

from risk.additive import Additive, Moves
from risk.measures import Matrix, Vector
from risk.open_orders import OpenOrders


class MovedBook:
    """The image of the last book that was asked for; the metrics of one family share it."""

    def __init__(self, moves: Moves, size: int) -> None:
        """Begin with the empty book of `size` names."""
        nowhere = np.zeros(0, dtype=np.int64)
        self._moves = moves
        self._exposure: Vector = np.zeros(size)
        self._image: Vector = moves(nowhere, np.zeros(0), np.zeros(0))

    def begin_at(self, exposure: Vector, image: Vector) -> None:
        """Take a book whose image is known as the last one."""
        self._exposure, self._image = exposure, image

    def image_of(self, exposure: Vector) -> Vector:
        """Return (n,) the image of exposures (m,); the next book is moved from here."""
        self._image, self._exposure = self.image_beside(exposure), exposure
        return self._image

    def image_beside(self, exposure: Vector) -> Vector:
        """Return (n,) the image of exposures (m,); the next book is moved from where this one was."""
        changed = np.flatnonzero(exposure != self._exposure)
        if not changed.size:
            return self._image
        if 2 * changed.size < exposure.size:
            return self._image + self._moves(changed, self._exposure[changed], exposure[changed])
        held = np.flatnonzero(exposure)
        return self._moves(held, np.zeros(held.size), exposure[held])


@dataclass(frozen=True, slots=True)
class Moving:
    """Evaluates one metric of quantities (m,), with working orders at their worst, from a book that moves along."""

    metric: str
    additive: Additive
    moved: MovedBook
    unit: Vector
    orders: OpenOrders

    def __call__(self, quantity: Vector) -> float:
        """Return the metric of these quantities."""
        self.moved.image_of(quantity * self.unit)
        return self.orders.worst_value(self.metric, quantity, self._alone)

    def _alone(self, quantity: Vector) -> float:
        exposure = quantity * self.unit
        if not np.any(exposure):
            return 0.0
        return float(self.additive.values(self.moved.image_beside(exposure)[None, :], lambda: exposure[None, :])[0])


class Fading:
    """One metric of a book whose positions fade: x_i(t) = x_i · max(0, 1 - t·w_i), unrounded.

    Between two times at which a name is gone the image is a + t·b: it is kept for each number of names that are gone.
    """

    def __init__(self, moving: Moving, quantity: Vector, weight: Vector) -> None:
        """Begin at quantities (m,); weight: (m,) w in [0, 1]."""
        self._moving, self._quantity, self._weight = moving, quantity, weight
        exposure = quantity * moving.unit
        self._fading = np.flatnonzero((weight > 0.0) & (exposure != 0.0))
        gone_at = 1.0 / weight[self._fading]
        order = np.argsort(gone_at, kind="stable")
        self._fading, self._gone_at = self._fading[order], gone_at[order]
        self._start = exposure[self._fading]
        self._rate = self._start * weight[self._fading]  # so much of the exposure goes in a unit of time
        self._none: Vector = np.zeros(self._fading.size)
        slope = moving.additive.moves(self._fading, self._rate, self._none)
        self._counts = [0]
        self._lines: dict[int, tuple[Vector, Vector]] = {0: (moving.moved.image_of(exposure), slope)}

    def __call__(self, times: Vector) -> Vector:
        """Return (b,) the metric at ascending times (b,)."""
        moving = self._moving
        if moving.orders:
            return np.array([self._with_orders(time) for time in times[:, None]], dtype=np.float64)
        return moving.additive.values(self._images(times), lambda: self._quantity * moving.unit * self._kept(times))

    def _kept(self, times: Vector) -> Matrix:
        return np.maximum(0.0, 1.0 - times[:, None] * self._weight)

    def _images(self, times: Vector) -> Matrix:
        """Return (b, n) the images at ascending times."""
        gone = np.searchsorted(self._gone_at, times, side="right")
        images = []
        for count in np.unique(gone).tolist():
            base, slope = self._line(count)
            images.append(base + times[gone == count][:, None] * slope)
        return np.concatenate(images)

    def _line(self, count: int) -> tuple[Vector, Vector]:
        """Return a and b of the image while so many names are gone, from the nearest number that is known."""
        known = self._counts[bisect_right(self._counts, count) - 1]
        base, slope = self._lines[known]
        if known < count:
            moves, gone = self._moving.additive.moves, slice(known, count)
            places, none = self._fading[gone], self._none[gone]
            base = base + moves(places, self._start[gone], none)
            slope = slope + moves(places, none, self._rate[gone])
            insort(self._counts, count)
            self._lines[count] = base, slope
        return base, slope

    def _with_orders(self, time: Vector) -> float:
        """Return the metric at one time (1,), with working orders at their worst."""
        quantity = self._quantity * self._kept(time)[0]
        self._moving.moved.begin_at(quantity * self._moving.unit, self._images(time)[0])
        return self._moving(quantity)
