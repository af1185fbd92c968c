"""Positions and orders that contradict an applied acknowledgement: what counts as one, and when it is over. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import copysign
from typing import Literal, Protocol

from enforcement.records import Action, HaltParams, ReduceParams, Target, TradingState

Kind = Literal["grew", "flipped", "order", "target"]

_TOLERANCE = 1e-9  # of a quantity: sums of fills are rounded
_RESTRICTING = (TradingState.REDUCING, TradingState.HALTED)


class Books(Protocol):
    """What is held now; quantities in units, signed, 0 where nothing is."""

    def quantity(self, scope: str, instrument: str) -> float:
        """Return what the scope holds of an instrument, all of its books together."""
        ...

    def pending_reduction(self, scope: str, instrument: str) -> float:
        """Return what working orders may still take off |quantity|, >= 0."""
        ...

    def increasing(self, root: str, order_id: str) -> float:
        """Return how much of a working order would not reduce its book, >= 0; 0 where it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that should not be.

    book    : path of the book, for a target that of the scope that it is of
    subject : instrument; order_id: of an increasing order, else ""
    allowed : quantity that would conform, signed: anything between 0 and it does; 0 for an order
    found   : quantity that was found; for an order its increasing part
    """

    kind: Kind
    book: str
    subject: str
    order_id: str
    allowed: float
    found: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is of: one of each is kept."""
        return self.book, self.subject, self.order_id

    @property
    def text(self) -> str:
        """It in words."""
        match self.kind:
            case "order":
                return f"a new order {self.order_id} in {self.book} {self.subject} increases by {self.found:g}"
            case "target":
                return f"{self.book} {self.subject} is {self.found:g}, over its target {abs(self.allowed):g}"
            case _:
                return f"{self.book} {self.subject} went from {self.allowed:g} to {self.found:g}"


@dataclass(frozen=True, slots=True)
class Moved:
    """A quantity of a book before and after an event, which speaks of `ts`."""

    book: str
    instrument: str
    before: float
    after: float
    ts: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """A working order that is new or larger; `increasing`: the part of it that would not reduce its book."""

    book: str
    instrument: str
    order_id: str
    increasing: float
    ts: int


@dataclass(slots=True)
class Watch:
    """One scope from the acknowledgement on that said `applied` of a record which restricts it.

    applied_ns : core time of that; strict_ns: from then on positions and orders are judged
    targets    : of the newest record that was applied; due_ns: when they are to be met, 0: no more
    is_patient : working orders that reduce still count
    is_over    : nothing restricts the scope any more; what was found stays until it conforms
    """

    applied_ns: int
    strict_ns: int
    action_id: str
    targets: tuple[Target, ...] = ()
    due_ns: int = 0
    is_patient: bool = True
    is_over: bool = False
    found: dict[tuple[str, str, str], Contradiction] = field(default_factory=dict)

    def judge(self, event: Moved | Ordered, now_ns: int) -> bool:
        """Take in what happened in a book of the scope; say whether it is a contradiction that is new.

        What happened before the acknowledgement, or came in within the grace after it, was on its way.
        """
        if now_ns < self.strict_ns or event.ts <= self.applied_ns:
            return False
        found = _contradiction(event)
        if found is None:
            return False
        is_new = found.key not in self.found
        kept = self.found.get(found.key, found)
        self.found[found.key] = replace(kept, found=found.found)
        return is_new

    def meet(self, scope: str, books: Books) -> bool:
        """Look at the targets when they are due; say whether one is not met, and begin to wait again or end."""
        missed: list[Contradiction] = []
        is_pending = False
        for target in self.targets:
            held = books.quantity(scope, target.instrument)
            excess = abs(held) - target.max_abs_qty
            if excess <= _TOLERANCE * max(1.0, abs(held)):
                continue
            if self.is_patient and excess <= books.pending_reduction(scope, target.instrument):
                is_pending = True
                continue
            allowed = copysign(target.max_abs_qty, held)
            missed.append(Contradiction("target", scope, target.instrument, "", allowed, held))
        self.due_ns, self.is_patient = 0, not is_pending
        new = [each for each in missed if each.key not in self.found]
        self.found |= {each.key: each for each in new}
        return bool(new)

    def conform(self, root: str, books: Books) -> None:
        """Forget what conforms by now."""
        self.found = {key: each for key, each in self.found.items() if not _conforms(each, root, books)}

    def forgive_targets(self, still: Mapping[str, float]) -> None:
        """Forget targets that nothing asks for any more, and take the larger where less is asked for now.

        still : max_abs_qty by instrument, of the scope's newest action
        """
        self.targets = tuple(
            Target(each.instrument, max(each.max_abs_qty, still[each.instrument]), each.allowed_side)
            for each in self.targets
            if each.instrument in still
        )
        kept: dict[tuple[str, str, str], Contradiction] = {}
        for key, each in self.found.items():
            if each.kind != "target":
                kept[key] = each
            elif each.subject in still:
                allowed = copysign(max(abs(each.allowed), still[each.subject]), each.found)
                kept[key] = replace(each, allowed=allowed)
        self.found = kept


def restricts(action: Action, builtin: Iterable[str]) -> bool:
    """Say whether limits restrict the scope so that nothing may grow, whatever follows of actions asks for besides."""
    own = [each for each in action.active if each.limit not in builtin]
    return action.trading_state in _RESTRICTING and any(each.type in ("reduce_position", "halt") for each in own)


def targets_of(action: Action) -> tuple[Target, ...]:
    """Return the targets that a record asks for."""
    params = action.params
    if isinstance(params, ReduceParams):
        return params.targets
    return params.targets if isinstance(params, HaltParams) and isinstance(params.targets, tuple) else ()


def _contradiction(event: Moved | Ordered) -> Contradiction | None:
    if isinstance(event, Ordered):
        if event.increasing <= 0.0:
            return None
        return Contradiction("order", event.book, event.instrument, event.order_id, 0.0, event.increasing)
    before, after = event.before, event.after
    if before * after < 0.0:
        return Contradiction("flipped", event.book, event.instrument, "", before, after)
    if abs(after) - abs(before) > _TOLERANCE * max(1.0, abs(before)):
        return Contradiction("grew", event.book, event.instrument, "", before, after)
    return None


def _conforms(found: Contradiction, root: str, books: Books) -> bool:
    if found.kind == "order":
        return books.increasing(root, found.order_id) <= 0.0
    held = books.quantity(found.book, found.subject)
    is_same_side = held * found.allowed >= 0.0
    return is_same_side and abs(held) - abs(found.allowed) <= _TOLERANCE * max(1.0, abs(found.allowed))
