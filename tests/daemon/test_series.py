"""The series of a run: what it says equals the state records of the same moment, and keeping it changes nothing."""

from pathlib import Path

import msgspec
import pytest

from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.replay_files import LINE_FILES, SERIES_FILE
from daemon.series_lines import BookLine, HeadLine, NamesLine, RowLine, ScopeLine, SeriesLine
from risk.measures import METRICS
from tests.daemon.report_html.made_run import made_events, made_setup, replayed
from tests.helpers import records_of


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[SeriesLine]:
    folder = tmp_path_factory.mktemp("series")
    replayed(folder, made_events(), made_setup())
    decoder = msgspec.json.Decoder(SeriesLine)
    return [decoder.decode(line) for line in (folder / SERIES_FILE).read_bytes().splitlines()]


@pytest.mark.parametrize("batch", [1, 17])
def test_keeping_a_series_changes_no_other_byte_and_no_batch_changes_it(tmp_path: Path, batch: int) -> None:
    events = made_events()[:300]
    for name, keeps, size in (("with", True, batch), ("without", False, 1_000), ("whole", True, 1_000)):
        replayed(tmp_path / name, events, made_setup(), keeps_series=keeps, batch=size)
    for file in LINE_FILES:
        assert (tmp_path / "with" / file).read_bytes() == (tmp_path / "without" / file).read_bytes()
    assert not (tmp_path / "without" / SERIES_FILE).exists()
    assert (tmp_path / "with" / SERIES_FILE).read_bytes() == (tmp_path / "whole" / SERIES_FILE).read_bytes()
    first, second = ([*(tmp_path / name / "audit").iterdir()] for name in ("with", "without"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_it_begins_with_its_head_and_names_and_has_every_scope_after_every_row(lines: list[SeriesLine]) -> None:
    head, names = lines[:2]
    assert isinstance(head, HeadLine)
    assert isinstance(names, NamesLine)
    assert head.metrics == METRICS
    assert [limit.id for limit in head.limits] == ["leverage", "drawdown", "loss", "var<i>"]
    rows = [place for place, line in enumerate(lines) if isinstance(line, RowLine)]
    assert len(rows) == len({line.date for line in lines if isinstance(line, RowLine)}) > 140
    for place in rows:
        found = [line for line in lines[place + 1 : place + 4] if isinstance(line, ScopeLine)]
        assert found[0].scope == "firm"
        assert len({line.scope for line in found}) == 3


def test_each_row_says_what_the_state_records_of_its_moment_say() -> None:
    """A second core, one input a step: its records after a row against the lines that came with it."""
    setup = made_setup()
    core = Core(setup, keeps_series=True)
    compared = 0
    events = made_events()[: 4 * 60]
    held: dict[str, dict[str, float]] = {}
    for item in decode_inputs(records_of(events), {each.code for each in setup.calendars}, setup.config):
        outputs = core.step([item])
        row = next((line for line in outputs.series if isinstance(line, RowLine)), None)
        if row is None:
            continue
        names = [terms.name for terms in core.state.terms]
        returns = dict(zip(names, row.returns, strict=True))
        records = {str(record["scope"]): record for record in core.state_records()}
        for line in (line for line in outputs.series if isinstance(line, ScopeLine)):
            compare(line, records[line.scope], names)
            if line.scope in held:
                loss = -sum(exposure * returns[name] for name, exposure in held[line.scope].items())
                assert line.loss == pytest.approx(loss, rel=1e-9, abs=1e-9)
                compared += 1
            held[line.scope] = dict(zip(names, line.exposure, strict=True))
    assert compared > 100


def compare(line: ScopeLine, record: dict[str, object], names: list[str]) -> None:
    """Hold one line against the record of the same scope."""
    document = msgspec.json.decode(msgspec.json.encode(record))
    assert line.nav == document["nav"]
    assert line.index == document["index"]
    assert line.trust == document["trust"]
    assert dict(zip(METRICS, line.metrics, strict=True)) == {
        name: each["value"] for name, each in document["metrics"].items()
    }
    assert list(line.stress) == [each["loss"] for each in document["stress"].values()]
    shown = {name: value for name, value in zip(names, line.exposure, strict=True) if value != 0.0}
    assert shown == document["exposures"]["by_instrument"]
    parts = {name: value for name, value in zip(names, line.component, strict=True) if name in shown}
    assert parts == pytest.approx(document["component_var"], rel=1e-9)
    assert [[use.limit, use.level, use.utilisation, use.life] for use in line.limits] == [
        [each["limit"], each["level"], each["utilisation"], each["life"]] for each in document["limits"]
    ]


def test_a_book_is_kept_for_every_decision_that_fires_and_for_no_other(tmp_path: Path) -> None:
    replayed(tmp_path, made_events(), made_setup())
    decoder = msgspec.json.Decoder(SeriesLine)
    found = [decoder.decode(line) for line in (tmp_path / SERIES_FILE).read_bytes().splitlines()]
    books = {line.d: line for line in found if isinstance(line, BookLine)}
    fired = {}
    for line in (tmp_path / "decisions.jsonl").read_bytes().splitlines():
        decision = msgspec.json.decode(line)
        if decision["transition"].endswith(">firing") and decision["kind"] == "transition":
            fired[decision["d"]] = decision
    assert set(books) == set(fired)
    assert len(books) > 3
    for d, book in books.items():
        assert (book.scope, book.ts) == (fired[d]["scope"], fired[d]["ts_decided"])
