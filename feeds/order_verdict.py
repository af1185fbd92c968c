"""May this order go? The rules of REDUCING, throttles and halts, exactly; pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import inf, isfinite

from feeds.action_records import BookTarget, CancelWorking, Side, Target, Throttle, TradingState
from feeds.book_share import room, smallest, targets_of_book
from feeds.exact import EXACT, decimal_of, rounded_down

TRACKED_ORDERS_MAX = 10_000  # times remembered per scope; a throttle that allows more counts as used up there
MS_NS = 1_000_000


class Outcome(StrEnum):
    """What becomes of an order."""

    GO = "go"
    REDUCED = "reduced"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Order:
    """An order that a consumer wants to send.

    scope    : path of the portfolio that it trades for
    quantity : units, > 0
    notional : its size in base currency, > 0; None where the consumer does not know it: no throttle then lets it open
    """

    scope: str
    instrument: str
    side: Side
    quantity: float
    notional: float | None = None

    def __post_init__(self) -> None:
        if self.side not in ("buy", "sell"):
            raise ValueError(f"side must be buy or sell, got {self.side!r}")
        _check("quantity", self.quantity, is_positive=True)
        if self.notional is not None:
            _check("notional", self.notional, is_positive=True)


@dataclass(frozen=True, slots=True)
class Holding:
    """What the order's own portfolio has of its instrument: signed position, and open quantities of working orders."""

    position: float = 0.0
    pending_buy: float = 0.0
    pending_sell: float = 0.0

    def __post_init__(self) -> None:
        _check("position", abs(self.position), is_positive=False)
        _check("pending_buy", self.pending_buy, is_positive=False)
        _check("pending_sell", self.pending_sell, is_positive=False)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a scope on the path is restricted; `limit` is None where it is no limit but what the reader knows."""

    state: TradingState
    scope: str
    limit: str | None
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a scope with all that stands above it.

    state          : the most severe of its own and its ancestors'
    causes         : of every restricted scope on the path, most severe first
    throttles      : (scope, throttle): each counts the orders of its own scope
    targets        : (scope, target): the total that the scope may hold, net over the books under it
    shares         : (scope, share): the part of a scope's targets that one book under it has to meet
    cancel_working : which working orders have to go: none, those that increase, or all
    flatten        : a halt asks to close the positions
    """

    state: TradingState = TradingState.ACTIVE
    causes: tuple[Cause, ...] = ()
    throttles: tuple[tuple[str, Throttle], ...] = ()
    targets: tuple[tuple[str, Target], ...] = ()
    shares: tuple[tuple[str, BookTarget], ...] = ()
    cancel_working: CancelWorking = "none"
    flatten: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: send `quantity` (0 for a NO). A smaller one may be sent too, for instance whole lots.

    cause : the most severe thing that stood in the way; None where the order goes whole
    """

    outcome: Outcome
    quantity: float
    cause: Cause | None
    reason: str


@dataclass(slots=True)
class OrdersSent:
    """When orders were sent, for throttles: by the order's scope and by each of its ancestors."""

    _times: dict[str, deque[int]] = field(default_factory=dict)

    def note(self, scope: str, now_ns: int) -> None:
        """Take in an order that was sent."""
        for path in paths_to(scope):
            self._times.setdefault(path, deque(maxlen=TRACKED_ORDERS_MAX)).append(now_ns)

    def is_used_up(self, scope: str, throttle: Throttle, now_ns: int) -> bool:
        """Say whether one more order now would be one too many in the interval."""
        if not 0 < throttle.max_orders <= TRACKED_ORDERS_MAX:
            return True
        times = self._times.get(scope, ())
        if len(times) < throttle.max_orders:
            return False
        return times[-throttle.max_orders] > now_ns - throttle.interval_ms * MS_NS


def paths_to(scope: str) -> tuple[str, ...]:
    """Return the scope and its ancestors, the root first.

    >>> paths_to("firm/eq/arb")
    ('firm', 'firm/eq', 'firm/eq/arb')
    """
    parts = scope.split("/")
    return tuple("/".join(parts[: depth + 1]) for depth in range(len(parts)))


def units(quantity: float) -> str:
    """Return a quantity with all its digits: somebody may type it off, and an order of 1,234,567 is not 1.23457e+06.

    >>> units(1_234_567.0), units(0.25), units(3e-8)
    ('1234567', '0.25', '3e-08')
    """
    return f"{quantity:.15g}"


def reducible(holding: Holding, side: Side) -> float:
    """Return the most that an order of this side may have so that it reduces, units; 0 where none does.

    What working orders of the same side may still take off the position is gone already; working orders of the other
    side may never fill, so they give no room. Quantities count as the decimals that they print as: of 0.3 with 0.1
    pending, 0.2 is left.

    >>> reducible(Holding(0.3, pending_sell=0.1), "sell"), reducible(Holding(0.3), "buy")
    (0.2, 0.0)
    """
    return free_to_reduce(holding.position, holding.pending_buy, holding.pending_sell, side)


