"""What one look means for one level: its next life, whether that is a decision, and the evidence for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from enforcement.attention import has_moved
from enforcement.builtin import DATA_FRESH, MODEL_AVAILABLE, OPERATOR_PIN
from enforcement.change import Change
from enforcement.demands import decided_type
from enforcement.life import Clock, Life, Look, is_acting, is_breaching, step
from enforcement.limits import BoundLimit
from enforcement.reasons import ReasonCode, code_of_missing_data, sentence
from enforcement.records import Component, Kind, LifeState, Side, Target, number
from enforcement.scopes import ScopeLives
from enforcement.targets import is_material, solve
from risk.book import Book, has_details
from risk.measures import Measures
from sensors.reading import Reading
from sensors.wording import amount

COMPONENTS_MAX = 5
_BLIND = (LifeState.NO_DATA, LifeState.ERROR)


class LazyBook:
    """A book that is made when it is first asked for, once a look: most looks need none."""

    __slots__ = ("_book", "_make")

    def __init__(self, make: Callable[[], Book]) -> None:
        self._make = make
        self._book: Book | None = None

    def get(self) -> Book:
        """Return the book, the same one each time."""
        if self._book is None:
            self._book = self._make()
        return self._book


@dataclass(frozen=True, slots=True)
class Sight:
    """What one scope shows at one moment."""

    measures: Measures
    book: LazyBook
    clock: Clock


def judge(holder: ScopeLives, index: int, level: int, reading: Reading, sight: Sight) -> tuple[Life, Change | None]:
    """Return the life of the level after the look, and the decision that it takes, if any."""
    bound, before = holder.limits[index], holder.lives[index][level]
    at, clear_at = bound.effective(level, reading)
    look = Look(reading.statistic, reading.status, at, clear_at, sight.measures.fits)
    moment = sight.clock.moment
    clock = sight.clock if bound.metric is not None else _beside_markets(sight.clock)
    after = before if bound.is_commanded else step(before, look, bound.rule, clock)
    kind = _kind_of(before, after)
    if is_acting(after) and not is_acting(before):
        after = replace(after, nav=sight.measures.nav)
    after, is_moved = _retarget(bound, level, before, after, reading, sight)
    if kind is None and is_moved:
        kind = Kind.TARGETS
    is_halting = decided_type(after, bound.levels[level]) == "halt"
    if kind is None and is_halting and moment.session > before.reminded_session:
        kind = Kind.REMINDER
    if kind is None:
        return after, None
    if is_halting:
        after = replace(after, reminded_session=moment.session)
    text = sentence(reading, kind, before.state, after.state, at=at, clear_at=clear_at)
    if bound.metric is None:  # nothing was measured against a level: the reading says it all
        text = reading.reason
    change = Change(
        index, level, before, after, kind, reading, at, clear_at, sight.measures, moment,
        _components(bound, before, after, kind, sight), clears_if_of(bound, after, reading, clear_at, holder.scope),
        _code(bound, before, after, sight.measures),
        text, _details(bound, sight),
    )  # fmt: skip
    return after, change


class _CoreTime:
    """Time in which nothing ever closes."""

    def advance(self, scope: str, start_ns: int, open_ns: int) -> int:  # noqa: ARG002 -- the shape of open time
        return start_ns + open_ns


_CORE_TIME = _CoreTime()


def _beside_markets(clock: Clock) -> Clock:
    """Return the clock of what no price tells: a bad one does not stop it, and it runs while markets are closed."""
    return replace(clock, moment=replace(clock.moment, suspect=False, ask_quoted=lambda: True), opens=_CORE_TIME)


def clears_if_of(bound: BoundLimit, life: Life, reading: Reading, clear_at: float, scope: str) -> str | None:
    """Return what would end the level's action, None where it takes none."""
    if not is_acting(life):
        return None
    if bound.limit.id == MODEL_AVAILABLE.id:
        return f"a positions_snapshot of {scope} arrives"
    if bound.limit.id == DATA_FRESH.id:
        return "every watched source is heard again"
    if bound.limit.id == OPERATOR_PIN.id:
        return "the override ends"
    if bound.is_commanded or life.state is LifeState.LATCHED:
        return "an operator reinstates it"
    if life.state in _BLIND:
        return "data is back"
    return life.clears_if or f"{reading.metric} <= {amount(clear_at, reading.unit)}"


def _kind_of(before: Life, after: Life) -> Kind | None:
    if after.state is not before.state:
        return Kind.TRANSITION
    return Kind.ESCALATION if after.escalated != before.escalated else None


