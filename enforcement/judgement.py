"""What one look means for one level: its next life, whether that is a decision, and the evidence for it."""

from collections.abc import Sequence
from dataclasses import replace

from enforcement.builtin import DATA_FRESH, MODEL_AVAILABLE, OPERATOR_PIN
from enforcement.change import Change
from enforcement.demands import decided_type
from enforcement.life import Clock, Life, Look, is_acting, step
from enforcement.limits import BoundLimit
from enforcement.reasons import ReasonCode, code_of_missing_data, sentence
from enforcement.records import Component, Kind, LifeState, number
from enforcement.retarget import Sight, Step, retargeted
from enforcement.scopes import ScopeLives
from risk.book import has_details
from risk.measures import Measures
from sensors.reading import Reading
from sensors.wording import amount

COMPONENTS_MAX = 5
_BLIND = (LifeState.NO_DATA, LifeState.ERROR)


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
    after, is_moved = retargeted(holder, index, level, Step(before, after, reading), sight)
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
