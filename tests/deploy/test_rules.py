"""Every alert fires under its fault, says what it must, and is silent without: with promtool's own unit tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
import yaml

from config.loader import load_config
from config.schema import Config, MetricsConfig
from deploy.monitoring.alert import runbook
from deploy.monitoring.names import with_prefix
from deploy.monitoring.rules import (
    ALERTS,
    ALERTS_FILE,
    PROMETHEUS_FILE,
    RECORDS_FILE,
    alert_rules_yaml,
    prometheus_yaml,
    record_rules_yaml,
)
from sensors.catalogue import SHIPPED
from tests.deploy.health import AFTER, HEALTHY, INTERVAL_S, ONSET, Fault, always
from tests.deploy.risk_faults import RISK_FAULTS
from tests.deploy.service_faults import SERVICE_FAULTS
from tests.deploy.tools import run, tool

SAMPLE = Path(__file__).parents[2] / "deploy" / "riskd.yaml"
FAULTS = (*SERVICE_FAULTS, *RISK_FAULTS)
_FIRING = 'count by (alertname, severity) (ALERTS{alertstate="firing"})'
_TO_DO = {alert.name: alert.what_to_do for alert in ALERTS}


@pytest.fixture
def promtool() -> Path:
    return tool("promtool", "PROMTOOL_BIN", "Debian's package prometheus has it")


def _rules(folder: Path, config: Config) -> None:
    (folder / RECORDS_FILE).write_text(record_rules_yaml(config), encoding="utf-8")
    (folder / ALERTS_FILE).write_text(alert_rules_yaml(config), encoding="utf-8")
    (folder / PROMETHEUS_FILE).write_text(prometheus_yaml(("127.0.0.1:1",)), encoding="utf-8")


def _write(path: Path, tests: list[Mapping[str, object]]) -> None:
    document = {
        "rule_files": [RECORDS_FILE, ALERTS_FILE],
        "evaluation_interval": f"{INTERVAL_S}s",
        "tests": tests,
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _of_series(series: Mapping[str, str]) -> dict[str, object]:
    listed = [{"series": name, "values": values} for name, values in (HEALTHY | dict(series)).items()]
    return {"interval": f"{INTERVAL_S}s", "input_series": listed}


def _of_fault(fault: Fault) -> dict[str, object]:
    """Return promtool's form: what the first alert says, and all that fires."""
    (name, severity), *_ = fault.firing
    said = {
        "exp_labels": {**fault.labels, "severity": severity},
        "exp_annotations": {
            "summary": fault.summary,
            "description": fault.says,
            "what_to_do": _TO_DO[name],
            "runbook_url": runbook(name),
        },
    }
    firing = [
        {"labels": f'{{alertname="{alert}", severity="{severity}"}}', "value": count}
        for (alert, severity), count in fault.firing.items()
    ]
    at = f"{fault.at}m"
    return {
        "name": fault.name,
        **_of_series(fault.series),
        "alert_rule_test": [{"eval_time": at, "alertname": name, "exp_alerts": [said]}],
        "promql_expr_test": [{"expr": _FIRING, "eval_time": at, "exp_samples": firing}],
    }


def _minutes() -> Iterator[int]:
    yield from range(1, (ONSET + AFTER) * INTERVAL_S // 60, 7)


def test_each_fault_raises_its_alert_and_no_other(tmp_path: Path, promtool: Path) -> None:
    """All faults in one run of the tool: it takes a second, and its answer names the fault that differs."""
    _rules(tmp_path, load_config(SAMPLE, SHIPPED.known))
    _write(tmp_path / "faults.yml", [_of_fault(fault) for fault in FAULTS])
    run(promtool, "test", "rules", "faults.yml", folder=tmp_path)


def test_nothing_fires_in_health(tmp_path: Path, promtool: Path) -> None:
    _rules(tmp_path, load_config(SAMPLE, SHIPPED.known))
    quiet = [{"expr": _FIRING, "eval_time": f"{minute}m", "exp_samples": []} for minute in _minutes()]
    _write(tmp_path / "health.yml", [{"name": "health", **_of_series({}), "promql_expr_test": quiet}])
    run(promtool, "test", "rules", "health.yml", folder=tmp_path)


def test_core_time_of_a_recording_is_no_trouble_of_the_clock(tmp_path: Path, promtool: Path) -> None:
    _rules(tmp_path, load_config(SAMPLE, SHIPPED.known))
    (wall,) = [name for name in HEALTHY if name.startswith("riskd_config_info")]
    (core_time,) = [name for name in HEALTHY if name.startswith("riskd_core_time_seconds")]
    series = _of_series({core_time: always(1e9)})
    series["input_series"] = [
        {**one, "series": one["series"].replace('clock="wall"', 'clock="event"')}
        for one in cast(list[dict[str, str]], series["input_series"])
    ]
    assert wall not in str(series), "the clock is that of events"
    quiet = [{"expr": _FIRING, "eval_time": f"{minute}m", "exp_samples": []} for minute in _minutes()]
    _write(tmp_path / "future.yml", [{"name": "future", **series, "promql_expr_test": quiet}])
    run(promtool, "test", "rules", "future.yml", folder=tmp_path)


def test_every_alert_has_a_fault_with_each_of_its_severities() -> None:
    raised = {(name, severity) for fault in FAULTS for name, severity in list(fault.firing)[:1]}
    assert raised == {(alert.name, alert.severity) for alert in ALERTS}


def test_prometheus_takes_the_rules_of_any_prefix(tmp_path: Path, promtool: Path) -> None:
    prefixes = (MetricsConfig(), MetricsConfig(namespace="risk", subsystem="management"), MetricsConfig(namespace=""))
    for number, metrics in enumerate(prefixes):
        folder = tmp_path / str(number)
        folder.mkdir()
        _rules(folder, Config(metrics=metrics))
        assert "SUCCESS" in run(promtool, "check", "config", PROMETHEUS_FILE, folder=folder)


def test_a_prefix_changes_names_and_nothing_else() -> None:
    expression = 'instance:riskd_events:rate_1m{job="riskd"} + riskd_ready / other_riskd_ready'
    assert (
        with_prefix(expression, "risk_management_")
        == 'instance:risk_management_events:rate_1m{job="riskd"} + risk_management_ready / other_riskd_ready'
    )


def test_rules_of_one_name_ask_for_the_same_deed() -> None:
    """The overview shows one sentence for a name, whatever the severity."""
    assert len({(alert.name, alert.what_to_do) for alert in ALERTS}) == len(_TO_DO)
