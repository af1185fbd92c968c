"""What each configured limit means, in a sentence, for the one who sees it fire."""

from config.schema import Config, Level, Limit

_METRICS = {
    "var_95": "loss of one day passed 1 day in 20 (VaR 95)",
    "var_975": "loss of one day passed 1 day in 40 (VaR 97.5)",
    "var_99": "loss of one day passed 1 day in 100 (VaR 99)",
    "var_999": "loss of one day passed 1 day in 1,000 (VaR 99.9)",
    "es_95": "mean loss of the worst 5 % of days (ES 95)",
    "es_975": "mean loss of the worst 2.5 % of days (ES 97.5)",
    "es_99": "mean loss of the worst 1 % of days (ES 99)",
    "es_999": "mean loss of the worst 0.1 % of days (ES 99.9)",
    "worst_loss": "loss of the worst stress scenario",
    "failures": "stress scenarios over their own limit",
    "tail_ratio": "ES over VaR at 99 %: how heavy the tail is",
    "top_share": "share of the largest position",
    "hhi": "concentration of the risk (HHI of component VaR)",
    "gross_leverage": "gross exposure over NAV",
    "net_leverage": "net exposure over NAV",
    "liquidity_cost": "cost of liquidation over VaR",
    "days_to_liquidate_share": "share of the book that takes over 10 days to sell",
    "k_ratio": "risk at today's correlations over that at normal ones",
    "vol_ratio": "volatility now over that of the window",
    "drawdown": "fall from the high-water mark, share of NAV",
    "turnover": "traded in one session over NAV",
    "gross": "gross exposure",
    "net": "net exposure, its size",
    "day_loss": "loss since the last close",
}
_ACTIONS = {
    "none": "nothing is asked",
    "warn": "a warning, trading goes on",
    "throttle": "fewer and smaller orders",
    "reduce_position": "only reducing orders",
    "halt": "halt: only cancels and reducing orders",
}
_BUILT_IN = {
    "model_available": "the positions of the root are unknown: only reducing orders until a positions_snapshot comes",
    "data_fresh": "a watched source is silent: only reducing orders until it speaks again",
    "operator_halt": "an operator halted it; it ends by a reinstate command",
}


def limit_words(config: Config) -> dict[str, str]:
    """Return a sentence for each limit by its id: what it measures, its levels, what each asks for."""
    return _BUILT_IN | {limit.id: _sentence(limit) for limit in config.enforcement.limits}


def limits_of_metric(config: Config, metric: str) -> tuple[str, ...]:
    """Return the ids of the limits on one metric, in the order of the configuration."""
    return tuple(limit.id for limit in config.enforcement.limits if limit.metric == metric)


def in_figures(value: float) -> str:
    """Return a bound as a person writes it.

    >>> in_figures(1_000_000.0), in_figures(0.18)
    ('1,000,000', '0.18')
    """
    return f"{value:,.0f}" if value >= 1_000 else f"{value:g}"


def _sentence(limit: Limit) -> str:
    levels = "; ".join(_level(level) for level in limit.levels)
    return f"{_METRICS.get(limit.metric, limit.metric)}. {levels}"


def _level(level: Level) -> str:
    return f"Over {in_figures(level.at)} ({level.name}): {_ACTIONS[level.action]}"
