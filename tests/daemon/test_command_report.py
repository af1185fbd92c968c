"""What people have ordered is seen: in `/state`, in `riskd status`, and in the metrics."""

from dataclasses import replace

import orjson
from prometheus_client import CollectorRegistry

from config.schema import Config
from daemon.command_report import command_reports
from daemon.report import Report
from daemon.report_metrics import ReportMetrics
from daemon.state_document import state_document
from tests.daemon.command_desk import at, desk_setup, override, played, priced, raised, said
from tests.daemon.report_sample import report_of
from tests.daemon.test_status_view import document_of, text_of


def report() -> Report:
    events = [
        *raised(0, "up", 60, 3.0),
        override(1, "no", 30, kind="suppress", scope="firm/b", limit="lev"),
        override(2, "pin", 45, kind="pin_state", scope="firm", state="REDUCING"),
        said("mode", 3, "mon", mode="gradual"),
        said("mode", 4, "full", mode="full", limit="lev"),
        priced(5),
    ]
    core = played(events, setup=desk_setup()).core
    found = report_of(core)
    return replace(found, shards=(replace(found.shards[0], **command_reports(core)),))


def test_the_state_document_has_all_of_it() -> None:
    document = state_document(report())
    assert document is not None
    shard = orjson.loads(document)["shards"][0]
    assert [(each["override_id"], each["expires_at"]) for each in shard["overrides"]] == [
        ("up", at(60)), ("no", at(30)), ("pin", at(45)),
    ]  # fmt: skip
    assert [(each["command_id"], each["fields"]) for each in shard["approvals"]] == [
        ("full", {"mode": "full", "limit": "lev"})
    ]
    assert shard["modes"] == [{"command_id": "mon", "limit": None, "mode": "gradual", "scope": None}]


def test_status_shows_who_ordered_what_and_until_when() -> None:
    text = text_of(document_of(report()))
    assert "Overrides in force" in text
    row = next(line for line in text.splitlines() if " up " in f" {line} ")
    assert "ana, bob" in row
    assert "Waiting for a second person" in text
    assert "Mode gradual of all limits everywhere, by command mon" in text
    plain = text_of(document_of(report_of(played([], setup=desk_setup()).core)))
    assert "Overrides" not in plain


def test_metrics_count_what_is_in_force_and_what_waits() -> None:
    registry = CollectorRegistry()
    ReportMetrics(registry, Config()).update(report())
    for kind in ("limit_increase", "suppress", "pin_state"):
        assert registry.get_sample_value("riskd_overrides", {"kind": kind}) == 1.0
    assert registry.get_sample_value("riskd_override_ends_seconds", {"kind": "suppress"}) == at(30) / 1e9
    assert registry.get_sample_value("riskd_approvals_waiting") == 1.0
