"""Sensors whose statistics are on their way: known to the configuration, evaluated by nobody yet.

To deliver one: move its facts into its class (`facts: ClassVar[SensorFacts] = SensorFacts(...)`, see leverage.py), list
the class in SENSORS, and delete it here. The last one deletes this file.
"""

from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts

TAIL_RISK = SensorFacts(
    "tail_risk",
    (
        Metric(
            "tail_ratio", "ES over VaR at 99%", "ES over VaR at 99 %: how heavy the tail is", "x",
            "TAIL_RATIO_EXCEEDED",
            clear=(1.40, 1.5), confirm=5, confirmed_by="fits",
        ),
    ),
    (DefaultLimit("tail_ratio", "tail_ratio", 1.5, "throttle", "max_tail_ratio", "stress_limits"),),
    Outcome(20, "a day that loses more than VaR 99 %"),
    ("2020",),
)  # fmt: skip
LIQUIDITY = SensorFacts(
    "liquidity",
    (
        Metric("liquidity_cost", "cost of liquidation", "cost of liquidation over VaR", "share", "LIQUIDITY_EXCEEDED"),
        Metric(
            "days_to_liquidate_share", "share that is slow to sell",
            "share of the book that takes over 10 days to sell", "share", "LIQUIDITY_EXCEEDED", is_whole=True,
        ),
    ),
    (
        DefaultLimit("liquidity_cost", "liquidity_cost", 0.25, "warn"),
        DefaultLimit("liquidity_days", "days_to_liquidate_share", 0.10, "warn"),
    ),
    Outcome(10, "realised cost or spread at least twice the normal one on held names"),
)  # fmt: skip
TURNOVER = SensorFacts(
    "turnover",
    (
        Metric(
            "turnover", "turnover", "traded in one session over NAV", "x", "TURNOVER_EXCEEDED", clear=(1.6, 2.0),
            irreducible="no reduction clears a turnover: it ends when the fills are a session old",
        ),
    ),
    (DefaultLimit("turnover", "turnover", 2.0, "warn"),),
    Outcome(5, "a cost over budget, or trading that no approved rebalance explains"),
)  # fmt: skip
ANNOUNCED = (TAIL_RISK, LIQUIDITY, TURNOVER)
TABLE = (
    "exposure", "var_breach", "stress_failure", "tail_risk", "concentration", "leverage", "liquidity", "correlation",
    "volatility", "drawdown", "turnover",
)  # fmt: skip
