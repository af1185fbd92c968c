"""The dashboards' figures: of this moment, and red without words of comfort where riskd is dead."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml

from config.loader import load_config
from deploy.monitoring.files import monitoring_files
from deploy.monitoring.rules import RECORDS_FILE, record_rules_yaml
from sensors.catalogue import SHIPPED
from tests.deploy.health import AFTER, HEALTHY, INTERVAL_S, LEVEL, ONSET, then
from tests.deploy.service_faults import DEAD
from tests.deploy.tools import run, tool

SAMPLE = Path(__file__).parents[2] / "deploy" / "riskd.yaml"
OVERVIEW = "grafana/dashboards/riskd-overview.json"

Json = dict[str, object]


def figures(only: str = "") -> Iterator[Json]:
    """Return the panels of big figures of all dashboards, or of one."""
    for name, text in monitoring_files(load_config(SAMPLE, SHIPPED.known)).items():
        if name.endswith(".json") and only in name:
            yield from (panel for panel in json.loads(text)["panels"] if panel["type"] == "stat")


def query_of(panel: Json) -> Json:
    (target,) = cast(list[Json], panel["targets"])
    return target


def asked(title: str) -> str:
    (panel,) = [panel for panel in figures(OVERVIEW) if panel["title"] == title]
    return cast(str, query_of(panel)["expr"]).replace("$portfolio", ".*")


@pytest.fixture
def promtool() -> Path:
    return tool("promtool", "PROMTOOL_BIN", "Debian's package prometheus has it")


def check(promtool: Path, folder: Path, series: dict[str, str], expected: dict[str, list[Json]]) -> None:
    """Hold each expression, a quarter of an hour after the onset, to what it must give."""
    (folder / RECORDS_FILE).write_text(record_rules_yaml(load_config(SAMPLE, SHIPPED.known)), encoding="utf-8")
    listed = [{"series": name, "values": values} for name, values in (HEALTHY | series).items()]
    asked = [
        {"expr": text, "eval_time": f"{ONSET + 15}m", "exp_samples": samples} for text, samples in expected.items()
    ]
    test = {"interval": f"{INTERVAL_S}s", "input_series": listed, "promql_expr_test": asked}
    document = {"rule_files": [RECORDS_FILE], "evaluation_interval": f"{INTERVAL_S}s", "tests": [test]}
    (folder / "figures.yml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    run(promtool, "test", "rules", "figures.yml", folder=folder)


def test_no_figure_outlives_riskd(tmp_path: Path, promtool: Path) -> None:
    """Counters over the last hour are of the past by their name."""
    expressions = [cast(str, query_of(panel)["expr"]).replace("$portfolio", ".*") for panel in figures()]
    assert len(expressions) >= 9
    check(promtool, tmp_path, DEAD, {text: [] for text in expressions if "[1h]" not in text})


def test_the_overview_counts_what_fires_and_what_has_no_number(tmp_path: Path, promtool: Path) -> None:
    soft = LEVEL.replace("hard", "soft")
    for number, (life, firing, blind) in enumerate(((0, 0, 0), (3, 0, 1), (4, 0, 1), (5, 1, 0), (6, 1, 0))):
        folder = tmp_path / str(number)
        folder.mkdir()
        check(
            promtool,
            folder,
            {f"riskd_limit_life{{{LEVEL}}}": then(0, life), f"riskd_limit_life{{{soft}}}": f"0+0x{ONSET + AFTER}"},
            {
                asked("Limits that fire"): [{"labels": "{}", "value": firing}],
                asked("Without a number"): [{"labels": "{}", "value": blind}],
            },
        )


def test_every_figure_is_of_this_moment_and_says_in_red_that_there_is_none() -> None:
    """Without a mapping of null Grafana gives it the colour of the lowest step: green."""
    for panel in figures():
        query = query_of(panel)
        assert (query["instant"], query.get("range", False)) == (True, False), panel["title"]
        defaults = cast(Json, cast(Json, panel["fieldConfig"])["defaults"])
        assert defaults["noValue"] == "riskd does not answer"
        mappings = cast(list[Json], defaults["mappings"])
        (of_null,) = [cast(Json, mapping["options"]) for mapping in mappings if mapping["type"] == "special"]
        assert (of_null["match"], cast(Json, of_null["result"])["color"]) == ("null", "red")
