"""A trading system that obeys riskd, in small: it trades one instrument of one book, and tells what it does.

    python docs/examples/trading_system.py --bootstrap localhost:9092 --scope firm/eq

The order flow and the market are made up: every order that goes rests for some steps and is then filled at 100. What
concerns riskd is as it should be anywhere: the state first, then orders; every order asks for its verdict; a halt takes
working orders back; what riskd asks for is done, and acknowledged as far as it is done; without a lease nothing opens.
One JSON line each.

What an ancestor has to meet riskd shares out over the books under it: this program does its own share, and no other's.
"""

import argparse
import itertools
import json
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from feeds.action_acks import Acknowledger
from feeds.action_reader import ActionReader
from feeds.action_records import ActionRecord, BookTarget, CancelWorking, Target
from feeds.book_share import targets_of_book
from feeds.order_verdict import Holding, Order, Standing, Verdict, excess, paths_to, to_cancel

PRICE = 100.0
STEPS_TO_FILL = 3
FLOW: tuple[tuple[str, float], ...] = (("buy", 10.0), ("sell", 1.0), ("buy", 10.0), ("buy", 5.0))


def tell(event: str, **fields: object) -> None:
    """Print one happening."""
    print(json.dumps({"event": event, **fields}), flush=True)


@dataclass(slots=True)
class Desk:
    """A position and its working orders, each with the step at which it will be filled."""

    scope: str
    instrument: str
    position: float
    working: list[tuple[Order, int]] = field(default_factory=list)
    step: int = 0

    def holding(self) -> Holding:
        """What riskd's rules want to know of the book."""
        buys = sum(order.quantity for order, _ in self.working if order.side == "buy")
        sells = sum(order.quantity for order, _ in self.working if order.side == "sell")
        return Holding(self.position, buys, sells)

    def order(self, side: str, quantity: float) -> Order:
        """An order of this book; its notional is in riskd's base currency."""
        return Order(self.scope, self.instrument, "buy" if side == "buy" else "sell", quantity, quantity * PRICE)

    def send(self, order: Order) -> None:
        """Hand an order to the made-up market."""
        self.working.append((order, self.step + STEPS_TO_FILL))

    def move(self) -> None:
        """Let one step pass: what is due is filled."""
        self.step += 1
        for order, due in list(self.working):
            if due <= self.step:
                self.working.remove((order, due))
                self.position += order.quantity if order.side == "buy" else -order.quantity
                tell("fill", side=order.side, quantity=order.quantity, position=self.position)

    def to_cancel(self, cancel: CancelWorking) -> tuple[int, ...]:
        """Places of the working orders that have to go."""
        return to_cancel([order for order, _ in self.working], self.position, cancel)

    def cancel(self, standing: Standing) -> None:
        """Take back the working orders that have to go; this market takes them back at once."""
        for place in reversed(self.to_cancel(standing.cancel_working)):
            order, _ = self.working.pop(place)
            tell("cancel", side=order.side, quantity=order.quantity, state=standing.state)

    def targets(self, targets: Iterable[tuple[str, Target]], shares: Iterable[tuple[str, BookTarget]]) -> list[Target]:
        """What this book has to meet: its own scope's targets, and its share of its ancestors'."""
        return list(targets_of_book(self.scope, targets, shares))

    def excess(self, targets: list[Target], *, flatten: bool) -> float:
        """What must go and is not on its way out yet, units."""
        return excess(self.holding(), self._ceilings(targets, flatten=flatten), self.instrument)

    def left(self, targets: list[Target], *, flatten: bool) -> float:
        """What must go and has not gone, units, were all working orders filled that make it more."""
        held = self.holding()
        most = max(held.position + held.pending_buy, held.pending_sell - held.position)
        return excess(Holding(most), self._ceilings(targets, flatten=flatten), self.instrument)

    def _ceilings(self, targets: list[Target], *, flatten: bool) -> list[Target]:
        return [*targets, *([Target(self.instrument, 0.0, "sell")] if flatten else [])]


