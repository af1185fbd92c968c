"""The command line in the process of a test."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.cli import main


class Ran(NamedTuple):
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str


Riskd = Callable[..., Ran]


@pytest.fixture
def riskd(capfd: pytest.CaptureFixture[str]) -> Riskd:
    """Run `riskd` with these arguments in this process."""

    def run(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        code = left.value.code
        assert code is None or isinstance(code, int)
        return Ran(code or 0, captured.out, captured.err)

    return run
