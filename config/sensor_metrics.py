"""Which sensor reads which metric, which sensors this release evaluates, and where each metric clears by default."""

import math

from config.schema import Config, Level, Limit

SENSOR_METRICS: dict[str, tuple[str, ...]] = {
    "var_breach": ("var_95", "var_975", "var_99", "var_999", "es_95", "es_975", "es_99", "es_999"),
    "stress_failure": ("worst_loss", "failures"),
    "tail_risk": ("tail_ratio",),
    "concentration": ("top_share", "hhi"),
    "leverage": ("gross_leverage", "net_leverage"),
    "liquidity": ("liquidity_cost", "days_to_liquidate_share"),
    "correlation": ("k_ratio",),
    "volatility": ("vol_ratio",),
    "drawdown": ("drawdown",),
    "turnover": ("turnover",),
    "exposure": ("gross", "net", "day_loss"),  # hard limits; not one of the ten sensors
}

# `exposure` is evaluated too: a hard limit that is only declared would be worse than none.
AVAILABLE_SENSORS: tuple[str, ...] = (
    "var_breach",
    "stress_failure",
    "concentration",
    "leverage",
    "drawdown",
    "exposure",
)

# Shares of a whole: `at: 10` where 10 % was meant would never trip.
SHARE_METRICS: tuple[str, ...] = ("top_share", "hhi", "days_to_liquidate_share", "drawdown")

# models.md §21, column "clear c·ℓ", as (numerator, denominator); every other metric clears at 90 % of its level.
_CLEAR_SHARES: dict[str, tuple[float, float]] = {
    "tail_ratio": (1.40, 1.5),
    "k_ratio": (1.15, 1.25),
    "vol_ratio": (1.6, 2.0),
    "drawdown": (0.08, 0.10),
    "turnover": (1.6, 2.0),
}
_CLEAR_SHARE_DEFAULT = (0.90, 1.0)


def clear_at(limit: Limit, level: Level) -> float:
    """Return the value at or under which a level of this limit clears: its own, else its metric's share of `at`.

    A count of failures clears one under its level: more than 3 fire, 2 clear. The result is in [0, at), rounded to
    12 digits so that 90 % of 0.18 reads 0.162 wherever it is shown.
    """
    if level.clear_at is not None:
        return level.clear_at
    if limit.metric == "failures":
        return float(max(0, math.floor(level.at) - 1))
    numerator, denominator = _CLEAR_SHARES.get(limit.metric, _CLEAR_SHARE_DEFAULT)
    return float(f"{level.at * numerator / denominator:.12g}")


def unwatched_limits(config: Config) -> tuple[Limit, ...]:
    """Return the limits whose sensor this release does not evaluate: they load, and nothing watches them."""
    return tuple(limit for limit in config.enforcement.limits if limit.sensor not in AVAILABLE_SENSORS)
