"""The kernels' cache folder: another kernel, another folder."""

from pathlib import Path

import pytest

from daemon.numba_cache import cache_root, kernels_digest


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
