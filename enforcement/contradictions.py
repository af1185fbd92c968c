"""Positions and orders that contradict an applied acknowledgement: what counts as one, and when it is over. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import copysign
from typing import Literal, Protocol

from enforcement.records import Action, BookTarget, HaltParams, ReduceParams, Target, TradingState

Kind = Literal["grew", "flipped", "order", "kept_order", "target", "share", "flatten"]
Place = tuple[str, str]  # book and instrument

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

    def sellable_under(self, path: str) -> Mapping[Place, float]:
        """Return every quantity that is not 0 and that an order can change, of every leaf at and under a path."""
        ...

    def increasing_under(self, path: str) -> Mapping[tuple[str, str, str], float]:
        """Return the increasing part of every working order that has one, by (leaf, instrument, order id)."""
        ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that should not be.

    book    : path of the book, for a target that of the scope that it is of
    subject : instrument; order_id: of an increasing order, else ""
    is_grave : it asks for more than to be told; a missed share whose scope is under its net target does not
    allowed : quantity that would conform, signed: anything between 0 and it does; 0 for an order
    found   : quantity that was found; for an order its increasing part
    """

    kind: Kind
    book: str
    subject: str
    order_id: str
    allowed: float
    found: float
    is_grave: bool = True

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
            case "kept_order":
                return f"order {self.order_id} in {self.book} {self.subject} still increases by {self.found:g}"
            case "share":
                return f"{self.book} {self.subject} is {self.found:g}, over its share {abs(self.allowed):g}"
            case "flatten":
                return f"{self.book} {self.subject} is {self.found:g}, and was to be flat"
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


@dataclass(frozen=True, slots=True)
class Due:
    """What an applied record has to have brought about in time.

    targets : net of the scope; shares: of the books under a parent, by which those of their instruments are met
    cancels : working orders that increase have to be gone; flattens: every position has to be
    """

    targets: tuple[Target, ...] = ()
    shares: tuple[BookTarget, ...] = ()
    cancels: bool = False
    flattens: bool = False

    @property
    def is_any(self) -> bool:
        """Say whether there is anything to look at."""
        return bool(self.targets) or self.cancels or self.flattens


@dataclass(slots=True)
class Watch:
    """One scope from the acknowledgement on that said `applied` of a record which restricts it.

    applied_ns : core time of that; strict_ns: from then on positions and orders are judged
    due        : of the newest record that was applied; due_ns: when it is to be met, 0: no more
    is_patient : working orders that reduce still count
    is_over    : nothing restricts the scope any more; what was found stays until it conforms
    """

    applied_ns: int
    strict_ns: int
    action_id: str
    due: Due = Due()
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
        self.found[found.key] = replace(kept, found=found.found, is_grave=True)
        return is_new

    def meet(self, scope: str, books: Books) -> bool:
        """Look at what is due; say whether something is not met, and begin to wait again or end.

        A parent's targets are its books' shares: where each book is under its own, what another book bought back
        is riskd's to ask for anew, and contradicts nobody.
        """
        missed: list[Contradiction] = []
        is_pending = False
        for each in self._missed(scope, books):
            excess = abs(each.found) - abs(each.allowed)
            reduces = each.kind in ("target", "share", "flatten")
            if reduces and self.is_patient and excess <= books.pending_reduction(each.book, each.subject):
                is_pending = True
            else:
                missed.append(each)
        self.due_ns, self.is_patient = 0, not is_pending
        new = [each for each in missed if each.key not in self.found or each.is_grave > self.found[each.key].is_grave]
        self.found |= {each.key: each for each in new}
        return bool(new)

    def _missed(self, scope: str, books: Books) -> Iterator[Contradiction]:
        """Yield what is not as the record asks, working orders aside."""
        shared = {share.instrument for share in self.due.shares}
        is_over: dict[str, bool] = {}
        for target in self.due.targets:
            held = books.quantity(scope, target.instrument)
            is_over[target.instrument] = _is_over(held, target.max_abs_qty)
            if is_over[target.instrument] and target.instrument not in shared:
                allowed = copysign(target.max_abs_qty, held)
                yield Contradiction("target", scope, target.instrument, "", allowed, held)
        for share in self.due.shares:
            held = books.quantity(share.portfolio, share.instrument)
            if _is_over(held, share.max_abs_qty):
                allowed, is_grave = copysign(share.max_abs_qty, held), is_over.get(share.instrument, True)
                yield Contradiction("share", share.portfolio, share.instrument, "", allowed, held, is_grave)
        if self.due.flattens:
            for (book, name), held in sorted(books.sellable_under(scope).items()):
                if _is_over(held, 0.0):
                    yield Contradiction("flatten", book, name, "", 0.0, held)
        if self.due.cancels:
            for (book, name, order_id), rest in sorted(books.increasing_under(scope).items()):
                yield Contradiction("kept_order", book, name, order_id, 0.0, rest)

    def conform(self, root: str, books: Books) -> None:
        """Forget what conforms by now."""
        self.found = {key: each for key, each in self.found.items() if not _conforms(each, root, books)}

    def forgive(self, scope: str, asked: Due) -> None:
        """Forget what nothing asks for any more, and take the larger target where less is asked for now.

        asked : by the scope's newest action
        """
        still = {(scope, each.instrument): each.max_abs_qty for each in asked.targets}
        still |= {(each.portfolio, each.instrument): each.max_abs_qty for each in asked.shares}
        due = self.due
        self.due = Due(
            tuple(
                Target(each.instrument, max(each.max_abs_qty, most), each.allowed_side)
                for each in due.targets
                if (most := still.get((scope, each.instrument))) is not None
            ),
            tuple(
                BookTarget(each.portfolio, each.instrument, max(each.max_abs_qty, most), each.allowed_side)
                for each in due.shares
                if (most := still.get((each.portfolio, each.instrument))) is not None
            ),
            due.cancels and asked.cancels,
            due.flattens and asked.flattens,
        )
        kept: dict[tuple[str, str, str], Contradiction] = {}
        for key, each in self.found.items():
            most = still.get((each.book, each.subject))
            if each.kind in ("target", "share"):
                if most is not None:
                    kept[key] = replace(each, allowed=copysign(max(abs(each.allowed), most), each.found))
            elif {"flatten": asked.flattens, "kept_order": asked.cancels}.get(each.kind, True):
                kept[key] = each
        self.found = kept


def restricts(action: Action, builtin: Iterable[str]) -> bool:
    """Say whether limits restrict the scope so that nothing may grow, whatever follows of actions asks for besides."""
    own = [each for each in action.active if each.limit not in builtin]
    return action.trading_state in _RESTRICTING and any(each.type in ("reduce_position", "halt") for each in own)


def due_of(action: Action) -> Due:
    """Return what a record asks for that has to have come about some time after it was applied."""
    params = action.params
    if not isinstance(params, ReduceParams | HaltParams):
        return Due()
    return Due(
        params.targets or (),
        params.books or (),
        cancels=params.cancel_working in ("increasing", "all"),
        flattens=isinstance(params, HaltParams) and params.flatten,
    )


def _is_over(held: float, most: float) -> bool:
    return abs(held) - most > _TOLERANCE * max(1.0, abs(held))


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
    if found.kind in ("order", "kept_order"):
        return books.increasing(root, found.order_id) <= 0.0
    held = books.quantity(found.book, found.subject)
    is_same_side = held * found.allowed >= 0.0
    return is_same_side and abs(held) - abs(found.allowed) <= _TOLERANCE * max(1.0, abs(found.allowed))