class TradingSystem:
    """The loop's parts: obey, acknowledge, trade."""

    def __init__(self, reader: ActionReader, acks: Acknowledger, desk: Desk) -> None:
        self._reader, self._acks, self._desk = reader, acks, desk
        self._unfinished: dict[str, ActionRecord] = {}
        self._told: dict[str, float] = {}  # what was left when an action was last acknowledged
        self._flow = itertools.cycle(FLOW)
        self._was_ready = False

    def step(self, timeout_s: float) -> None:
        """Hear riskd first, then act: cancels and reductions before anything new."""
        change = self._reader.poll(timeout_s)
        for alarm in change.alarms:
            tell("alarm", kind=alarm.kind, scope=alarm.scope, detail=alarm.detail)
        if self._reader.is_ready != self._was_ready:
            self._was_ready = not self._was_ready
            tell("ready" if self._was_ready else "not_ready")
        standing = self._reader.standing(self._desk.scope)
        self._acks.answer_selftests(change.news, time.time_ns())
        for action in change.news:
            if action.scope in paths_to(self._desk.scope):
                tell("action", scope=action.scope, type=action.type, state=standing.state, reason=action.reason)
                self._unfinished.pop(action.scope, None)
                self._told.pop(action.scope, None)
                if action.requires_ack:
                    self._unfinished[action.scope] = action
        self._desk.cancel(standing)
        self._reduce(standing)
        self._acknowledge()
        self._trade(*next(self._flow))
        self._desk.move()

    def _reduce(self, standing: Standing) -> None:
        """Bring the book to what its own scope asks for, and to its share of what its ancestors have to meet."""
        asked = self._desk.targets(standing.targets, standing.shares)
        quantity = self._desk.excess(asked, flatten=standing.flatten)
        if quantity > 0:
            order = self._desk.order("sell" if self._desk.position > 0 else "buy", quantity)
            self._send(order, self._reader.allowed(order, self._desk.holding()), "reduction")

    def _acknowledge(self) -> None:
        """Say `applied` only of what is done: nothing works that has to go, and the book is where it should be.

        Until then `partial`, with what is left, whenever that changed.
        """
        for scope, action in list(self._unfinished.items()):
            targets, shares = [(scope, each) for each in action.targets], [(scope, each) for each in action.books]
            left = self._desk.left(self._desk.targets(targets, shares), flatten=action.flatten)
            is_done = left == 0 and not self._desk.to_cancel(action.cancel_working)
            if not is_done and self._told.get(scope) == left:
                continue
            self._told[scope] = left
            self._acks.send(action, "applied" if is_done else "partial", time.time_ns(), left)
            tell("ack", action_id=action.action_id, result="applied" if is_done else "partial", residual=left)
            if is_done:
                del self._unfinished[scope]

    def _trade(self, side: str, quantity: float) -> None:
        """Ask for the verdict of an order that the made-up strategy wants."""
        order = self._desk.order(side, quantity)
        self._send(order, self._reader.allowed(order, self._desk.holding()), "order")

    def _send(self, order: Order, verdict: Verdict, event: str) -> None:
        cause = verdict.cause
        blame = {} if cause is None else {"code": cause.code, "limit": cause.limit, "scope": cause.scope}
        tell(event, side=order.side, wanted=order.quantity, outcome=verdict.outcome, quantity=verdict.quantity, **blame)
        if verdict.quantity > 0:
            part = replace(order, quantity=verdict.quantity, notional=verdict.quantity * PRICE)
            self._desk.send(part)
            self._reader.sent(part)


def main() -> None:
    """Trade until SIGTERM, Ctrl-C or the end of `--for`."""
    parser = argparse.ArgumentParser(description="A made-up trading system that obeys riskd.")
    parser.add_argument("--bootstrap", default="localhost:9092", help="addresses of brokers")
    parser.add_argument("--scope", default="firm/eq", help="the book that it trades for")
    parser.add_argument("--instrument", default="ABC")
    parser.add_argument("--position", type=float, default=100.0, help="what it holds at start")
    parser.add_argument("--actions", default="risk.actions", help="topic; never the shadow topic")
    parser.add_argument("--leases", default="risk.leases", help="topic")
    parser.add_argument("--acks", default="acks", help="topic")
    parser.add_argument("--interval", type=float, default=0.2, metavar="S", help="between orders, seconds")
    parser.add_argument("--for", type=float, default=None, metavar="S", dest="seconds", help="end after so long")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    end_s = None if given.seconds is None else time.monotonic() + given.seconds
    with (
        ActionReader(given.bootstrap, actions=given.actions, leases=given.leases) as reader,
        Acknowledger(given.bootstrap, "example", topic=given.acks) as acks,
    ):
        system = TradingSystem(reader, acks, Desk(given.scope, given.instrument, given.position))
        while not stop.is_set() and (end_s is None or time.monotonic() < end_s):
            next_s = time.monotonic() + given.interval
            system.step(given.interval)
            stop.wait(max(0.0, next_s - time.monotonic()))


if __name__ == "__main__":
    main()
