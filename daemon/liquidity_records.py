"""The liquidity block of a state record: LVaR 99 % and its parts in each state of the market, days, what is unknown."""

from enforcement.records import number
from risk.liquidity_view import liquidity_view
from risk.state import RiskState

_SLOWEST = 5


def liquidity_record(state: RiskState, p: int) -> dict[str, object]:
    """Return the block of scope p; `state` is the one that the metric has, `slowest` are days by instrument."""
    view = liquidity_view(state, p)
    slowest = sorted(view.days.items(), key=lambda item: (-item[1], item[0]))[:_SLOWEST]
    return {
        "state": view.state,
        "by_state": {
            name: {
                "spread": number(cost.spread), "impact": number(cost.impact), "cost": number(cost.total),
                "lvar_99": number(cost.lvar_99),
            }
            for name, cost in view.costs.items()
        },
        "slowest": {name: number(days) for name, days in slowest},
        "unknown": list(view.unknown),
        "traded": number(float(state.arrays.traded[p])),
    }  # fmt: skip
