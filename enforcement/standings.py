"""How a scope and its limits stand: what the state record and the pages tell of them."""

from dataclasses import dataclass

from config.schema import ActionType
from enforcement.records import LifeState, TradingState


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
