"""The options of `riskd record`: what is refused before anything is connected or written."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app, main
from daemon.shipped import demo_config


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--for", "60", "duration must look like 60s"),
        ("--for", "0s", "time must be above 0, got 0s"),
        ("--segment-bytes", "10", "4096"),
    ],
)
def test_wrong_options_are_usage_errors_and_make_no_folder(tmp_path: Path, option: str, value: str, says: str) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["record", "--config", str(demo_config()), "--out", str(out), option, value])
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not out.exists()


def test_a_folder_with_another_recording_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "day.jsonl").write_bytes(b"")
    with pytest.raises(SystemExit) as left:
        main(["record", "--config", str(demo_config()), "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (1, "")
    assert said.err.strip().endswith("is another recording's: a recording needs a folder of its own")
    assert [entry.name for entry in tmp_path.iterdir()] == ["day.jsonl"]
