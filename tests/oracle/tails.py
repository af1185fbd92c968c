"""When the tail of a scope is fitted, and to which book: events alone ask for it (semantics.md, Primary numbers)."""

from dataclasses import dataclass, field

import numpy as np

from tests.oracle.books import Books
from tests.oracle.covariances import RowCovariances
from tests.oracle.exposure import unit_value
from tests.oracle.gpd import TailFit, fit_tail
from tests.oracle.market import Market, coin_of
from tests.oracle.measures import Vector
from tests.oracle.money import Money
from tests.oracle.window import Book, columns

ROWS_MIN = 250
_BOOK_CHANGE = 0.05


@dataclass(slots=True)
class Fitted:
    """The last fit of a scope: the book that it saw, how many rows there were, its losses; the fit once asked for."""

    book: Book
    total_rows: int
    losses: Vector
    fit: TailFit | None = None
    is_fitted: bool = False

    def result(self) -> TailFit | None:
        if not self.is_fitted:
            self.fit, self.is_fitted = fit_tail(self.losses), True
        return self.fit


@dataclass(slots=True)
class Tails:
    """The fits of all scopes."""

    refit: int
    fits: dict[str, Fitted] = field(default_factory=dict)

    def look(self, scope: str, book: Book, source: RowCovariances, total_rows: int) -> None:
        """Fit where it is due: never yet, at every `refit`-th row, or to a book that has changed by more than 5 %."""
        last = self.fits.get(scope)
        if not any(book.values()):
            return  # nothing to fit; the last fit stays
        if total_rows < ROWS_MIN or (last is not None and not self._is_due(last, book, total_rows)):
            return
        returns, exposures, _names = columns(source.window(), book)
        losses = np.array([-float(np.sum(row * exposures)) for row in returns], dtype=np.float64)
        self.fits[scope] = Fitted(book, total_rows, losses)

    def _is_due(self, last: Fitted, book: Book, total_rows: int) -> bool:
        if total_rows % self.refit == 0 and total_rows > last.total_rows:
            return True
        moved = sum(abs(book.get(name, 0.0) - last.book.get(name, 0.0)) for name in {**book, **last.book})
        return moved > _BOOK_CHANGE * sum(map(abs, last.book.values()))


def book_to_fit(market: Market, books: Books, money: Money, scope: str) -> Book:
    """Return the exposures that a scope's fit sees: the positions, or without any its orders at the larger |q|.

    What has no value is left out.
    """
    quantities = books.quantities(scope)
    for contract, count in money.coins(scope).items():
        coin = f"cash:{coin_of(market.instruments[contract].ref)}"
        quantities[coin] = quantities.get(coin, 0.0) + count
    if not any(quantities.values()):
        quantities = {name: buys if buys >= sells else -sells for name, (buys, sells) in books.working(scope).items()}
    values = {name: unit_value(market, name, market.mark_of(name)) for name in quantities}
    return {name: quantities[name] * value for name, value in values.items() if value is not None}
