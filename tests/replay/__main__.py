"""Renews the golden files, with kernels compiled from the present sources: numba alone would take stale ones."""

from daemon.numba_cache import use_numba_cache

use_numba_cache()

if __name__ == "__main__":
    from tests.replay.test_golden import renew

    renew()
