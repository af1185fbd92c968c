"""What all active levels of a scope ask for together: one type, one set of parameters, one trading state."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from config.schema import ActionType
from enforcement.records import (
    ActiveLimit,
    BookTarget,
    CancelWorking,
    HaltParams,
    NoParams,
    Params,
    ReduceParams,
    Target,
    ThrottleParams,
    TradingState,
)

_SEVERITY: dict[ActionType, int] = {"none": 0, "warn": 1, "throttle": 2, "reduce_position": 3, "halt": 4}
_STATES: dict[ActionType, TradingState] = {
    "none": TradingState.ACTIVE,
    "warn": TradingState.ACTIVE,
    "throttle": TradingState.THROTTLED,
    "reduce_position": TradingState.REDUCING,
    "halt": TradingState.HALTED,
}
_STATE_ORDER: tuple[TradingState, ...] = tuple(TradingState)
_CANCEL_ORDER: tuple[CancelWorking, ...] = ("none", "increasing", "all")


@dataclass(frozen=True, slots=True)
class Demand:
    """What one active level asks for; `since` is the core time at which it began to, ns."""

    limit: str
    level: str
    since: int
    type: ActionType
    params: Params


JointKey = tuple[tuple[str, int, tuple[Target, ...], tuple[BookTarget, ...], CancelWorking], ...]


@dataclass(frozen=True, slots=True)
class Joint:
    """One answer to all levels that ask for a reduction of a scope: verified with exactly these quantities.

    key       : what it answers: (limit id, level, and what that level alone asks for) of each
    clears_if : what clears them, or that nothing does; clears: (limit id, level) of each that it clears
    """

    key: JointKey
    targets: tuple[Target, ...]
    books: tuple[BookTarget, ...]
    cancels: CancelWorking
    clears_if: str
    clears: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The state of one scope on one topic."""

    type: ActionType
    params: Params
    trading_state: TradingState
    active: tuple[ActiveLimit, ...]


def severity(action: ActionType) -> int:
    """Return how severe a type is: none 0, warn 1, throttle 2, reduce_position 3, halt 4."""
    return _SEVERITY[action]


def most_severe(states: Sequence[TradingState]) -> TradingState:
    """Return the most severe of at least one trading state."""
    return max(states, key=_STATE_ORDER.index)


def allowed_in(state: TradingState) -> tuple[str, ...]:
    """Return what a consumer may still do; cancelling and reducing are always among it."""
    if state in (TradingState.ACTIVE, TradingState.THROTTLED):
        return ("cancel", "reduce", "increase")
    return ("cancel", "reduce")


def merge(demands: Sequence[Demand], joint: Joint | None = None) -> Merged:
    """Return the most severe type with the strictest of its parameters, over the demands in evaluation order.

    Per instrument the smallest `max_abs_qty` holds. Targets stay in force under a halt, so a halt carries them too.

    joint : what clears all demands that reduce together, where there are several; never over the smallest target
    """
    active = tuple(ActiveLimit(demand.limit, demand.level, demand.since, demand.type) for demand in demands)
    action: ActionType = max((demand.type for demand in demands), key=severity, default="none")
    return Merged(action, _merged_params(action, demands, joint), _STATES[action], active)


def cancels_most(asked: Sequence[CancelWorking]) -> CancelWorking:
    """Return the one that cancels most; "none" of nothing."""
    return max(asked, key=_CANCEL_ORDER.index, default="none")


def smallest_of(asked: Sequence[Sequence[Target]]) -> tuple[Target, ...]:
    """Return the smallest target of each instrument, sorted by its name; of equals the first."""
    smallest: dict[str, Target] = {}
    for targets in asked:
        for target in targets:
            known = smallest.get(target.instrument)
            if known is None or target.max_abs_qty < known.max_abs_qty:
                smallest[target.instrument] = target
    return tuple(smallest[instrument] for instrument in sorted(smallest))


def _merged_params(action: ActionType, demands: Sequence[Demand], joint: Joint | None) -> Params:
    asked = [demand.params for demand in demands]
    match action:
        case "throttle":
            return _strictest_throttle(asked)
        case "reduce_position":
            targets, books, clears_if = _reductions(asked, joint)
            cancel = _strictest_cancel(asked)
            return ReduceParams(targets, UNSET if cancel == "none" else cancel, books, clears_if)
        case "halt":
            halts = [each for each in asked if isinstance(each, HaltParams)]
            targets, books, clears_if = _reductions(asked, joint)
            flatten = any(each.flatten for each in halts)
            return HaltParams(_strictest_cancel(asked), flatten, targets or UNSET, books, clears_if)
        case _:
            return NoParams()


def _strictest_throttle(params: Sequence[Params]) -> ThrottleParams:
    throttles = [each for each in params if isinstance(each, ThrottleParams)]
    # Orders per time cannot be mixed from two throttles, so the slower rate wins whole; the ceiling is the lower one.
    slowest = min(throttles, key=lambda each: (each.max_orders / each.interval_ms, each.max_orders))
    ceilings = [each.max_notional for each in throttles if isinstance(each.max_notional, float)]
    return ThrottleParams(slowest.max_orders, slowest.interval_ms, min(ceilings, default=None))


def _reductions(
    params: Sequence[Params], joint: Joint | None
) -> tuple[tuple[Target, ...], tuple[BookTarget, ...] | UnsetType, str | UnsetType]:
    """Return targets, shares of books, and what clears all: of the joint answer, else the smallest that is asked for.

    Without a joint answer at most one of the demands names any.
    """
    if joint is not None:
        return joint.targets, joint.books or UNSET, joint.clears_if
    asked = [each for each in params if isinstance(each, ReduceParams)]
    books = [each.books for each in asked if each.books is not UNSET]
    return smallest_of([each.targets for each in asked]), books[0] if books else UNSET, UNSET


def _strictest_cancel(params: Sequence[Params]) -> CancelWorking:
    """Return the orders that have to go for any of the demands: what a reduction counts on holds under a halt too."""
    asked = [each.cancel_working for each in params if isinstance(each, ReduceParams | HaltParams)]
    return cancels_most([each for each in asked if each is not UNSET])
