"""Gauges from the report: what stands for what, and that nothing lingers."""

import doctest
import math
from dataclasses import asdict, replace

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from scipy.stats import chi2

import daemon.metric_families
import daemon.state_views
from config.schema import Config
from daemon.metric_families import largest, smallest, total
from daemon.report import CONDITIONS, Report
from daemon.report_metrics import ReportMetrics
from enforcement.evidence import limit_evidence
from tests.daemon.report_sample import report_of, small_core


class Shown:
    """A collector with a clock that a test moves, and its samples."""

    def __init__(self, **metrics: object) -> None:
        self.registry = CollectorRegistry()
        self.now_s = 100.0
        config = Config.model_validate({"portfolios": ["firm"], "metrics": metrics})
        self.collector = ReportMetrics(self.registry, config, clock=lambda: self.now_s)

    def show(self, report: Report) -> None:
        self.collector.update(report)

    def value(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(f"riskd_{name}", labels)
        assert found is not None, f"{name} must have a sample of {labels}"
        return found

    def portfolios(self) -> set[str]:
        metrics: list[Metric] = self.collector.collect()
        return {
            sample.labels["portfolio"]
            for metric in metrics
            for sample in metric.samples
            if "portfolio" in sample.labels
        }


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(daemon.metric_families).failed == 0
    assert doctest.testmod(daemon.state_views).failed == 0


@pytest.mark.parametrize("combine", [largest, smallest, total])
def test_a_missing_number_gives_way_and_two_stay_missing(combine: daemon.metric_families.Combine) -> None:
    assert combine(math.nan, 2.0) == combine(2.0, math.nan) == 2.0
    assert math.isnan(combine(math.nan, math.nan))


def test_numbers_of_a_state_record_are_shown_as_they_are() -> None:
    shown = Shown()
    shown.show(report_of(small_core()))
    assert shown.value("nav", portfolio="firm") == 10_000.0
    assert shown.value("stress_loss", portfolio="firm", scenario="crash") == 300.0
    assert shown.value("sensor_statistic", portfolio="firm", sensor="leverage", metric="gross_leverage") == 0.125
    assert shown.value("sensor_status", portfolio="firm", sensor="leverage", metric="gross_leverage") == 0.0
    level = {"portfolio": "firm", "limit": "leverage", "level": "soft"}
    assert shown.value("limit_threshold", **level) == 0.1
    assert shown.value("limit_utilisation_ratio", **level) == 1.25
    assert shown.value("limit_life", **level) == 5.0
    assert shown.value("limit_stage", portfolio="firm", limit="leverage") == 0.0
    assert shown.value("trading_state", portfolio="firm", topic="actions") == 0.0
    assert shown.value("known", portfolio="firm") == 1.0
    assert shown.value("data_trust", portfolio="firm") == 0.0


def test_a_number_that_is_missing_is_nan_and_its_limit_has_no_data() -> None:
    shown = Shown()
    shown.show(report_of(small_core()))
    assert math.isnan(shown.value("value_at_risk", portfolio="firm", method="historical", confidence="99"))
    assert math.isnan(shown.value("limit_utilisation_ratio", portfolio="firm", limit="var99", level="hard"))
    assert shown.value("sensor_status", portfolio="firm", sensor="var_breach", metric="var_99") == 2.0
    assert shown.value("limit_life", portfolio="firm", limit="var99", level="hard") == 3.0


def test_an_infinite_number_is_infinite() -> None:
    report = report_of(small_core())
    shown = Shown()
    shown.show(replace(report, states=tuple({**state, "nav": "Infinity"} for state in report.states)))
    assert shown.value("nav", portfolio="firm") == math.inf


def test_scopes_without_a_label_share_other_and_the_worst_of_them_stands() -> None:
    shown = Shown()
    shown.show(report_of(small_core()))
    assert shown.portfolios() == {"firm", "other"}
    assert shown.value("sensor_statistic", portfolio="other", sensor="leverage", metric="gross_leverage") == 0.2
    assert shown.value("limit_life", portfolio="other", limit="leverage", level="soft") == 5.0
    assert shown.value("stress_coverage_ratio", portfolio="other", scenario="crash") == 1.0


def test_portfolios_none_leaves_only_other() -> None:
    shown = Shown(portfolios="none")
    shown.show(report_of(small_core()))
    assert shown.portfolios() == {"other"}


def test_portfolios_all_names_scopes_up_to_the_bound_and_they_keep_their_labels() -> None:
    shown = Shown(portfolios="all", portfolios_max=2)
    report = report_of(small_core())
    shown.show(report)
    assert shown.portfolios() == {"firm", "firm/a", "other"}
    shown.show(replace(report, states=report.states[::-1]))
    assert shown.portfolios() == {"firm", "firm/a", "other"}


def test_without_listed_roots_those_that_come_have_labels() -> None:
    shown = Shown()
    shown.collector = ReportMetrics(CollectorRegistry(), Config())
    shown.show(report_of(small_core()))
    assert shown.portfolios() == {"firm", "other"}


def test_a_scope_that_is_gone_leaves_nothing_behind() -> None:
    shown = Shown(portfolios="all")
    report = report_of(small_core())
    shown.show(report)
    assert "firm/b" in shown.portfolios()
    shown.show(replace(report, states=report.states[:1]))
    assert shown.portfolios() == {"firm"}


def test_shards_are_summed_where_they_differ_and_not_where_they_read_the_same() -> None:
    shown = Shown()
    core = small_core()
    shown.show(report_of(core, shards=2))
    assert shown.value("consumer_lag_records", topic="market_data") == 7.0, "both shards read the same records"
    assert shown.value("consumer_lag_records", topic="positions") == 4.0
    assert shown.value("outbox_waiting") == 4.0
    assert shown.value("audit_lag_records") == 6.0
    assert shown.value("merge_waiting_records") == 2.0
    assert shown.value("journal_lag_seconds") == 0.25
    assert shown.value("core_time_seconds") == core.now_ns / 1e9
    assert shown.value("episodes_total", limit="leverage") == 4.0
    assert shown.value("live_exposure_weeks", limit="leverage") == 8.0
    assert shown.value("false_positive_rate_per_week", limit="leverage") == 0.5
    assert shown.value("readiness_value", limit="leverage") == shown.value("fp_evalue", limit="leverage") == 1.85
    assert shown.value("live_weeks", limit="leverage") == 8.0
    assert shown.value("fp_rate_per_week", limit="leverage") == 0.5
    assert shown.value("fp_ucb95", limit="leverage") == pytest.approx(chi2.ppf(0.95, 2 * 4 + 2) / 16.0)
    assert shown.value("fp_cusum", limit="leverage") == 0.7
    assert shown.value("ppv", limit="leverage") == 0.25
    assert shown.value("fp_episodes_total", sensor="leverage", cause="data_error") == 2.0
    assert shown.value("instruments", trust="stale") == 2.0


def test_sources_tell_their_silence_in_core_time() -> None:
    shown = Shown()
    shown.show(report_of(small_core()))
    assert shown.value("source_silence_seconds", source="feed") == 5.0
    assert shown.value("source_silent", source="feed") == 0.0
    assert math.isnan(shown.value("source_silence_seconds", source="mute")), "it never spoke"
    assert shown.value("source_silent", source="mute") == 1.0


def test_a_limit_without_exposure_has_no_rate_and_a_shard_without_lease_no_end() -> None:
    report = report_of(small_core())
    nothing = asdict(limit_evidence("leverage", [], 0))
    shard = replace(report.shards[0], evidence={"leverage": nothing}, lease_until_s=0.0)
    shown = Shown()
    shown.show(replace(report, shards=(shard,)))
    assert math.isnan(shown.value("false_positive_rate_per_week", limit="leverage"))
    assert math.isnan(shown.value("lease_valid_until_seconds"))


def test_before_the_first_report_no_condition_holds_and_nothing_else_is_shown() -> None:
    shown = Shown()
    assert [shown.value("ready", condition=condition) for condition in CONDITIONS] == [0.0] * len(CONDITIONS)
    assert [metric.name for metric in shown.collector.collect() if metric.samples] == ["riskd_ready"]


def test_a_trouble_takes_its_condition_away_and_an_old_report_all_of_them() -> None:
    shown = Shown()
    shown.show(report_of(small_core(), {"disk": "no space left"}))
    assert shown.value("ready", condition="disk") == 0.0
    assert shown.value("ready", condition="recovered") == 1.0
    shown.now_s += 5.1
    assert shown.value("ready", condition="recovered") == 0.0


def test_a_record_that_is_none_is_refused_and_never_half_shown() -> None:
    report = report_of(small_core())
    shown = Shown()
    shown.show(replace(report, states=({"scope": "firm"},)))
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        shown.collector.collect()
