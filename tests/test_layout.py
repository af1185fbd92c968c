"""The shape of the repository: names, sizes, and nothing that belongs to one machine."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("daemon", "risk", "sensors", "enforcement", "feeds", "config", "audit")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
# Hosts that serve packages; a file that names one would send a user there, whatever their own settings say.
REGISTRIES = re.compile(
    rb"(?i)(?:files\.)?pythonhosted\.org|(?:test\.)?pypi\.org|/simple/?[\"' ]|--(?:extra-)?index-url|"
    rb"repo1?\.maven\.(?:apache\.)?org|registry\.npmjs\.org|conda\.anaconda\.org|index\.docker\.io"
)
MACHINE = re.compile(rb"/work/(?:main|shared)|/home/\w+/|/root/")


def sources() -> list[Path]:
    """Return the Python files of the product and its tests."""
    found = chain.from_iterable((ROOT / name).rglob("*.py") for name in (*PACKAGES, "deploy", "docs", "tests"))
    return sorted(path for path in found if "__pycache__" not in path.parts)


def texts() -> list[Path]:
    """Return every text file of the tree, apart from what tools and runs leave behind."""
    tops = [path for path in sorted(ROOT.iterdir()) if not path.name.startswith(".") or path.name == ".ci"]
    left_behind = {"__pycache__", "out", "logs", "node_modules"}
    found: list[Path] = []
    for top in tops:
        paths = top.rglob("*") if top.is_dir() else [top]
        found += [path for path in paths if path.is_file() and not left_behind & set(path.relative_to(ROOT).parts)]
    return [path for path in found if b"\0" not in path.read_bytes()[:4096]]


def named(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_no_other_distribution_claims_our_package_names() -> None:
    """The packages are flat; another distribution with one of the names would shadow ours or be shadowed."""
    claimed = packages_distributions()
    assert {name: set(claimed.get(name, ["riskd"])) for name in PACKAGES} == {name: {"riskd"} for name in PACKAGES}


def test_the_packages_that_are_imported_are_those_of_this_tree() -> None:
    for name in PACKAGES:
        assert Path(str(__import__(name).__file__)).parent == ROOT / name


def test_no_file_is_longer_than_300_lines() -> None:
    long = {path: len(path.read_text().splitlines()) for path in sources()}
    assert named([path for path, lines in long.items() if lines > FILE_LINES_MAX]) == []


def test_no_function_is_longer_than_60_lines() -> None:
    long = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert long == []


def test_the_first_line_of_every_file_says_what_it_is_for() -> None:
    silent = [path for path in sources() if path.read_bytes().strip() and not path.read_bytes().startswith(b'"""')]
    assert named(silent) == []


def test_package_files_hold_a_docstring_and_no_code_but_for_the_list_of_sensors() -> None:
    for name in PACKAGES:
        body = ast.parse((ROOT / name / "__init__.py").read_bytes()).body
        docstring = body[:1]
        assert docstring
        assert isinstance(docstring[0], ast.Expr)
        assert name == "sensors" or len(body) == 1, name


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "manager"])
def test_no_file_is_named_after_nothing(word: str) -> None:
    assert [path for path in named(sources()) if word in Path(path).stem and path != "tests/helpers.py"] == []


def test_no_text_names_a_registry_or_a_path_of_one_machine() -> None:
    """Where packages and jars come from is the user's setting, never ours."""
    found = []
    for path in texts():
        if path == Path(__file__):
            continue
        content = path.read_bytes()
        found += [
            f"{path.relative_to(ROOT)}: {match[0].decode()}"
            for pattern in (REGISTRIES, MACHINE)
            if (match := pattern.search(content))
        ]
    assert found == []


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_riskd_refuses_to_start_without_its_assertions(flag: str) -> None:
    ran = subprocess.run(
        [sys.executable, flag, "-m", "daemon.cli", "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode != 0
    assert b"-O" in ran.stderr
    assert ran.stdout == b""
