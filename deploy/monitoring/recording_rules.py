"""Recording rules: what several panels and alerts read, and what is worth keeping for years."""

# By confidence as labelled: the share of days whose loss may pass the VaR.
_SHARES = {"95": 0.05, "975": 0.025, "99": 0.01, "999": 0.001}
_OBSERVATIONS = 'riskd_backtest_observations_total{{confidence="{0}"}} * {1:g}'
_VARIANCE = _OBSERVATIONS + " * {2:g}"


def recording_rules() -> dict[str, str]:
    """Return the expressions by the names of what they record, with the metric names of docs/metrics.md."""
    expected = " or ".join(_OBSERVATIONS.format(name, share) for name, share in _SHARES.items())
    variance = " or ".join(_VARIANCE.format(name, share, 1.0 - share) for name, share in _SHARES.items())
    return {
        "instance:riskd_events:rate_1m": "sum by (job, instance, topic) (rate(riskd_events_total[1m]))",
        "instance:riskd_rejections:ratio_5m": (
            "sum by (job, instance) (rate(riskd_rejections_total[5m]))"
            " / (sum by (job, instance) (rate(riskd_events_total[5m])) > 0)"
        ),
        "instance:riskd_core_busy:ratio_1m": "rate(riskd_core_busy_seconds_total[1m])",
        "instance:riskd_decision_latency_seconds:p50_5m": _quantile(0.5, "riskd_decision_latency_seconds"),
        "instance:riskd_decision_latency_seconds:p99_5m": _quantile(0.99, "riskd_decision_latency_seconds"),
        "instance:riskd_event_age_seconds:p99_5m": _quantile(0.99, "riskd_event_age_seconds"),
        "instance:riskd_journal_sync_seconds:p99_5m": _quantile(0.99, "riskd_journal_sync_seconds"),
        "instance:riskd_publish_seconds:p99_5m": _quantile(0.99, "riskd_publish_seconds"),
        "portfolio:riskd_limit_utilisation_ratio:max": (
            "max by (job, instance, portfolio) (riskd_limit_utilisation_ratio)"
        ),
        # A binomial count: n observations, each over its VaR with the share p.
        "portfolio:riskd_backtest_exceptions:expected": expected,
        "portfolio:riskd_backtest_exceptions:sigmas": (
            f"(riskd_backtest_exceptions_total - portfolio:riskd_backtest_exceptions:expected) / sqrt(({variance}) > 0)"
        ),
    }


def _quantile(quantile: float, histogram: str) -> str:
    return f"histogram_quantile({quantile:g}, sum by (job, instance, le) (rate({histogram}_bucket[5m])))"
