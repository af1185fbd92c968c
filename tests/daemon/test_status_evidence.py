"""What `riskd status` says of sensors and promotions, held against an examiner that has the audit log alone."""

import io
from dataclasses import asdict, replace

import msgspec
import pytest
from rich.console import Console

from daemon.core import Core
from daemon.examiner import Examiner
from daemon.report import Report
from daemon.state_document import state_document
from daemon.state_views import StateDocument
from daemon.status_evidence import stage_of
from daemon.status_view import status_view
from sensors.catalogue import SHIPPED
from tests.daemon.report_sample import report_of
from tests.helpers import Played, play
from tests.replay.made_stream import made_events, made_setup


@pytest.fixture(scope="module")
def played() -> Played:
    return play(made_events(days=24, quoted=5, quotes=10), made_setup("gradual"))


def document_of(core: Core) -> StateDocument:
    report: Report = report_of(core)
    evidence = {limit: asdict(each) for limit, each in core.evidence().items()}
    content = state_document(replace(report, shards=(replace(report.shards[0], evidence=evidence),)))
    assert content is not None
    return msgspec.json.decode(content, type=StateDocument)


def text_of(document: StateDocument, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(status_view(document, width=width))
    return stream.getvalue()


def test_what_a_promotion_lacks_is_what_the_audit_log_says(played: Played) -> None:
    examiner = Examiner()
    for record in played.outputs.audit:
        examiner.take(record)
    expected: dict[str, set[str]] = {}
    for (limit, _), unit in examiner.units.items():
        lacks = examiner.missing(unit, played.core.now_ns) if unit.watched.climbs else []
        expected.setdefault(limit, set()).update(lacks)
    found = played.core.evidence()
    assert {limit: set(each.lacks) for limit, each in found.items()} == expected
    assert len({each.lacks for each in found.values()}) > 2, "limits lack different things"
    assert {limit: each.modes for limit, each in found.items()} == dict.fromkeys(expected, ("gradual",)) | {
        "loss": ("hard",)
    }


def test_every_sensor_has_a_row_also_one_that_nobody_watches(played: Played) -> None:
    text = text_of(document_of(played.core), 120)
    table = text[text.index("Sensors ") : text.index("Evidence ")]
    rows = {line.split()[0]: line.split() for line in table.splitlines() if line.startswith(" ") and line.strip()}
    assert {sensor.facts.name for sensor in SHIPPED.sensors} <= set(rows)
    assert rows["turnover"][1:] == ["no", "limit"]
    assert rows["exposure"][1:3] == ["hard", "FULL"]
    assert rows["concentration"][1:3] == ["gradual", "SHADOW"]
    firing = [
        limit
        for scope in document_of(played.core).states
        for limit in scope.limits
        if limit.limit == "top" and limit.life in ("firing", "recovering", "latched")
    ]
    assert rows["concentration"][3] == (str(len(firing)) or "-")


def test_a_row_names_what_stands_before_the_next_stage(played: Played) -> None:
    text = text_of(document_of(played.core), 160)
    table = text[text.index("Evidence ") :]
    row = next(line for line in table.splitlines() if line.startswith(" var_reduce "))
    assert "sensitivity" in row
    assert "acts in every mode" in next(line for line in table.splitlines() if line.startswith(" loss "))


@pytest.mark.parametrize(
    ("mode", "stage"),
    [("gradual", "SOFT"), ("full", "FULL"), ("hard", "FULL"), ("monitoring", "SHADOW"), ("pinned", "SHADOW")],
)
def test_the_stage_is_that_of_the_ladder_only_where_one_climbs(played: Played, mode: str, stage: str) -> None:
    evidence = document_of(played.core).shards[0].evidence["var"]
    assert stage_of(msgspec.structs.replace(evidence, modes=[mode], stage="SOFT")) == stage


def test_eighty_columns_cut_no_reason_and_no_line(played: Played) -> None:
    document = document_of(played.core)
    narrow = text_of(document, 80)
    assert max(map(len, narrow.splitlines())) <= 80
    together = " ".join(narrow.split())
    for scope in document.states:
        for limit in scope.limits:
            if limit.life in ("firing", "latched"):
                assert " ".join(limit.reason.split()) in together
    assert "…" not in narrow[: narrow.index("Books")]


def test_books_that_lack_the_same_number_for_the_same_reason_are_one_row(played: Played) -> None:
    document = document_of(played.core)
    blind = [
        (limit.limit, limit.level, limit.reason)
        for scope in document.states
        for limit in scope.limits
        if limit.life == "no_data"
    ]
    assert len(blind) > len(set(blind))
    text = text_of(document, 160)
    fired = text[: text.index("Books")]
    rows = [line for line in fired.splitlines() if "no_data" in line]
    assert len(rows) < len(blind)
    told = sum(1 + (int(line.split(" and ")[1].split()[0]) if " and " in line else 0) for line in rows)
    assert told == len(blind), "no book is left out of the count"
