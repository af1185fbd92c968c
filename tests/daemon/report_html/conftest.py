"""The made run, replayed once for all tests of the report."""

from pathlib import Path

import pytest

from daemon.report_html.run_data import RunData, read_run
from tests.daemon.report_html.made_run import made_events, made_setup, replayed


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay's folder with its series."""
    path = tmp_path_factory.mktemp("report") / "run"
    replayed(path, made_events(), made_setup())
    return path


@pytest.fixture(scope="session")
def run(folder: Path) -> RunData:
    """The same, read."""
    return read_run(folder)
