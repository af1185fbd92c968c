"""Where numba files a compiled kernel of ours: by its package, not by the folder that it was imported from.

`daemon/numba_cache.py` gives each state of the sources a folder of its own, so that a kernel of the same name in it is
the same kernel wherever it lies: a second clone, or a fresh one, compiles nothing again. Named to numba in
`NUMBA_CACHE_LOCATOR_CLASSES`.
"""

from collections.abc import Callable
from typing import Self

from numba.core import config
from numba.core.caching import UserProvidedCacheLocator

PACKAGES = ("risk.kernels", "feeds.kernels")


class KernelPlace(UserProvidedCacheLocator):
    """The folder `<NUMBA_CACHE_DIR>/<package>`."""

    def __init__(self, kernel: Callable[..., object], source_file: str) -> None:
        super().__init__(kernel, source_file)
        self._cache_path = f"{config.CACHE_DIR}/{package_of(kernel)}"

    @classmethod
    def from_function(cls, kernel: Callable[..., object], source_file: str) -> Self | None:
        """Return the place of a kernel; None for a function of others, which numba then files by itself."""
        if package_of(kernel) not in PACKAGES:
            return None
        place: Self | None = super().from_function(kernel, source_file)
        return place


def package_of(kernel: Callable[..., object]) -> str:
    """Return the name of the package that a function was defined in."""
    return kernel.__module__.rpartition(".")[0]
