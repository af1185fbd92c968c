"""What one life asks for now: its type and parameters, as decided and as published."""

from msgspec import UNSET

from config.schema import ActionType, Level
from enforcement.effects import Stage, published_type
from enforcement.life import Life, is_acting, is_breaching
from enforcement.merge import Demand, severity
from enforcement.records import (
    CancelWorking,
    HaltParams,
    NoParams,
    Number,
    Params,
    ReduceParams,
    ThrottleParams,
    number,
)

MAX_ORDERS = 10
INTERVAL_MS = 1_000
MAX_NOTIONAL_NAV = 0.01

_Values = dict[str, float | int | str | bool]


def decided_type(life: Life, level: Level) -> ActionType:
    """Return what the level asks for: its action while it breaches, or what `on_no_data` says where that is worse."""
    own: ActionType = level.action if is_breaching(life) else "none"
    return own if severity(own) >= severity(life.escalated) else life.escalated


def params_for(action: ActionType, life: Life, level: Level) -> Params:
    """Return the parameters of a type for this life; the level's own `params` beat the defaults of contracts.md."""
    match action:
        case "throttle":
            return _throttle(level.params, life.nav)
        case "reduce_position":
            cancels = UNSET if life.cancels == "none" else life.cancels
            return ReduceParams(life.targets, cancels, life.books or UNSET)
        case "halt":
            return _halt(level.params)
        case _:
            return NoParams()


def decided_demand(limit: str, level: Level, life: Life) -> Demand | None:
    """Return what the level asks for on the shadow topic, or None where it asks for nothing."""
    return _demand(limit, level, life, decided_type(life, level))


def published_demand(limit: str, level: Level, life: Life, stage: Stage) -> Demand | None:
    """Return what the level asks for on `risk.actions` in an enforced stage, or None."""
    return _demand(limit, level, life, published_type(decided_type(life, level), stage))


def _demand(limit: str, level: Level, life: Life, action: ActionType) -> Demand | None:
    if not is_acting(life) or action == "none":
        return None
    return Demand(limit, level.name, life.acting_since_ns, action, params_for(action, life, level))


def _throttle(values: _Values, nav: float) -> ThrottleParams:
    share = float(values.get("max_notional_nav", MAX_NOTIONAL_NAV))
    ceiling: Number = number(max(0.0, share * nav)) if nav == nav else None  # noqa: PLR0124 -- NaN: the NAV is unknown
    if "max_notional" in values:
        ceiling = float(values["max_notional"])
    max_orders, interval_ms = int(values.get("max_orders", MAX_ORDERS)), int(values.get("interval_ms", INTERVAL_MS))
    return ThrottleParams(max_orders, interval_ms, ceiling)


def _halt(values: _Values) -> HaltParams:
    cancel: CancelWorking = "increasing"
    match values.get("cancel_working"):
        case "all":
            cancel = "all"
        case "none":
            cancel = "none"
    return HaltParams(cancel, flatten=bool(values.get("flatten", False)))
