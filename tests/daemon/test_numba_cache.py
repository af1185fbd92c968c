"""The kernels' cache folder: another kernel, another folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.numba_cache import PLACES, cache_root, kernels_digest

KERNELS = Path(__file__).parents[2] / "risk" / "kernels"
# Compiles a kernel, and tells how often it was found and how often not.
RUN = "from risk.kernels.tiny import f; f(1.0); print(f.stats.cache_hits.total(), f.stats.cache_misses.total())"
TINY = "from numba import njit\n\n@njit(cache=True)\ndef f(x):\n    return x + 1.0\n"


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_digest_changes_with_any_source_file_its_name_and_its_bounds(tmp_path: Path) -> None:
    base = {"a.py": "x = 1", "kernels/b.py": "y = 2"}
    variants = [
        base,
        base | {"kernels/b.py": "y = 3"},
        base | {"kernels/c.py": ""},
        {"a.py": "x = 1", "b.py": "y = 2"},
        {"a.py": "x = 1y = 2", "kernels/b.py": ""},
    ]
    digests = {kernels_digest(tree(tmp_path / str(i), files)) for i, files in enumerate(variants)}
    assert len(digests) == len(variants)


def test_the_digest_ignores_what_is_no_source(tmp_path: Path) -> None:
    before = kernels_digest(tree(tmp_path, {"a.py": "x = 1"}))
    assert kernels_digest(tree(tmp_path, {"__pycache__/a.pyc": "?"})) == before


def test_the_cache_folder_is_where_the_operator_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKD_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("RISKD_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_root() == tmp_path / "home" / ".cache" / "riskd"


def test_a_clone_in_another_folder_compiles_nothing_again(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_CACHE_LOCATOR_CLASSES": PLACES}
    told = []
    for clone in ("first", "second"):
        folder = tree(
            tmp_path / clone, {"risk/__init__.py": "", "risk/kernels/__init__.py": "", "risk/kernels/tiny.py": TINY}
        )
        shutil.copy(KERNELS / "cache_place.py", folder / "risk" / "kernels")
        ran = subprocess.run(
            [sys.executable, "-c", RUN], cwd=folder, env=environment | {"PYTHONPATH": str(folder)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told.append(ran.stdout.split())
    assert told == [["0", "1"], ["1", "0"]]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["risk.kernels"]


def test_functions_of_others_are_left_to_numba() -> None:
    from risk.kernels.cache_place import KernelPlace

    assert KernelPlace.from_function(tree, __file__) is None
