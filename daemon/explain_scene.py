"""What the core knew when it made a decision: the scope's numbers, the limit, the episode so far, and the reduction."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, nan

import numpy as np

from config.schema import Level, Limit
from daemon.state_records import state_record
from enforcement.enforcer import Enforcer
from enforcement.figures import Figures
from enforcement.overrides import Override
from enforcement.records import Action, Decision, HaltParams, ReduceParams, action_id_of
from risk.measures import Vector
from risk.measuring import measures_of
from risk.scope_book import ScopeBook
from risk.state import RiskState

REMEMBERED_MAX = 256  # decisions of a limit in a scope: a record follows one of the last


@dataclass(frozen=True, slots=True)
class TargetOfPosition:
    """One target beside what was held: quantities in units, signed but for `max_abs_qty`."""

    instrument: str
    quantity: float
    max_abs_qty: float
    allowed_side: str


@dataclass(frozen=True, slots=True)
class ReductionCheck:
    """The metric of the book of the moment, and of the same book once the targets are met exactly.

    before, after : in the metric's unit; NaN where it has no number
    clear_at      : the level that the reduced book has to be at or under
    cancels       : working orders that go first: none, increasing, all
    """

    metric: str
    before: float
    after: float
    clear_at: float
    cancels: str
    targets: tuple[TargetOfPosition, ...]

    @property
    def does_clear(self) -> bool:
        """Say whether meeting the targets clears the level; a missing number clears nothing."""
        return self.after <= self.clear_at


@dataclass(frozen=True, slots=True)
class Scene:
    """One decision, and the state of the core at its moment.

    state     : the state record of the scope (contracts.md)
    limit     : as configured, or built in; level: of it
    stage, mode, effect : what the limit might do in the scope
    episode   : decisions of the episode on every level, oldest first; the last one is `decision`
    figures   : what spoke for the limit in the scope (k, T, E, D); None for what is built in
    reduction : None where no targets were asked for
    overrides : in force in the scope or over it, in the order in which they began
    """

    decision: Decision
    state: dict[str, object]
    limit: Limit
    level: Level
    stage: str
    mode: str
    effect: str
    episode: tuple[Decision, ...]
    figures: Figures | None
    reduction: ReductionCheck | None
    overrides: tuple[Override, ...]


class SceneWitness:
    """Keeps the scene of every decision whose action is wanted; of all others only the episode under way.

    wanted : says whether an action id is
    scenes : by action id, in the order of the decisions; who has taken one removes it
    """

    def __init__(self, enforcer: Enforcer, wanted: Callable[[str], bool]) -> None:
        self.scenes: dict[str, Scene] = {}
        self._enforcer = enforcer
        self._wanted = wanted
        self._episodes: dict[tuple[str, str], list[Decision]] = {}
        self._recent: dict[tuple[str, str], deque[Decision]] = {}  # what a record may follow, by limit and scope

    def see(self, state: RiskState, p: int, decision: Decision) -> None:
        """Take in a decision."""
        episode = self._episodes.setdefault((decision.limit, decision.scope), [])
        if episode and episode[-1].episode_id != decision.episode_id:
            episode.clear()
        episode.append(decision)
        self._recent.setdefault((decision.limit, decision.scope), deque(maxlen=REMEMBERED_MAX)).append(decision)
        action_id = action_id_of(decision)
        if self._wanted(action_id):
            self.scenes[action_id] = self._scene(state, p, decision, tuple(episode))

    def follow(self, state: RiskState, p: int, action: Action) -> None:
        """Take in a record that follows an action; its scene is the decision of that, and the state of now."""
        decided = self._recent.get((action.cause.limit, action.scope), ())
        decision = next((each for each in reversed(decided) if each.d == action.d), None)
        if decision is not None and self._wanted(action.action_id):
            episode = tuple(each for each in decided if each.episode_id == decision.episode_id and each.d <= action.d)
            self.scenes[action.action_id] = self._scene(state, p, decision, episode, n=action.inputs.n)

    def _scene(
        self, state: RiskState, p: int, decision: Decision, episode: tuple[Decision, ...], *, n: int | None = None
    ) -> Scene:
        enforcer = self._enforcer
        bound = next(each for each in enforcer.bound_limits(decision.scope) if each.limit.id == decision.limit)
        standing = enforcer.standing(decision.scope, bound)
        unit = enforcer.ladders.find(decision.episode_id)
        return Scene(
            decision=decision,
            state=state_record(state, enforcer, p, n=decision.inputs.n if n is None else n),
            limit=bound.configured,
            level=next(each for each in bound.levels if each.name == decision.level),
            stage=standing.stage.value,
            mode=standing.mode,
            effect=standing.effect.value,
            episode=episode,
            figures=None if unit is None else unit.figures(decision.ts_decided),
            reduction=reduction_check(state, enforcer, p, decision),
            overrides=tuple(each for each in enforcer.overrides.active.values() if _is_over(each, decision.scope)),
        )


def reduction_check(state: RiskState, enforcer: Enforcer, p: int, decision: Decision) -> ReductionCheck | None:
    """Return what meeting the decision's targets exactly does to its metric in scope p now; None without targets."""
    params = decision.params
    if not isinstance(params, ReduceParams | HaltParams) or not params.targets:
        return None
    bound = next(each for each in enforcer.bound_limits(decision.scope) if each.limit.id == decision.limit)
    if bound.metric is None:
        return None
    whole = ScopeBook(state, p)
    cancels = params.cancel_working if isinstance(params.cancel_working, str) else "none"
    book = whole.without(cancels) if cancels != "none" else whole
    asked = {target.instrument: target for target in params.targets}
    reduced = _reduced(whole, {name: target.max_abs_qty for name, target in asked.items()})
    index = [level.name for level in bound.levels].index(decision.level)
    reading = bound.reader.read(measures_of(state, p))
    held = dict(zip(whole.instruments, whole.quantity.tolist(), strict=True))
    return ReductionCheck(
        metric=bound.metric.name,
        before=whole.evaluate(bound.metric.name, whole.quantity),
        after=book.evaluate(bound.metric.name, reduced),
        clear_at=bound.clear_at_of_reduced(index, reading, book.names(reduced)),
        cancels=cancels,
        targets=tuple(
            TargetOfPosition(name, held.get(name, nan), target.max_abs_qty, target.allowed_side)
            for name, target in asked.items()
        ),
    )


def _is_over(override: Override, scope: str) -> bool:
    """Say whether an override is of the scope or of one above it."""
    parts = scope.split("/")
    return any(override.covers("/".join(parts[:count])) for count in range(1, len(parts) + 1))


def _reduced(book: ScopeBook, at_most: dict[str, float]) -> Vector:
    """Return (m,) the quantities with every target met exactly, nothing more."""
    return np.array(
        [
            copysign(min(abs(held), at_most.get(name, abs(held))), held)
            for name, held in zip(book.instruments, book.quantity.tolist(), strict=True)
        ],
        dtype=np.float64,
    )
