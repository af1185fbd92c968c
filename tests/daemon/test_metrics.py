"""What is counted, and that the list in docs/metrics.md is the list that there is."""

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from config.schema import ActionType, Config
from daemon.metrics import Metrics
from daemon.program_log import ProgramLog
from daemon.report_metrics import ReportMetrics
from enforcement.records import Effect, Kind
from feeds.record import RejectReason
from tests.daemon.report_sample import report_of, small_core, small_run
from tests.helpers import play, small_setup

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `riskd_(\w+)` \| (\w+) \| ([\w, ]*?) ?\|", re.MULTILINE)


def registry_of(metrics: Metrics) -> CollectorRegistry:
    assert metrics.registry is not None
    return metrics.registry


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return registry_of(metrics).get_sample_value(name, labels)


def described(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    """Return a metric as the document has it: name, type, labels; its samples must agree on the labels."""
    suffix = "_total" if metric.type == "counter" else ""
    samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
    labels = {tuple(name for name in sample.labels if name != "le") for sample in samples}
    assert len(labels) == 1, f"{metric.name} must have samples of one set of labels, got {labels}"
    return metric.name.removeprefix("riskd_") + suffix, metric.type, labels.pop()


def test_the_document_lists_every_metric_with_its_type_and_labels_and_no_other() -> None:
    """Each of them with a sample: a mistyped name would answer a dashboard with success and nothing."""
    metrics = Metrics(Config(), "1")
    ReportMetrics(registry_of(metrics), Config(portfolios=("firm",))).update(report_of(small_core()))
    found = {described(metric) for metric in registry_of(metrics).collect() if not metric.name.startswith("process_")}
    rows = ROW.findall(DOCUMENT.read_text())
    documented = {(name, kind, tuple(filter(None, labels.split(", ")))) for name, kind, labels in rows}
    assert len(rows) == len(documented) > 40
    assert found == documented


def test_names_have_the_configured_prefix() -> None:
    config = Config.model_validate({"metrics": {"namespace": "risk", "subsystem": "management"}})
    metrics = Metrics(config, "1.2.3")
    ReportMetrics(registry_of(metrics), config).update(report_of(small_core()))
    assert value(metrics, "risk_management_build_info", version="1.2.3") == 1.0
    assert value(metrics, "risk_management_epoch") == 3.0
    bare = Metrics(Config.model_validate({"metrics": {"namespace": ""}}), "1.2.3")
    assert value(bare, "build_info", version="1.2.3") == 1.0


def test_every_child_of_a_closed_set_is_there_from_the_start() -> None:
    metrics = Metrics(Config(), "1")
    assert [value(metrics, "riskd_rejections_total", reason=reason.value) for reason in RejectReason] == [0.0] * len(
        RejectReason
    )
    assert [value(metrics, "riskd_decisions_total", kind=kind.value) for kind in Kind] == [0.0] * len(Kind)
    for kind in get_args(ActionType):
        assert [value(metrics, "riskd_actions_total", type=kind, effect=effect.value) for effect in Effect] == [0.0] * 3


def test_what_a_core_lets_out_is_counted_by_its_kind() -> None:
    metrics = Metrics(Config(), "1")
    outputs = small_run().outputs
    for _, rejection in play([b"no json", b"[]", b"{"], small_setup()).outputs.rejections:
        metrics.note_rejection(rejection.reason)
    metrics.note_decisions(outputs.decisions)
    metrics.note_actions(outputs.shadow)
    assert value(metrics, "riskd_rejections_total", reason="NOT_JSON") == 2.0
    assert value(metrics, "riskd_rejections_total", reason="NOT_OBJECT") == 1.0
    for kind, count in Counter(decision.kind.value for decision in outputs.decisions).items():
        assert value(metrics, "riskd_decisions_total", kind=kind) == float(count) > 0.0
    shadow = [value(metrics, "riskd_actions_total", type=kind, effect="shadow") for kind in get_args(ActionType)]
    assert sum(each or 0.0 for each in shadow) == float(len(outputs.shadow)) > 0.0


def test_the_small_counters_count() -> None:
    metrics = Metrics(Config(), "1")
    metrics.note_read("acks", 5)
    metrics.note_dead_letters(2)
    metrics.note_core(0.5)
    metrics.note_journal(123)
    metrics.note_event_age(-3.0)
    assert value(metrics, "riskd_events_total", topic="acks") == 5.0
    assert value(metrics, "riskd_dead_letters_total") == 2.0
    assert value(metrics, "riskd_core_busy_seconds_total") == 0.5
    assert value(metrics, "riskd_journal_bytes_total") == 123.0
    assert value(metrics, "riskd_event_age_seconds_sum") == 0.0, "an event from the future is of now"
    with pytest.raises(KeyError):
        metrics.note_read("my-market-data", 1)


def test_the_configuration_is_named_as_decisions_name_it() -> None:
    config = Config.model_validate({"enforcement": {"mode": "gradual"}, "clock": "wall"})
    core_hash = small_core().enforcer.config_hash
    assert len(core_hash) == 32
    infos = [
        sample.labels
        for metric in registry_of(Metrics(config, "1")).collect()
        for sample in metric.samples
        if sample.name == "riskd_config_info"
    ]
    assert [(info["mode"], info["clock"], len(info["config_hash"])) for info in infos] == [("gradual", "wall", 32)]


def test_lines_that_the_log_drops_are_counted_also_those_before() -> None:
    log = ProgramLog(2, lines_max=1)
    log.note_drop()
    metrics = Metrics(Config(), "1")
    metrics.watch_log(log)
    log.note_drop()
    assert value(metrics, "riskd_log_lines_dropped_total") == 2.0


def test_switched_off_nothing_is_registered_and_counting_goes_on_unseen() -> None:
    metrics = Metrics(Config.model_validate({"metrics": {"enabled": False}}), "1")
    assert metrics.registry is None
    metrics.note_dead_letters(1)
    metrics.journal_sync_seconds.observe(0.001)
