"""How a scope and its limits stand: what the state record and the pages tell of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.schema import ActionType
from enforcement.limits import BoundLimit
from enforcement.merge import most_severe
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


def trading_states(scopes: Mapping[str, ScopeLives], scope: str) -> TradingStates:
    """Return a scope's trading state on both topics, own and along the path; scopes: all that are there, by path."""
    parts = scope.split("/")
    path = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    holders = [scopes[each] for each in path if each in scopes]
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
