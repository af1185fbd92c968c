"""docs/operations.md: a section for every alert, of the same severity, and log events that are named once."""

import re
from pathlib import Path

from deploy.monitoring.alert import RUNBOOK, runbook
from deploy.monitoring.rules import ALERTS

ROOT = Path(__file__).parents[2]
EVENTS = (
    "recovering", "recovered", "serving", "caught_up", "ready", "not_ready", "source_silent", "source_alive",
    "broker_waiting", "broker_back", "clock_jumped", "clock_adopted", "topic_trouble", "topic_well",
    "publishing_stuck", "fenced", "fatal", "stopped", "left_unpublished", "disk_low", "audit_degraded",
    "audit_recovered",
)  # fmt: skip


def text() -> str:
    return (ROOT / RUNBOOK).read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """Return the text under each alert's heading."""
    parts = re.split(r"^## (Riskd\w+)\n", text().split("\n# Watching it\n")[0], flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    assert list(sections()) == list(dict.fromkeys(alert.name for alert in ALERTS))


def test_each_section_says_what_riskd_does_by_itself_and_what_to_do() -> None:
    for name, section in sections().items():
        assert section.index("**Meanwhile**: ") < section.index("**Do**: "), name


def test_each_section_begins_with_the_severities_of_its_rules() -> None:
    for name, section in sections().items():
        opening = section.split(". ")[0]
        said = {word for word in ("critical", "warning", "info") if word in opening}
        assert said == {alert.severity for alert in ALERTS if alert.name == name}, name


def test_links_of_the_alerts_lead_to_headings() -> None:
    headings = {line.removeprefix("## ").lower() for line in text().splitlines() if line.startswith("## ")}
    assert {runbook(alert.name).removeprefix(f"{RUNBOOK}#") for alert in ALERTS} <= headings


def test_every_log_event_of_the_daemon_is_told() -> None:
    assert [event for event in EVENTS if f"`{event}`" not in text()] == []


def test_alerts_that_the_text_names_exist() -> None:
    assert set(re.findall(r"\bRiskd[A-Z]\w+", text())) == {alert.name for alert in ALERTS}
