"""What `riskd status` shows: the urgent first, and nothing that a record may hold breaks it."""

import doctest
import io
from dataclasses import replace

import msgspec
import pytest
from rich.console import Console

import daemon.status_tables
from daemon.report import Report
from daemon.state_document import state_document
from daemon.state_views import ScopeView, StateDocument
from daemon.status_view import status_view
from tests.daemon.report_sample import report_of, small_core


def document_of(report: Report) -> StateDocument:
    content = state_document(report)
    assert content is not None
    return msgspec.json.decode(content, type=StateDocument)


def text_of(document: StateDocument, *, width: int = 160, height: int | None = None) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(status_view(document, width=width, height=height))
    return stream.getvalue()


def with_lives(document: StateDocument, **lives: str) -> StateDocument:
    """Return the document with these lives of `<limit>_<level>` in every scope."""

    def changed(scope: ScopeView) -> ScopeView:
        limits = [
            msgspec.structs.replace(limit, life=lives.get(f"{limit.limit}_{limit.level}", "ok"))
            for limit in scope.limits
        ]
        return msgspec.structs.replace(scope, limits=limits)

    return msgspec.structs.replace(document, states=[changed(scope) for scope in document.states])


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(small_core())


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(daemon.status_tables).failed == 0


def test_the_head_says_ready_or_which_condition_does_not_hold(report: Report) -> None:
    assert text_of(document_of(report)).splitlines()[0].startswith("riskd READY")
    lines = text_of(
        document_of(replace(report, troubles={"publishing": "outputs wait to leave since 12 s"}))
    ).splitlines()
    assert lines[0].startswith("riskd NOT READY")
    assert lines[1] == "  publishing: outputs wait to leave since 12 s"


def test_what_fired_stands_above_everything_else_and_says_why(report: Report) -> None:
    text = text_of(document_of(report))
    places = [text.index(title) for title in ("What fired, and why", "Books", "Nearest", "Data", "Service", "Evidence")]
    assert places == sorted(places)
    fired = text[places[0] : places[1]].splitlines()
    row = next(line for line in fired if line.startswith(" firm/a "))
    for word in ("leverage soft", "firing", "200%", "warn", "shadow", "gross leverage 0.20x, limit 0.1"):
        assert word in row


def test_the_most_urgent_comes_first_then_the_most_used(report: Report) -> None:
    text = text_of(document_of(report))
    rows = [line.split()[0:4] for line in text[: text.index("Books")].splitlines() if line.startswith(" firm")]
    assert [(row[0], row[3]) for row in rows] == [("firm/a", "firing"), ("firm", "firing"), ("firm", "no_data")]


def test_a_quiet_night_says_so(report: Report) -> None:
    text = text_of(with_lives(document_of(report)))
    assert "No limit fires, none is pending, none lacks its number." in text
    assert "What fired" not in text


def test_a_number_that_is_missing_is_not_called_fired(report: Report) -> None:
    text = text_of(with_lives(document_of(report), var99_hard="no_data"))
    assert "Nothing fires; these are not ok" in text
    assert "VaR 99% 1d has no number (INSUFFICIENT)" in text


def test_an_operator_s_halt_shows_no_level(report: Report) -> None:
    text = text_of(with_lives(document_of(report), operator_halt_hard="firing"))
    row = next(line for line in text.splitlines() if "operator_halt" in line)
    assert "halted by the operator" in row
    assert "limit 0.5" not in row


def test_a_small_terminal_shows_the_first_rows_and_counts_the_others(report: Report) -> None:
    one = document_of(report)
    many = [msgspec.structs.replace(one.states[1], scope=f"firm/desk{i}") for i in range(30)]
    document = with_lives(msgspec.structs.replace(one, states=many), leverage_soft="firing")
    text = text_of(document, width=80, height=40)
    assert "and 25 more: --once shows all" in text
    assert "more: --once" not in text_of(document)


def test_books_show_numbers_with_their_trust(report: Report) -> None:
    text = text_of(document_of(report))
    row = next(line for line in text[text.index("Books") :].splitlines() if line.startswith(" firm "))
    assert row.split() == [
        "firm", "ACTIVE", "REDUCING", "10.0k", "-?", "-?", "300~", "0.0%", "0.12x", "fresh", "yes",
    ]  # fmt: skip


def test_silent_sources_and_what_is_not_fresh_are_named(report: Report) -> None:
    text = text_of(document_of(report))
    assert "held: 1 fresh, 1 stale: S1 stale" in text
    assert "source feed: 5s ago, at most 1m 0s" in text
    assert "source mute: SILENT, never heard, at most 1s" in text


def test_the_service_line_says_what_waits_where(report: Report) -> None:
    line = next(line for line in text_of(document_of(report)).splitlines() if "epoch" in line)
    for words in (
        "market_data 7",
        "in merge 1",
        "to leave 2 (oldest 0.2 s)",
        "to audit 3",
        "lease 30 s",
        "shadow seq 9",
    ):
        assert words in line


def test_several_shards_are_told_apart(report: Report) -> None:
    text = text_of(document_of(report_of(small_core(), shards=2)))
    assert "shard 0: epoch 3" in text
    assert "shard 1: epoch 3" in text


def test_infinite_and_missing_numbers_are_shown(report: Report) -> None:
    document = document_of(report)
    scope = document.states[0]
    limits = [msgspec.structs.replace(limit, utilisation="Infinity", at="Infinity") for limit in scope.limits]
    strange = msgspec.structs.replace(scope, nav="Infinity", limits=limits)
    text = text_of(msgspec.structs.replace(document, states=[strange]))
    assert "∞" in text
    assert "infx" in text


def test_a_daemon_without_books_or_limits_is_shown() -> None:
    assert "READY" in text_of(StateDocument(1, 0, False, {}, [], []))
