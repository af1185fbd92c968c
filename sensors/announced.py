"""Sensors whose statistics are on their way: known to the configuration, evaluated by nobody yet.

To deliver one: move its facts into its class (`facts: ClassVar[SensorFacts] = SensorFacts(...)`, see leverage.py), list
the class in SENSORS, and delete it here. The last one deletes this file.
"""

from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts

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
ANNOUNCED = (LIQUIDITY, TURNOVER)
TABLE = (
    "exposure", "var_breach", "stress_failure", "tail_risk", "concentration", "leverage", "liquidity", "correlation",
    "volatility", "drawdown", "turnover",
)  # fmt: skip
