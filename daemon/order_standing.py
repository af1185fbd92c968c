"""The trading state of a path in the words of the reader for trading systems, so that both judge an order alike."""

from enforcement.enforcer import Enforcer
from enforcement.merge import severity
from enforcement.records import ThrottleParams
from enforcement.records import TradingState as CoreState
from feeds.action_records import Throttle, TradingState
from feeds.order_verdict import Cause, Standing, paths_to


def standing_of_path(enforcer: Enforcer, scope: str) -> Standing:
    """Return what holds for orders of the scope by the enforced limits of it and of all above it."""
    causes: list[Cause] = []
    throttles: list[tuple[str, Throttle]] = []
    for path in paths_to(scope):
        merged, _ = enforcer.published(path)
        if merged.trading_state is CoreState.ACTIVE:
            continue
        state = TradingState(merged.trading_state.value)
        worst = max(merged.active, key=lambda active: severity(active.type))
        reason = f"{path} is {state} by {worst.limit}"
        causes.append(Cause(state, path, worst.limit, "", reason))
        if isinstance(merged.params, ThrottleParams):
            told = merged.params
            assert told.max_notional != "-Infinity", "a ceiling is at least 0"
            throttles.append((path, Throttle(told.max_orders, told.interval_ms, told.max_notional)))
    causes.sort(key=lambda cause: -cause.state.severity)
    return Standing(
        state=causes[0].state if causes else TradingState.ACTIVE, causes=tuple(causes), throttles=tuple(throttles)
    )
