"""A scope whose books are asked for something new: does what it asks for itself still clear its limits with that?"""

from collections.abc import Callable

from enforcement.change import Change
from enforcement.joint import DRIFT, Held, asked_by, covers
from enforcement.merge import Merged
from enforcement.moment import Moment
from enforcement.records import Effect, HaltParams, Kind, LifeState, ReduceParams
from enforcement.scopes import ScopeLives
from risk.book import Book
from risk.measures import Measures


def asks_for_targets(merged: Merged) -> bool:
    """Say whether what a scope is held to names targets."""
    params = merged.params
    return isinstance(params, ReduceParams | HaltParams) and bool(params.targets)


def settle_change(holder: ScopeLives, measures: Measures, book: Callable[[], Book], moment: Moment) -> Change | None:
    """Return the decision that brings other targets about, by the first level that asks for any; None where none must.

    It changes no life: each level asks for what it did. What leaves is solved anew, because books under the scope do
    something that nobody reckoned with. Where nothing was found to clear, that stands. It is asked of what all limits
    ask for, because no decision depends on which of them may act; what those that may ask for is solved with it.
    """
    known = holder.joints.get(Effect.SHADOW)
    if not asks_for_targets(holder.shadow) or (known is not None and not known.clears):
        return None
    if covers(holder.shadow, Held(holder, book(), measures, holder.ask_caps(Effect.SHADOW)), slack=DRIFT):
        return None
    for asked in asked_by(holder.shadow, holder):
        if asked.life.state is LifeState.FIRING and asked.life.targets:
            return _change(holder, asked.index, asked.level, measures, moment)
    return None


def _change(holder: ScopeLives, index: int, level: int, measures: Measures, moment: Moment) -> Change:
    bound, life = holder.limits[index], holder.lives[index][level]
    assert bound.metric is not None, f"limit {bound.limit.id} is built in and asks for no targets"
    reading = bound.reader.read(measures)
    at, clear_at = bound.effective(level, reading)
    text = f"{reading.reason}: the targets moved with those of the books under {holder.scope}"
    return Change(
        index, level, life, life, Kind.TARGETS, reading, at, clear_at, measures, moment, (), life.clears_if,
        bound.metric.code, text,
    )  # fmt: skip
