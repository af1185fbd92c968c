"""What every test shares: the kernels' cache, set before numba is imported, and repeatable hypothesis runs."""

from hypothesis import settings

from daemon.numba_cache import use_numba_cache

use_numba_cache()

# The same examples on every run, and no timing failures on a noisy machine.
settings.register_profile("riskd", derandomize=True, deadline=None, database=None)
settings.load_profile("riskd")
