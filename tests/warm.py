"""Compiles the kernels of daily life, so that no two workers of the tests compile the same one: python -m tests.warm.

Two minutes and a half of one core where nothing is compiled yet, seconds where all is.
"""

import time

from daemon.numba_cache import use_numba_cache


def main() -> None:
    """Load every kernel, or compile it."""
    began_s = time.monotonic()
    folder = use_numba_cache()
    from daemon.shipped import demo_config
    from daemon.warm_kernels import warm_kernels
    from daemon.wiring import build_setup

    print("Kernels: compiling what is not compiled yet, minutes where all is new.", flush=True)
    warm_kernels(build_setup(demo_config()))
    print(f"Kernels: there after {time.monotonic() - began_s:.0f} s" + (f", in {folder}" if folder else ""))


if __name__ == "__main__":
    main()
