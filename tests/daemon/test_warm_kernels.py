"""The kernels are there before the first price, whatever the configuration says."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.shipped import demo_config
from daemon.warm_kernels import warm_kernels
from daemon.wiring import build_setup
from risk.kernels.bars import fade_book
from risk.kernels.book import move_exposure, move_unit, rebuild
from risk.kernels.evaluate import mean_correlation_change
from risk.kernels.fitting import largest_fitting
from risk.kernels.liquidity import move_spread
from risk.kernels.measure import measure
from risk.kernels.prices import measure_moved, run_prices
from risk.kernels.stress import mean_of_observed

REPOSITORY = Path(__file__).parents[2]
SAYS = """
from daemon.numba_cache import use_numba_cache
use_numba_cache()
from pathlib import Path
from daemon.shipped import demo_config
from daemon.warm_kernels import warm_kernels
from daemon.wiring import build_setup
import risk.kernels.prices as prices
warm_kernels(build_setup(demo_config()))
print(len(prices.run_prices.signatures))
"""


def signatures_of(kernel: Callable[..., object]) -> list[object]:
    """Return the forms in which a kernel is loaded; numba's dispatchers are untyped."""
    found: list[object] = getattr(kernel, "signatures")  # noqa: B009
    return found


@pytest.mark.parametrize("clock", ["event", "wall"])
def test_every_configuration_can_be_warmed_up(clock: str) -> None:
    setup = build_setup(demo_config())
    warm_kernels(replace(setup, config=setup.config.model_copy(update={"clock": clock})))
    called_from_python = (
        run_prices, measure_moved, measure, rebuild, move_exposure, move_unit, move_spread, fade_book,
        mean_correlation_change, mean_of_observed, largest_fitting,
    )  # fmt: skip
    assert [kernel.__name__ for kernel in called_from_python if not signatures_of(kernel)] == []


def test_a_process_that_is_warm_has_the_kernel_of_prices_in_the_form_that_the_daemon_calls() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAYS], cwd=REPOSITORY, capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout.strip() == "1", "one form, loaded or compiled"
