"""How a scope and its limits stand: what the state record and the pages tell of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.schema import ActionType
from enforcement.limits import BoundLimit
from enforcement.merge import Merged, most_severe
from enforcement.records import LifeState, TradingState
from enforcement.scopes import ScopeLives
from risk.measures import Measures
from sensors.metric_reading import utilisation_of


@dataclass(frozen=True, slots=True)
class TradingStates:
    """Trading state of a scope on both topics: its own, and the most severe along its path."""

    own: TradingState
    effective: TradingState
    shadow_own: TradingState
    shadow_effective: TradingState


@dataclass(frozen=True, slots=True)
class LimitState:
    """One level of one limit for the state record.

    utilisation : statistic / at, NaN where there is none
    at          : the level that the statistic is held against now, in the metric's unit
    action      : what the level asks for where it fires; since_ns: core time at which its life became what it is
    reason      : the statistic in words
    """

    limit: str
    level: str
    life: LifeState
    utilisation: float
    stage: str
    at: float
    action: ActionType
    since_ns: int
    reason: str


class PathStates:
    """Trading states of a scope, made again only where something else was published on its path."""

    def __init__(self, scopes: Mapping[str, ScopeLives], scope: str) -> None:
        self._scopes, self._scope = scopes, scope
        self._holders = [scopes[each] for each in _path_to(scope) if each in scopes]
        self._merged = self._published()
        self._states = trading_states(scopes, scope)

    def now(self) -> TradingStates:
        """Return the states of this moment: the same object while nothing else is published."""
        merged = self._published()
        if merged != self._merged:
            self._merged, self._states = merged, trading_states(self._scopes, self._scope)
        return self._states

    def _published(self) -> list[Merged]:
        return [each for holder in self._holders for each in (holder.enforced, holder.shadow)]


def trading_states(scopes: Mapping[str, ScopeLives], scope: str) -> TradingStates:
    """Return a scope's trading state on both topics, own and along the path; scopes: all that are there, by path."""
    holders = [scopes[each] for each in _path_to(scope) if each in scopes]
    enforced = [holder.enforced.trading_state for holder in holders]
    shadow = [holder.shadow.trading_state for holder in holders]
    return TradingStates(enforced[-1], most_severe(enforced), shadow[-1], most_severe(shadow))


def limit_states(holder: ScopeLives, measures: Measures, stage_of: Callable[[BoundLimit], str]) -> list[LimitState]:
    """Return how every level of every limit of a scope stands, in evaluation order."""
    states: list[LimitState] = []
    for bound, lives in zip(holder.limits, holder.lives, strict=True):
        reading, stage = bound.reader.read(measures), stage_of(bound)
        for level, life, at in zip(bound.levels, lives, reading.levels, strict=True):
            use = utilisation_of(reading.statistic, at)
            state = LimitState(
                bound.limit.id, level.name, life.state, use, stage, at, level.action, life.since_ns, reading.reason
            )
            states.append(state)
    return states


def _path_to(scope: str) -> list[str]:
    """Return the scope and all above it, the root first."""
    parts = scope.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
