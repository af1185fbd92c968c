"""What one book is to hold: its own targets, and its share of what the portfolios above it have to meet."""

from collections.abc import Iterable
from math import inf

from feeds.action_records import BookTarget, Side, Target
from feeds.exact import EXACT, decimal_of, rounded_down

SELF = "_self"  # the book under a parent that holds what is booked on the parent itself


def targets_of_book(
    portfolio: str, targets: Iterable[tuple[str, Target]], shares: Iterable[tuple[str, BookTarget]]
) -> tuple[Target, ...]:
    """Return what a book has to meet, from the (scope, target) and (scope, share) along its path.

    The net targets of a scope that shares them out are no book's: the shares are. What is booked on a parent itself
    is its book `parent/_self`.
    """
    told = list(shares)
    parents = {scope for scope, _ in told}
    names = (portfolio, f"{portfolio}/{SELF}")
    own = [target for scope, target in targets if scope == portfolio and scope not in parents]
    own += [
        Target(share.instrument, share.max_abs_qty, share.allowed_side) for _, share in told if share.portfolio in names
    ]
    return tuple(own)


def smallest(targets: Iterable[Target], instrument: str) -> float:
    """Return the smallest target of an instrument, units; +inf where there is none."""
    return min((target.max_abs_qty for target in targets if target.instrument == instrument), default=inf)


def room(most: float, *, position: float, pending_buy: float, pending_sell: float, side: Side) -> float:
    """Return how much of an order leaves |position| at or under `most` with all working orders of its side filled.

    >>> room(80.0, position=60.0, pending_buy=5.0, pending_sell=0.0, side="buy")
    15.0
    >>> room(80.0, position=100.0, pending_buy=0.0, pending_sell=0.0, side="buy")
    0.0
    """
    if most == inf:
        return inf
    signed, pending = (position, pending_buy) if side == "buy" else (-position, pending_sell)
    ahead = EXACT.add(decimal_of(signed), decimal_of(pending))
    left = EXACT.subtract(decimal_of(most), ahead)
    return rounded_down(left) if left > 0 else 0.0
