"""`riskd check FILE --journal DIR`: what a start with the file would do, before anybody restarts anything."""

from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from config.setup import setup_to_json
from daemon.cli import app
from daemon.core import MODEL_VERSION
from daemon.edge import configured_input, decode_inputs, journal_entries
from daemon.journal import JournalWriter
from daemon.start_preview import preview_lines, start_previews
from daemon.wiring import build_setup
from feeds.journal_frames import JournalError
from tests.helpers import command, records_of

VAR = {"id": "var", "sensor": "var_breach", "metric": "var_99", "levels": [{"at": 200_000, "action": "throttle"}]}
CAP = {"id": "cap", "sensor": "exposure", "metric": "gross", "hard": True, "levels": [{"at": 1e6, "action": "halt"}]}
FILE: dict[str, object] = {"portfolios": ["firm"], "enforcement": {"mode": "gradual", "limits": [VAR, CAP]}}


def file_at(folder: Path, document: dict[str, object]) -> Path:
    path = folder / "riskd.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def with_level(at: float) -> dict[str, object]:
    document: dict[str, object] = orjson.loads(orjson.dumps(FILE))
    enforcement = document["enforcement"]
    assert isinstance(enforcement, dict)
    enforcement["limits"][0]["levels"][0]["at"] = at
    return document


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal of a run under FILE in which limits were asked for by command, too."""
    setup = build_setup(file_at(tmp_path, FILE))
    asked = command("limits", 5, "l1", limits=[VAR], merge=True)
    with JournalWriter(tmp_path / "journal", 0, 1 << 20, setup_digest="a") as writer:
        writer.append(journal_entries([configured_input(setup, MODEL_VERSION)]))
        writer.append(journal_entries(decode_inputs(records_of([asked]), set(), setup.config)))
    return tmp_path / "journal"


def checked(config: Path, journal: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["check", str(config), "--journal", str(journal), *more])


def test_the_same_file_goes_on_as_it_was(tmp_path: Path, journal: Path) -> None:
    ran = checked(file_at(tmp_path, FILE), journal)
    assert (ran.exit_code, "a start would go on as it was" in ran.output) == (0, True)
    moved = checked(file_at(tmp_path, {**FILE, "http": {"port": 1}}), journal)
    assert "go on as it was; only addresses and folders" in moved.output


def test_a_changed_limit_is_named_with_what_it_costs(tmp_path: Path, journal: Path) -> None:
    ran = checked(file_at(tmp_path, with_level(250_000)), journal)
    assert ran.exit_code == 0
    assert "a start would go on with 1 limit changed:" in ran.output
    assert "enforcement.limits[var].levels[hard].at: 200000.0 -> 250000.0" in ran.output
    assert "evidence begins anew, a stage lower: var" in ran.output
    assert "less strict than what stands, in one person's file: var" in ran.output
    assert "in the place of what commands made of the limits: l1" in ran.output


def test_what_no_core_takes_over_exits_1_with_both_values(tmp_path: Path, journal: Path) -> None:
    path = file_at(tmp_path, {**FILE, "refit": 7})
    ran = checked(path, journal)
    assert ran.exit_code == 1
    assert "would be refused" in ran.output
    assert "refit: 5 -> 7" in ran.output
    told = orjson.loads(checked(path, journal, "--json").stdout)
    assert told["ok"] is False
    assert told["starts"][0]["refused"] == [{"path": "refit", "old": 5, "new": 7}]


def test_the_preview_is_what_the_start_does(tmp_path: Path, journal: Path) -> None:
    setup = build_setup(file_at(tmp_path, with_level(150_000)))
    [preview] = start_previews(journal, setup)
    assert (preview.takeover.restarts, preview.takeover.loosened, preview.commands) == (("var",), (), ("l1",))
    with JournalWriter(journal, 0, 1 << 20, setup_digest="b") as writer:
        writer.append(journal_entries([configured_input(setup, MODEL_VERSION)]))
    [again] = start_previews(journal, setup)
    assert not again.changes.taken
    assert again.commands == ()  # those before the last configuration are history
    assert setup_to_json(setup) == setup_to_json(build_setup(tmp_path / "riskd.yaml"))


def test_another_model_is_told(tmp_path: Path) -> None:
    setup = build_setup(file_at(tmp_path, FILE))
    with JournalWriter(tmp_path / "old", 0, 1 << 20, setup_digest="a") as writer:
        writer.append(journal_entries([configured_input(setup, "1")]))
    [preview] = start_previews(tmp_path / "old", setup)
    assert any("was decided by model 1" in line for line in preview_lines(preview))


def test_a_folder_without_a_journal_is_no_preview(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no journal: a start would begin one"):
        start_previews(tmp_path, build_setup(file_at(tmp_path, FILE)))
