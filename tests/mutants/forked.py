"""Runs pytest over one mutant in a process of its own, forked from one that has imported what no mutant changes."""

import os
import sys
from multiprocessing import get_context
from pathlib import Path

NAME = "RISKD_MUTANT"  # the environment's word for `swap`
_OPTIONS = ("-p", "tests.mutants.swap", "-p", "no:xdist", "-x", "--tb=line")
# hypothesis is imported already, which is all that pytest warns of
_QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.mutants.warm"])


def run_with_mutant(name: str, tests: tuple[str, ...], top: Path, said: Path, timeout_s: float) -> int | None:
    """Return pytest's exit code of these tests under the mutant, None where the time was not enough.

    top  : the project's folder, which becomes the process's
    said : file for all that it prints
    """
    process = _FORKS.Process(target=_run, args=(name, tests, str(top), str(said)))
    process.start()
    process.join(timeout_s)
    if process.exitcode is None:
        process.kill()
        process.join()
        return None
    return process.exitcode


def _run(name: str, tests: tuple[str, ...], top: str, said: str) -> None:
    os.chdir(top)
    os.environ[NAME] = name
    sys.dont_write_bytecode = True
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import pytest

    code = int(pytest.main([*_OPTIONS, *_QUIET, *tests]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # nothing of it is used again, so nothing is taken apart