def free_to_reduce(position: float, pending_buy: float, pending_sell: float, side: Side) -> float:
    """Return the same of what is not a Holding yet; everything finite, what is pending at least 0."""
    is_closing = position > 0 if side == "sell" else position < 0
    if not is_closing:
        return 0.0
    pending = pending_sell if side == "sell" else pending_buy
    if pending == 0.0:
        return abs(position)
    left = EXACT.subtract(decimal_of(abs(position)), decimal_of(pending))
    return rounded_down(left) if left > 0 else 0.0


def judge(standing: Standing, order: Order, holding: Holding, sent: OrdersSent, now_ns: int) -> Verdict:
    """Say how much of an order may go.

    REDUCING and HALTED let through what reduces: |position| not larger, its sign not flipped, whatever of the pending
    reductions fills. THROTTLED lets through what reduces, and of the rest what its rate and size allow. In no state is
    an order stopped that reduces the position of its own portfolio, not even where another portfolio of the firm is
    hedged by it; cancels need no verdict. What a book may hold at most is in force in every state: nothing takes it
    over that, and what is over it may only come down.
    """
    reducing = min(order.quantity, reducible(holding, order.side))
    match standing.state:
        case TradingState.ACTIVE:
            allowed, reason = order.quantity, "nothing restricts the scope"
        case TradingState.THROTTLED:
            allowed, reason = _throttled(standing, order, sent, now_ns)
            allowed = max(allowed, reducing)
        case TradingState.REDUCING | TradingState.HALTED:
            allowed = reducing
            reason = f"{standing.state} lets through what reduces: {units(allowed)} of {units(order.quantity)}"
    most = smallest(targets_of_book(order.scope, standing.targets, standing.shares), order.instrument)
    left = room(
        most, position=holding.position, pending_buy=holding.pending_buy, pending_sell=holding.pending_sell,
        side=order.side,
    )  # fmt: skip
    if left < allowed and reducing < allowed:
        allowed = max(left, reducing)
        sizes = f"{units(allowed)} of {units(order.quantity)}"
        reason = f"{order.scope} may hold at most {units(most)} of {order.instrument}: {sizes}"
    if allowed >= order.quantity:
        is_free = standing.state is TradingState.ACTIVE
        return Verdict(Outcome.GO, order.quantity, None, reason if is_free else f"{standing.state} allows it")
    cause = standing.causes[0] if standing.causes else None
    return Verdict(Outcome.REDUCED if allowed > 0 else Outcome.NO, allowed, cause, reason)


def excess(holding: Holding, targets: Iterable[Target], instrument: str) -> float:
    """Return what is held beyond the smallest target of an instrument and not on its way out yet, units, >= 0."""
    most = smallest(targets, instrument)
    open_quantity = reducible(holding, "sell" if holding.position > 0 else "buy")
    if most >= open_quantity:
        return 0.0
    return rounded_down(EXACT.subtract(decimal_of(open_quantity), decimal_of(most)))


def to_cancel(working: Sequence[Order], position: float, cancel: CancelWorking) -> tuple[int, ...]:
    """Return the places of the working orders of one instrument that a halt takes back.

    increasing : those that could make |position| larger or flip it; of what reduces, the oldest stay

    >>> to_cancel([Order("firm", "ABC", "sell", 6.0), Order("firm", "ABC", "sell", 5.0)], 10.0, "increasing")
    (1,)
    """
    if cancel != "increasing":
        return tuple(range(len(working))) if cancel == "all" else ()
    kept, places = Decimal(0), []
    for place, order in enumerate(working):
        is_closing = position > 0 if order.side == "sell" else position < 0
        total = EXACT.add(kept, decimal_of(order.quantity))
        if is_closing and total <= decimal_of(abs(position)):
            kept = total
        else:
            places.append(place)
    return tuple(places)


def _throttled(standing: Standing, order: Order, sent: OrdersSent, now_ns: int) -> tuple[float, str]:
    """Return how much the strictest throttle on the path lets open, and why not more."""
    allowed, reason = order.quantity, ""
    for scope, throttle in standing.throttles:
        ceiling = throttle.ceiling
        if sent.is_used_up(scope, throttle, now_ns):
            size, why = 0.0, f"{throttle.max_orders} orders were sent within {throttle.interval_ms} ms in {scope}"
        elif ceiling == inf:
            continue
        elif ceiling is None:
            size, why = 0.0, f"riskd does not know the largest notional of an order in {scope}"
        elif order.notional is None:
            size, why = 0.0, f"the order's notional is not known, and {scope} allows {ceiling:g}"
        elif order.notional > ceiling:
            size = _share(order.quantity, ceiling, order.notional)
            why = f"notional {order.notional:g} is over {ceiling:g} in {scope}"
        else:
            continue
        if size < allowed:
            allowed, reason = size, why
    return allowed, reason


def _share(quantity: float, ceiling: float, notional: float) -> float:
    whole = EXACT.multiply(decimal_of(quantity), decimal_of(ceiling))
    return rounded_down(EXACT.divide(whole, decimal_of(notional)))


def _check(name: str, value: float, *, is_positive: bool) -> None:
    if not isfinite(value) or value < 0 or (is_positive and value == 0):
        raise ValueError(f"{name} must be finite and {'above' if is_positive else 'at least'} 0, got {value}")
