"""`riskd report` and `riskd replay --report` as a person meets them."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app, main
from daemon.cli_errors import EXIT_FAILED
from daemon.replay_files import LINE_FILES
from daemon.shipped import shipped_recording
from feeds.recording import read_records
from feeds.recording_writer import write_recording

LINES = 700  # seven weeks of the shipped recording


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "day.jsonl"
    records = next(iter(read_records(shipped_recording())))
    write_recording(path, [record.payload for record in records[:LINES]])
    return path


def ran(*arguments: str | Path) -> str:
    """Run the command and return its standard output; anything but success is raised."""
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_replay_s_report_is_made_again_from_its_folder_and_goes_with_it(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "day"
    ran("replay", recording, "--out", out, "--report")
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [*LINE_FILES, "audit", "report.html", "series.jsonl", "summary.json"]
    )
    page = (out / "report.html").read_bytes()
    assert b"<h1>Risk report: " in page
    again = tmp_path / "again.html"
    assert ran("report", out, "--out", again).strip() == str(again)
    assert again.read_bytes() == page
    ran("replay", recording, "--out", out)
    assert not (out / "report.html").exists(), "an earlier replay's report must not stand beside other numbers"
    assert not (out / "series.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("matplotlib", "package matplotlib is not installed; a report needs riskd's extra `report`"),
        ("jinja2", "package jinja2 is not installed; a report needs riskd's extra `report`"),
    ],
)
def test_without_the_extra_nothing_long_begins_and_it_says_what_to_install(
    name: str, told: str, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, name, None)  # as where it is not installed
    for arguments in (["report", recording], ["replay", recording, "--out", tmp_path / "out", "--report"]):
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        assert left.value.code == EXIT_FAILED
        assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_a_replay_without_a_series_is_told_what_it_lacks(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plain"
    ran("replay", recording, "--out", out)
    with pytest.raises(SystemExit) as left:
        main(["report", str(out)])
    assert left.value.code == EXIT_FAILED
    assert "holds no series.jsonl; replay it with --report, or name the recording itself" in capsys.readouterr().err
