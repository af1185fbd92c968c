"""A daemon in good health as Prometheus sees it, in promtool's notation, and what a fault is."""

from collections.abc import Mapping
from dataclasses import dataclass

INTERVAL_S = 60
ONSET = 30  # samples of health before a fault: half an hour
AFTER = 120  # samples of the fault
SELF = 'job="riskd",instance="r:1"'
BOOK = f'{SELF},portfolio="firm"'
LIMIT = f'{BOOK},limit="var_99_limit"'
LEVEL = f'{LIMIT},level="hard"'


def always(value: float) -> str:
    """Return a series, in promtool's notation, that keeps its value."""
    return f"{value:.12g}+0x{ONSET + AFTER}"


def then(before: float, after: float) -> str:
    """Return a series that changes at the onset."""
    return f"{before:.12g}+0x{ONSET - 1} {after:.12g}+0x{AFTER}"


def growing(start: float, before: float, after: float) -> str:
    """Return a series that grows by these amounts a sample, before and after the onset."""
    return f"{start:.12g}+{before:g}x{ONSET - 1} {start + before * ONSET:.12g}+{after:g}x{AFTER}"


def histogram(
    name: str, before: tuple[float, ...], after: tuple[float, ...], bounds: tuple[str, ...]
) -> dict[str, str]:
    """Return the buckets of a histogram that grow by so much a sample before and after the onset."""
    return {
        f'{name}_bucket{{{SELF},le="{bound}"}}': growing(0, slow, fast)
        for bound, slow, fast in zip(bounds, before, after, strict=True)
    }


AGE_BOUNDS, LATENCY_BOUNDS = ("1", "10", "+Inf"), ("0.01", "1", "+Inf")
QUICK = (30.0, 30.0, 30.0)
SLOW = (0.0, 30.0, 30.0)

HEALTHY: dict[str, str] = {
    f"up{{{SELF}}}": always(1),
    f"process_start_time_seconds{{{SELF}}}": always(0),
    f"process_resident_memory_bytes{{{SELF}}}": always(1e9),
    **{
        f'riskd_ready{{{SELF},condition="{name}"}}': always(1)
        for name in ("recovered", "assigned", "caught_up", "inputs", "publishing", "disk", "known")
    },
    f'riskd_config_info{{{SELF},config_hash="c",mode="full",clock="wall"}}': always(1),
    f"riskd_core_time_seconds{{{SELF}}}": growing(0, INTERVAL_S, INTERVAL_S),
    f'riskd_consumer_lag_records{{{SELF},topic="market_data"}}': always(12),
    **histogram("riskd_event_age_seconds", QUICK, QUICK, AGE_BOUNDS),
    **histogram("riskd_decision_latency_seconds", QUICK, QUICK, LATENCY_BOUNDS),
    f"riskd_journal_lag_seconds{{{SELF}}}": always(0),
    f"riskd_lease_valid_until_seconds{{{SELF}}}": growing(30, INTERVAL_S, INTERVAL_S),
    f"riskd_audit_degraded{{{SELF}}}": always(0),
    f"riskd_audit_lag_records{{{SELF}}}": always(3),
    f"riskd_log_lines_dropped_total{{{SELF}}}": always(0),
    f"riskd_limit_utilisation_ratio{{{LEVEL}}}": always(0.5),
    f"riskd_limit_threshold{{{LEVEL}}}": always(200_000),
    f"riskd_limit_life{{{LEVEL}}}": always(0),
    f"riskd_limit_stage{{{LIMIT}}}": always(0),
    f'riskd_trading_state{{{BOOK},topic="actions"}}': always(0),
    f'riskd_trading_state{{{BOOK},topic="shadow"}}': always(0),
    f"riskd_known{{{BOOK}}}": always(1),
    f"riskd_data_trust{{{BOOK}}}": always(0),
    f'riskd_instruments{{{SELF},trust="fresh"}}': always(20),
    f'riskd_instruments{{{SELF},trust="stale"}}': always(0),
    f'riskd_source_silence_seconds{{{SELF},source="market"}}': always(1),
    f'riskd_source_silent{{{SELF},source="market"}}': always(0),
    f'riskd_events_total{{{SELF},topic="market_data"}}': growing(0, 300, 300),
    f'riskd_rejections_total{{{SELF},reason="NOT_JSON"}}': always(0),
    f'riskd_backtest_exceptions_total{{{BOOK},confidence="99"}}': always(6),
    f'riskd_backtest_observations_total{{{BOOK},confidence="99"}}': always(500),
    f'riskd_false_positive_rate_per_week{{{SELF},limit="var_99_limit"}}': always(0.2),
    f'riskd_live_exposure_weeks{{{SELF},limit="var_99_limit"}}': always(10),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and all that fires under it.

    series : what differs from health
    firing : every alert that fires, with its severity and how many of it
    labels : of the first alert in `firing`, without its name and severity
    at     : minutes since the start at which it is looked at; the fault begins at 30
    """

    name: str
    series: Mapping[str, str]
    firing: Mapping[tuple[str, str], int]
    labels: Mapping[str, str]
    summary: str
    says: str
    at: int = 45


SELF_LABELS = {"job": "riskd", "instance": "r:1"}
BOOK_LABELS = {**SELF_LABELS, "portfolio": "firm"}
LEVEL_LABELS = {**BOOK_LABELS, "limit": "var_99_limit", "level": "hard"}
