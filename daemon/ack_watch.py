"""Holds positions and orders, as they come in, against the actions that consumers say they applied."""

from collections.abc import Mapping

from daemon.ack_books import CoreBooks
from enforcement.contradictions import Moved, Ordered
from enforcement.effectiveness import Effectiveness
from feeds.configured import Configured
from feeds.events import Fill, Foreign, InputEvent, MadeEvent, Order, Position, PositionsSnapshot
from feeds.record import Rejection
from risk.portfolios import root_of
from risk.state import SELF, RiskState

AnyEvent = InputEvent | MadeEvent | Foreign | Configured | Rejection
Held = Mapping[tuple[str, str], float]
_TOLERANCE = 1e-9


class AckWatch:
    """Looks before and after an event that states quantities; the scopes of its root that are watched are in `touched`.

    Splits, and fills that are taken back, are nobody's disobedience, and are not looked at.
    """

    def __init__(self, state: RiskState, books: CoreBooks, effects: Effectiveness) -> None:
        self._state, self._books, self._effects = state, books, effects
        self._before: Held | float | None = None
        self.touched: list[str] = []

    def before(self, event: AnyEvent) -> None:
        """Note what there is before the event, where anything above its book is watched."""
        self._before = None
        if not isinstance(event, (Fill, Position, PositionsSnapshot, Order)):
            return
        watched = list(self._effects.watched(root_of(event.portfolio)))
        if not watched:
            return
        self.touched = watched
        match event:
            case PositionsSnapshot():
                self._before = self._books.held_under(event.portfolio)
            case Order():
                self._before = self._books.open_quantity(root_of(event.portfolio), event.order_id)
            case _:
                self._before = self._books.quantity(self._books.book_of(event.portfolio), event.instrument)

    def after(self, event: AnyEvent) -> None:
        """Judge what the event has changed."""
        before, self._before = self._before, None
        if before is None:
            return
        now_ns, books = self._state.now_ns, self._books
        match event:
            case PositionsSnapshot() if isinstance(before, Mapping):
                ts = event.ts if event.as_of is None else event.as_of
                for moved in moves(before, books.held_under(event.portfolio), ts):
                    self._effects.judge(moved, now_ns)
            case Order() if isinstance(before, float):
                root, book = root_of(event.portfolio), books.book_of(event.portfolio)
                if books.open_quantity(root, event.order_id) > before:
                    increasing = books.increasing(root, event.order_id)
                    ordered = Ordered(book, event.instrument, event.order_id, increasing, event.ts)
                    self._effects.judge(ordered, now_ns)
            case Fill() | Position() if isinstance(before, float):
                ts = event.as_of if isinstance(event, Position) and event.as_of is not None else event.ts
                book = books.book_of(event.portfolio)
                after = books.quantity(book, event.instrument)
                self._effects.judge(Moved(book, event.instrument, before, after, ts), now_ns)


def moves(before: Held, after: Held, ts: int) -> list[Moved]:
    """Return what a snapshot has made larger or turned; what it only books in another leaf is no move.

    A leaf that became a parent holds what it held in its `_self`.
    """
    gross: dict[str, float] = {}
    for held, sign in ((before, -1.0), (after, 1.0)):
        for (_, name), quantity in held.items():
            gross[name] = gross.get(name, 0.0) + sign * abs(quantity)
    found: list[Moved] = []
    for (leaf, name), quantity in sorted(after.items()):
        then = before.get((leaf, name), before.get((leaf.removesuffix(f"/{SELF}"), name), 0.0))
        is_larger = abs(quantity) > abs(then) and gross[name] > _TOLERANCE * abs(quantity)
        if then * quantity < 0.0 or is_larger:
            found.append(Moved(leaf, name, then, quantity, ts))
    return found