def _retarget(
    bound: BoundLimit, level: int, before: Life, after: Life, reading: Reading, sight: Sight
) -> tuple[Life, bool]:
    """Solve the reduction again where the book or the statistic moved enough; say whether its targets moved."""
    is_reducing = bound.levels[level].action == "reduce_position" and bound.metric is not None
    if not is_reducing or sight.clock.moment.suspect:
        return after, False
    if after.state is not LifeState.FIRING:
        return _turned(after, sight)
    is_new = not is_breaching(before)
    moved = has_moved(after.solved_statistic, reading.statistic)
    # Prices leave quantities alone, so that a price needs the book only where the statistic moved.
    if not is_new and not moved and sight.clock.moment.cause == "price":
        return after, False
    book = sight.book.get()
    book_digest = _book_digest(book)
    if not is_new and not moved and book_digest == after.solved_book:
        return after, False
    assert bound.metric is not None, f"limit {bound.limit.id} is built in and asks for no targets"
    found = solve(book, bound.metric, lambda names: bound.clear_at_of_reduced(level, reading, names))
    solved = replace(after, solved_statistic=reading.statistic, solved_book=book_digest)
    lots = dict(zip(book.instruments, book.lot.tolist(), strict=True))
    if not is_new and found.cancels == after.cancels and not is_material(after.targets, found.targets, lots):
        return solved, False
    return replace(solved, targets=found.targets, clears_if=found.clears_if, cancels=found.cancels), True


def _turned(life: Life, sight: Sight) -> tuple[Life, bool]:
    """Keep the targets that are held, but name the side that reduces a position which has changed its sign."""
    if not life.targets or sight.clock.moment.cause == "price":
        return life, False
    book = sight.book.get()
    sides: dict[str, Side] = {
        name: "sell" if held > 0.0 else "buy"
        for name, held in zip(book.instruments, book.quantity.tolist(), strict=True)
    }
    turned = tuple(
        Target(each.instrument, each.max_abs_qty, sides.get(each.instrument, each.allowed_side))
        for each in life.targets
    )
    return (life, False) if turned == life.targets else (replace(life, targets=turned), True)


def _components(bound: BoundLimit, before: Life, after: Life, kind: Kind, sight: Sight) -> tuple[Component, ...]:
    begins = after.state is LifeState.FIRING and before.state is not LifeState.FIRING
    if bound.metric is None or bound.metric.irreducible or not (begins or kind is Kind.TARGETS):
        return ()
    book, name = sight.book.get(), bound.metric.name
    return components_of(book.instruments, book.components(name).tolist(), name)


def _details(bound: BoundLimit, sight: Sight) -> tuple[tuple[str, float], ...]:
    is_told = bound.metric is not None and has_details(bound.metric.name)
    return sight.book.get().details(bound.limit.metric) if is_told else ()


def components_of(instruments: Sequence[str], parts: Sequence[float], metric: str) -> tuple[Component, ...]:
    """Return the largest parts by size, ties by name, at most COMPONENTS_MAX; instruments without any are left out."""
    held = [(name, part) for name, part in zip(instruments, parts, strict=True) if part != 0.0]
    largest = sorted(held, key=lambda pair: (-abs(pair[1]), pair[0]))[:COMPONENTS_MAX]
    if metric.startswith("var_"):
        return tuple(Component(name, component_var=number(part)) for name, part in largest)
    return tuple(Component(name, contribution=number(part)) for name, part in largest)


def _code(bound: BoundLimit, before: Life, after: Life, measures: Measures) -> str:
    if bound.limit.id == MODEL_AVAILABLE.id:
        return ReasonCode.MODEL_UNAVAILABLE
    if bound.limit.id == DATA_FRESH.id:
        return ReasonCode.DATA_STALE
    if bound.is_commanded:
        return ReasonCode.OPERATOR_OVERRIDE if bound.limit.id == OPERATOR_PIN.id else ReasonCode.OPERATOR_HALT
    if after.state in _BLIND or (before.state in _BLIND and after.state is LifeState.OK):
        return code_of_missing_data(measures.trust) if measures.known else ReasonCode.MODEL_UNAVAILABLE
    assert bound.metric is not None, f"limit {bound.limit.id} reads no metric and is not built in"
    return bound.metric.code


def _book_digest(book: Book) -> str:
    digest = blake2b(book.quantity.tobytes(), digest_size=16)
    digest.update(book.buys.tobytes() + book.sells.tobytes())
    digest.update("|".join(book.instruments).encode())
    return digest.hexdigest()
