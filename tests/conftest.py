"""What every test shares: the kernels' cache, set before numba is imported, repeatable hypothesis runs, the order."""

import pytest
from hypothesis import settings

from daemon.numba_cache import use_numba_cache
from tests.schedule import ordered, workers

use_numba_cache()

# The same examples on every run, and no timing failures on a noisy machine.
settings.register_profile("riskd", derandomize=True, deadline=None, database=None)
settings.load_profile("riskd")


@pytest.hookimpl(optionalhook=True)  # the mutants run without xdist
def pytest_xdist_auto_num_workers() -> int:
    return workers()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = ordered(items)
