"""The wiring: a configuration file becomes a setup, or one error with every fault."""

from pathlib import Path

import pytest

from config.faults import ConfigError
from config.scenarios import load_scenarios
from config.setup import setup_digest
from daemon.wiring import build_setup

LIBRARY = """scenarios:
  - {id: mine, name: Mine, date: hypothetical, horizon_days: 1, probability_per_year: 0, liquidity: normal,
     provenance: me, shocks: {equity: -0.1}}
"""


def test_without_a_file_the_shipped_default_is_built() -> None:
    setup = build_setup(None)
    assert [calendar.code for calendar in setup.calendars] == ["XNYS"]
    assert setup.scenarios == load_scenarios(None)
    assert len(setup.config.enforcement.limits) == 15


def test_the_same_file_builds_the_same_setup(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("calendar: {base: 24/7, start: 2020-01-01, end: 2020-12-31}\n")
    assert setup_digest(build_setup(path)) == setup_digest(build_setup(path))
    assert len(build_setup(path).calendars[0].dates) == 366


def test_a_library_is_found_beside_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(LIBRARY)
    (tmp_path / "c.yaml").write_text("scenarios: library.yaml\n")
    assert [scenario.id for scenario in build_setup(tmp_path / "c.yaml").scenarios] == ["mine"]


def test_a_faulty_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(LIBRARY.replace("-0.1", "-7"))
    (tmp_path / "c.yaml").write_text("scenarios: library.yaml\n")
    with pytest.raises(ConfigError, match=r"library\.yaml:3:31: scenarios\[0\]\.shocks\.equity"):
        build_setup(tmp_path / "c.yaml")


def test_a_calendar_without_sessions_in_the_range_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("calendar: {base: XSAU, start: 1990-01-01, end: 1995-01-01}\n")
    with pytest.raises(ConfigError, match=r"calendar: calendar 'XSAU' from 1990-01-01 to 1995-01-01"):
        build_setup(tmp_path / "c.yaml")
