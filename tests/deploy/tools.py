"""The tools that belong to the files of deploy/: where they are, and what happens where they are not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_IN_CI = ("1", "true", "yes")


def tool(name: str, variable: str, comes_with: str) -> Path:
    """Return the program, from the environment variable or the path; skips without it, and in CI fails.

    comes_with : how one gets it, for the line that says what was skipped
    """
    found = os.environ.get(variable) or shutil.which(name)
    if found:
        return Path(found)
    reason = f"no {name}: {comes_with}, or set {variable}"
    if os.environ.get("CI", "").lower() in _IN_CI:
        pytest.fail(f"in CI the tests of deploy/ must run: {reason}", pytrace=False)
    pytest.skip(reason)


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Run a tool to its end and return what it said; the test fails with that where the tool is not content."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}"
    return said
