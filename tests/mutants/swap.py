"""A plugin of pytest that imports one file of the product with a guard taken away: -p tests.mutants.swap.

The name of the mutant comes in the environment. Nothing is written: the file on disk stays as it is, and the changed
code is compiled from its text, never taken from nor put into a cache.
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from hypothesis import Phase, settings

from tests.mutants.catalogue import MUTANTS
from tests.mutants.forked import NAME
from tests.mutants.mutant import Mutant


class _MutantLoader(SourceFileLoader):
    """Compiles the mutant's text in the place of the file's."""

    def __init__(self, mutant: Mutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the changed text; past the cache of compiled files."""
        path = self.get_filename(fullname)
        return self.source_to_code(self._mutant.mutated(self.get_data(path).decode()).encode(), path)


class _MutantFinder(MetaPathFinder):
    """Finds one module: the mutant's."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how the mutant's module is loaded; None for any other."""
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise ImportError(f"mutant {self._mutant.name}: no module {fullname}")
        spec.loader = _MutantLoader(self._mutant, spec.origin)
        return spec


def pytest_sessionstart() -> None:
    """Look for no smaller example of a failure: that there is one is all that is asked."""
    settings.register_profile("mutant", settings.get_profile("riskd"), phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutant")


def _install() -> None:
    mutant = next(each for each in MUTANTS if each.name == os.environ[NAME])
    assert mutant.module not in sys.modules, f"{mutant.module} was imported before its guard could be taken away"
    sys.meta_path.insert(0, _MutantFinder(mutant))


_install()
