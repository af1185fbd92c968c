"""The library of crises: what is shipped, its figures, and how a library of one's own can be wrong."""

from pathlib import Path

import pytest
from skfolio.datasets import load_sp500_index

from config.calendars import build_calendar
from config.crises import load_crises, parse_crises
from config.faults import ConfigError

GOOD = """crises:
  - name: mine
    title: Mine
    start: 2008-10-09
    end: 2008-10-10
    source: me
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_crises(text.encode(), "mine.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_each_shipped_crisis_starts_and_ends_at_a_session_and_names_its_source() -> None:
    sessions = set(build_calendar("XNYS", "1990-01-01", "2022-12-31").dates_sorted)
    shipped = load_crises(None)
    assert [crisis.start for crisis in shipped] == sorted(crisis.start for crisis in shipped)
    assert {"ltcm_1998", "quant_2007", "gfc_2008", "covid_2020"} <= {crisis.name for crisis in shipped}
    for crisis in shipped:
        assert crisis.start_day in sessions
        assert crisis.end_day in sessions
        assert len(crisis.source) > 20


def test_the_index_moved_as_the_library_says() -> None:
    index = load_sp500_index().iloc[:, 0]
    for crisis in load_crises(None):
        moved = index[crisis.end] / index[crisis.start] - 1.0
        assert crisis.sp500 == pytest.approx(moved, abs=5e-4 + 1e-12), crisis.name


def test_the_first_return_of_a_crisis_is_the_session_after_its_start() -> None:
    (crisis,) = parse_crises(GOOD.encode(), "mine.yaml")
    assert [crisis.holds(day) for day in range(crisis.start_day - 1, crisis.end_day + 2)] == [False, False, True, False]


def test_one_of_ones_own_loads(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    (crisis,) = load_crises(path)
    assert (crisis.name, crisis.title, crisis.start, crisis.end, crisis.sp500) == (
        "mine", "Mine", "2008-10-09", "2008-10-10", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2008-10-10", "2008-10-09", "crises[0].end: end must be after start, 2008-10-09, got 2008-10-09"),
        ("2008-10-10", "2008-02-30", "crises[0].end"),
        ("2008-10-10", "yesterday", "end must match pattern"),
        ("    source: me\n", "", "source is required"),
        ("name: mine", "name: Mine!", "name must match pattern"),
        ("title: Mine", "title: Mine\n    sp500: -1", "sp500 must be greater than -1, got -1"),
        ("title: Mine", "title: Mine\n    index: -0.5", "index"),
    ],
)
def test_each_fault_of_a_library_has_its_place(old: str, new: str, words: str) -> None:
    assert old in GOOD
    assert any(words in fault for fault in faults(GOOD.replace(old, new, 1))), faults(GOOD.replace(old, new, 1))


def test_two_crises_of_one_name_show_both_lines() -> None:
    assert any(
        "duplicate crisis 'mine': lines 2 and 7" in fault for fault in faults(GOOD + GOOD.removeprefix("crises:\n"))
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_crises(tmp_path / "none.yaml")
