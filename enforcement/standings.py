"""How a scope and its limits stand: what the state record and the pages tell of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.schema import ActionType
from enforcement.merge import most_severe
from enforcement.records import LifeState, TradingState
from enforcement.scopes import ScopeLives


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
