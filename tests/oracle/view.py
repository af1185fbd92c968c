"""What the numbers of one scope are computed from, at one moment, and the plain sums over it."""

import math
from dataclasses import dataclass

import numpy as np

from tests.oracle import measures
from tests.oracle.books import root_of
from tests.oracle.covariances import Covariances
from tests.oracle.exposure import Holding, data_status, holdings, leans_on_proxies, unmodelled
from tests.oracle.facts import Status
from tests.oracle.measures import Vector
from tests.oracle.state import State
from tests.oracle.window import Book, Matrix, Window, columns

Number = dict[str, object]  # {"value": float | None, "status": str}


@dataclass(frozen=True, slots=True)
class View:
    """One book of a scope at one moment: what it holds, or would hold with working orders filled.

    data      : status of what it holds
    modelling : data, and DEGRADED where a held name leans on proxies
    """

    state: State
    scope: str
    holding: Holding
    window: Window
    covariances: Covariances
    data: Status
    modelling: Status

    @property
    def is_empty(self) -> bool:
        """A known book without positions and orders; an unknown book is not an empty one."""
        return not self.holding.trust and self.data != Status.INVALID

    @property
    def book(self) -> Book:
        return self.holding.exposures

    @property
    def total_rows(self) -> int:
        return len(self.state.rows.rows)

    @property
    def parametric_status(self) -> Status:
        """Status of what rests on Σ: the rows that it was made of, data and proxies."""
        return Status.OK if self.is_empty else max(measures.parametric_status(self.total_rows), self.modelling)


def views_of(state: State, scope: str) -> dict[str, View]:
    """Return the books of a scope: `none`, and the three that working orders could make where there are any."""
    now = state.covariances.at(state.bars, state.now)
    found = holdings(state.market, state.books, state.money, scope, state.now)
    return {book: _view(state, scope, holding, now) for book, holding in found.items()}


def _view(state: State, scope: str, holding: Holding, now: Covariances) -> View:
    full, names = state.covariances.window(), list(holding.exposures)
    data = data_status(holding, unmodelled(full, names), state.setup.config.data.stale_gross_max)
    if root_of(scope) not in state.books.known_roots:
        data = Status.INVALID
    modelling = max(data, Status.DEGRADED) if leans_on_proxies(full, names) else data
    return View(state, scope, holding, full, now, data, modelling)


def number(value: float | None, *statuses: Status) -> Number:
    return {"value": value, "status": max(statuses).name}


def gross_of(book: Book) -> float:
    return math.fsum(abs(exposure) for exposure in book.values())


def over_nav(view: View, amount: float) -> Number:
    nav, status = nav_of(view)
    if nav is None or status != Status.OK:
        return number(None, Status.INSUFFICIENT, view.data)
    if nav <= 0.0:
        return number(math.inf if amount else 0.0, view.data)
    return number(amount / nav, view.data)


def nav_of(view: View) -> tuple[float | None, Status]:
    """Return V, INSUFFICIENT where it does not cover every position."""
    nav = view.state.money.nav(view.scope)
    if nav is None or not view.state.money.is_complete(view.scope):
        return nav, Status.INSUFFICIENT
    return nav, Status.OK


# --- the modelled part of a book


def losses_of(view: View, book: Book) -> Vector:
    """Return the book's loss in each row of the window."""
    returns, exposures, _names = columns(view.window, book)
    return np.array([-math.fsum((row * exposures).tolist()) for row in returns], dtype=np.float64)


def block(view: View, matrix: Matrix, book: Book) -> tuple[Matrix, Vector, list[str]]:
    """Return the part of a covariance that the modelled names of a book span, and their exposures."""
    _returns, exposures, names = columns(view.window, book)
    chosen = [view.covariances.names.index(name) for name in names]
    return matrix[np.ix_(chosen, chosen)], exposures, names


def sigma_of(view: View, book: Book) -> float:
    """Return √(xᵀΣx) with the fast Σ; 0 for no exposure."""
    matrix, exposures, _names = block(view, view.covariances.fast, book)
    return math.sqrt(max(0.0, float(exposures @ matrix @ exposures)))
