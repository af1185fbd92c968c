"""The generated dashboards and rules: committed as they are generated, and about metrics that riskd has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from config.loader import load_config, load_shipped_config
from daemon.shipped import demo_config
from deploy.monitoring.dashboards.codes import (
    DATA_TRUST,
    LIMIT_LIFE,
    LIMIT_STAGE,
    NUMBER_STATUS,
    TRADING_STATE,
    Code,
)
from deploy.monitoring.files import monitoring_files
from deploy.monitoring.names import metric_prefix
from deploy.monitoring.recording_rules import recording_rules
from deploy.monitoring.rules import ALERTS
from enforcement.builtin import BUILTIN_IDS
from enforcement.records import LifeState, TradingState
from risk.measures import Status
from sensors.catalogue import SHIPPED

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy" / "riskd.yaml"
NOT_OURS = re.compile(r"^(process_|up$|ALERTS$)")

Json = dict[str, object]


def dashboards() -> dict[str, Json]:
    files = monitoring_files(load_config(SAMPLE, SHIPPED.known))
    return {name: cast(Json, json.loads(text)) for name, text in files.items() if name.endswith(".json")}


def panels(dashboard: Json) -> list[Json]:
    return cast(list[Json], dashboard["panels"])


def expressions(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        for target in cast(list[Json], panel.get("targets", [])):
            yield cast(str, target["expr"])


def documented() -> dict[str, set[str]]:
    """Return the labels of each metric of docs/metrics.md; a histogram stands under its buckets."""
    found = {}
    for line in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| `(riskd_\w+)` \| (\w+) \| ([^|]*)\|", line):
            name, kind, labels = row.groups()
            named = {label.strip() for label in labels.split(",") if label.strip()}
            found[name if kind != "histogram" else f"{name}_bucket"] = named | (
                {"le"} if kind == "histogram" else set()
            )
    return found


def test_the_committed_files_are_those_of_the_sample_configuration() -> None:
    """Renew them by `make monitoring`."""
    generated = monitoring_files(load_config(SAMPLE, SHIPPED.known))
    kept = {name: (ROOT / "deploy" / name).read_text(encoding="utf-8") for name in generated}
    assert kept == generated
    on_disk = {path.name for path in (ROOT / "deploy" / "grafana" / "dashboards").iterdir()}
    assert on_disk == {Path(name).name for name in generated if name.endswith(".json")}


def test_the_sample_has_the_prefix_and_the_limits_of_the_shipped_ones() -> None:
    """So the committed files serve both."""
    sample, shipped = load_config(SAMPLE, SHIPPED.known), load_shipped_config(SHIPPED.known)
    assert metric_prefix(sample.metrics) == metric_prefix(shipped.metrics) == "riskd_"
    assert [limit.id for limit in sample.enforcement.limits] == [limit.id for limit in shipped.enforcement.limits]


def test_expressions_name_only_metrics_and_labels_that_are_documented() -> None:
    """A mistyped metric gives success and nothing; one in an alert would never be seen."""
    known = documented()
    texts = [text for board in dashboards().values() for text in expressions(board)]
    texts += [*recording_rules().values(), *(alert.expression for alert in ALERTS)]
    seen = set()
    for text in texts:
        for name, selector in re.findall(
            r"\b((?:\w+:)?(?:riskd|process)_[a-z_]+(?::\w+)?|up|ALERTS)\b(\{[^}]*\})?", text
        ):
            if ":" in name:
                assert name in recording_rules(), text
                continue
            if NOT_OURS.match(name):
                continue
            seen.add(name)
            assert name in known, f"{name} in {text}"
            used = set(re.findall(r'(\w+)(?:=~|!~|!=|=)"', selector)) - {"job", "instance"}
            assert used <= known[name], f"{used} of {name} in {text}"
    assert len(seen) > 40, "most of what is documented is looked at"


def test_what_no_panel_and_no_rule_reads_is_known_by_name() -> None:
    """A metric that nobody looks at is either missing from a dashboard or not worth having."""
    texts = [text for board in dashboards().values() for text in expressions(board)]
    everything = "\n".join([*texts, *recording_rules().values(), *(alert.expression for alert in ALERTS)])
    assert {name for name in documented() if not re.search(rf"\b{name}\b", everything)} == set()


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (LIMIT_LIFE, [state.value for state in LifeState]),
        (TRADING_STATE, [state.value for state in TradingState]),
        (NUMBER_STATUS, [status.name for status in Status]),
        (LIMIT_STAGE, ["SHADOW", "SOFT", "FULL"]),
        (DATA_TRUST, ["fresh", "stale", "suspect", "missing"]),
    ],
)
def test_codes_are_those_of_the_program_and_of_the_documentation(codes: tuple[Code, ...], names: list[str]) -> None:
    assert {code.name for code in codes} == set(names)
    assert [code.value for code in codes] == list(range(len(codes)))
    listed = ", ".join(f"{code.value} {code.name}" for code in codes)
    assert listed in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_panel_says_what_it_shows_and_fits_the_grid() -> None:
    for board in dashboards().values():
        for panel in panels(board):
            assert panel["title"]
            assert panel.get("description") or panel["type"] == "text", panel["title"]
        places = [cast(dict[str, int], panel["gridPos"]) for panel in panels(board)]
        cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
        assert len(cells) == len(set(cells)), "no panel lies on another"
        assert max(x for x, _ in cells) < 24


def test_dashboards_lead_to_each_other_and_have_the_same_variables() -> None:
    for board in dashboards().values():
        links = cast(list[Json], board["links"])
        assert [(link["type"], link["tags"], link["includeVars"]) for link in links] == [
            ("dashboards", ["riskd"], True)
        ]
        assert board["tags"] == ["riskd"]
        variables = cast(list[Json], cast(Json, board["templating"])["list"])
        assert [variable["name"] for variable in variables] == ["datasource", "portfolio"]
    assert len({board["uid"] for board in dashboards().values()}) == 5


def test_the_overview_tells_what_each_alert_and_each_limit_asks_of_a_person() -> None:
    text = json.dumps(dashboards()["grafana/dashboards/riskd-overview.json"])
    for alert in ALERTS:
        assert json.dumps(alert.what_to_do)[1:-1] in text
    for limit in (*(limit.id for limit in load_config(SAMPLE, SHIPPED.known).enforcement.limits), *BUILTIN_IDS):
        assert f'"{limit}": {{' in text


def test_bounds_are_drawn_into_the_graphs_of_the_limits_that_are_configured() -> None:
    """The demo's limits have other names than the shipped ones."""
    for config in (load_config(SAMPLE, SHIPPED.known), load_config(demo_config(), SHIPPED.known)):
        text = monitoring_files(config)["grafana/dashboards/riskd-limits.json"]
        for limit in config.enforcement.limits:
            if limit.sensor == "var_breach":
                assert re.search(rf'riskd_limit_threshold\{{limit=~\\"[^"]*\b{limit.id}\b', text), limit.id


def test_another_prefix_leaves_no_shipped_name() -> None:
    metrics = load_shipped_config(SHIPPED.known).metrics.model_copy(
        update={"namespace": "risk", "subsystem": "management"}
    )
    files = monitoring_files(load_config(SAMPLE, SHIPPED.known).model_copy(update={"metrics": metrics}))
    names = ("uid", "riskd_alerts", "riskd_records", "riskd_service", "riskd_risk")
    for name, text in files.items():
        left = [word for word in re.findall(r"\briskd_\w+", text) if word not in names]
        assert left == [], name
        assert "risk_management_" in text
