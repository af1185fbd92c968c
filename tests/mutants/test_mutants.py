"""Every guard is needed: with one taken away a test fails, and with all of them in place the same tests pass."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.failures import FAILURES
from tests.mutants.forked import run_with_mutant
from tests.mutants.mutant import Mutant

TOP = Path(__file__).parents[2]
TESTS_FAILED = 1  # pytest's exit code: tests ran, and some failed
TIMEOUT_S = 300.0


def test_every_failure_that_was_seen_has_a_guard_that_is_taken_away() -> None:
    assert {mutant.failure for mutant in MUTANTS} == set(FAILURES)


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_that_was_seen_is_a_test_by_name(failure: str) -> None:
    for test in FAILURES[failure]:
        path, name = test.split("::")
        assert f"def {name}(" in (TOP / path).read_text(), f"{failure}: no test {test}"


def test_names_are_unique() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_guard_taken_away_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    """Exit code 1 and no other: the tests were found and ran, and one of them failed. They pass in the suite itself."""
    text = (TOP / mutant.path).read_text()
    assert mutant.mutated(text) != text
    said = tmp_path / "said"
    code = run_with_mutant(mutant.name, mutant.caught_by, TOP, said, TIMEOUT_S)
    printed = said.read_text()
    assert code == TESTS_FAILED, f"exit code {code}: nothing noticed that {mutant.name} was let in:\n{printed}"
    assert "ERROR" not in printed, f"a test broke instead of failing:\n{printed}"
