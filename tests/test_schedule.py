"""The order of the files: longest first, nothing left out, and no file in the list that is gone."""

from pathlib import Path

import pytest

from tests.schedule import SECONDS, ordered

ROOT = Path(__file__).parent.parent


def test_every_file_in_the_list_is_there() -> None:
    assert [name for name in SECONDS if not (ROOT / name).is_file()] == []


def test_the_longest_come_first_and_each_files_tests_stay_together_in_order(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    again = ordered(items[::-1])
    assert sorted(item.nodeid for item in again) == sorted(item.nodeid for item in items)
    files = [item.nodeid.split("::")[0] for item in again]
    lengths = [SECONDS.get(name, 0) for name in files]
    assert lengths == sorted(lengths, reverse=True)
    for name in set(files):
        mine = [item.nodeid for item in items if item.nodeid.startswith(f"{name}::")]
        assert [item.nodeid for item in again if item.nodeid.startswith(f"{name}::")] == mine[::-1]
