"""What each configured limit means, in a sentence, for the one who sees it fire."""

from config.schema import Config, Level, Limit
from sensors.catalogue import SHIPPED

_METRICS = {metric.name: metric.says for metric in SHIPPED.known.metrics()}
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
    "operator_pin": "an override holds it at this state; it ends with the override",
    "selftest": "riskd selftest tries the way: no book is concerned, and it clears by itself",
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
