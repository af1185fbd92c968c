"""The list of inputs after which a replay writes states."""

from pathlib import Path

import pytest

from daemon.states_at import read_states_at


@pytest.mark.parametrize("text", ["3\n1\n2\n3\n", "[3, 1, 2, 3]", " 3 1 2 "])
def test_the_list_comes_back_ascending_and_each_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "points"
    path.write_text(text)
    assert read_states_at(path) == (1, 2, 3)


def test_an_empty_list_is_no_states(tmp_path: Path) -> None:
    path = tmp_path / "points"
    path.write_text("")
    assert read_states_at(path) == ()


@pytest.mark.parametrize("text", ["1\n0", "[1, -2]", "[true]", "[1.0]", "one", "[1,", '["1"]'])
def test_what_is_no_input_number_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "points"
    path.write_text(text)
    with pytest.raises(ValueError, match="points"):
        read_states_at(path)
