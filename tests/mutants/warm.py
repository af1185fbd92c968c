"""Imported once for all mutants: what no mutant changes, so that each of them forks from a process that has it.

Nothing of the product but its kernels, which import nothing else of it; `swap` notices a mutant's module that was
imported too early. Their cache is set first, as tests/conftest.py does.
"""

import pkgutil
from importlib import import_module

from daemon.numba_cache import use_numba_cache

use_numba_cache()

OTHERS = (
    "confluent_kafka", "cryptography.hazmat.primitives.asymmetric.ed25519", "exchange_calendars", "hypothesis",
    "hypothesis.extra.numpy", "msgspec", "numba", "numpy", "orjson", "pandas", "prometheus_client", "pydantic",
    "pytest", "rich.console", "scipy.optimize", "scipy.stats", "structlog", "typer", "yaml", "zstandard",
)  # fmt: skip
for _name in OTHERS:
    import_module(_name)
for _folder in ("risk/kernels", "feeds/kernels"):
    for _module in pkgutil.iter_modules([_folder], f"{_folder.replace('/', '.')}."):
        import_module(_module.name)
