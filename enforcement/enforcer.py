"""The one evaluator: from measures to decisions and actions, for live, replay and the command line alike."""

from collections.abc import Callable
from dataclasses import dataclass

from config.schema import Config
from enforcement.moment import Moment, OpenTime
from enforcement.records import LifeState, Outcome, TradingState
from risk.book import Book
from risk.measures import Measures, Vector
from risk.timers import Timers


@dataclass(frozen=True, slots=True)
class TradingStates:
    """Trading state of a scope on both topics: its own, and the most severe along its path."""

    own: TradingState
    effective: TradingState
    shadow_own: TradingState
    shadow_effective: TradingState


@dataclass(frozen=True, slots=True)
class LimitState:
    """One level of one limit for the state record; utilisation is statistic / level, NaN where there is none."""

    limit: str
    level: str
    life: LifeState
    utilisation: float
    stage: str


class Enforcer:
    """Limits bound to scopes, their lives, and the counters of what was decided and published.

    unwatched      : ids of limits whose sensor this release does not evaluate
    epoch          : of the journaled assignment; set by the daemon, never in an id or digest
    config_hash    : hash of what decisions depend on, without modes; set by the daemon
    model_version  : set by the daemon
    """

    def __init__(self, config: Config, shard: int, timers: Timers, opens: OpenTime) -> None:
        self.epoch = 1
        self.config_hash = ""
        self.model_version = ""
        self.unwatched: tuple[str, ...] = ()

    def add_scope(self, scope: str, is_root: bool, listed: bool) -> None:
        """Bind the limits to a path that has come into being; evaluate it once right after."""
        raise NotImplementedError

    def evaluate(self, scope: str, measures: Measures, book: Callable[[], Book], moment: Moment) -> list[Outcome]:
        """Move every breach life of the scope; running it when nothing woke it changes nothing."""
        raise NotImplementedError

    def timer(
        self, name: str, due_ns: int, measures: Measures, book: Callable[[], Book], moment: Moment
    ) -> list[Outcome]:
        """Move the one life whose timer is due; `moment.ts` is `due_ns`."""
        raise NotImplementedError

    @staticmethod
    def scope_of_timer(name: str) -> str:
        """Return the scope of a timer that begins with "life|"."""
        raise NotImplementedError

    def wake_levels(self, scope: str) -> Vector:
        """Return (len(METRICS),) the value above which `evaluate` must be called; +inf where no limit looks."""
        raise NotImplementedError

    def alive(self, scope: str) -> bool:
        """Say whether any life of the scope is not ok, or the scope was never evaluated."""
        raise NotImplementedError

    def trading_states(self, scope: str) -> TradingStates:
        """Return the scope's trading state on both topics, own and along the path."""
        raise NotImplementedError

    def limit_states(self, scope: str, measures: Measures) -> list[LimitState]:
        """Return life, utilisation and stage of every level of the scope, in evaluation order."""
        raise NotImplementedError

    def halt(self, scope: str, measures: Measures, moment: Moment, *, actor: str, reason: str) -> list[Outcome]:
        """Halt the scope by an operator's command: hard, in every mode, until `reinstate`."""
        raise NotImplementedError

    def reinstate(
        self, scope: str, measures: Measures, moment: Moment, *, actor: str, reason: str, limit: str | None = None
    ) -> list[Outcome]:
        """End the operator's halt and the latched lives of the scope, or of one limit of it."""
        raise NotImplementedError
