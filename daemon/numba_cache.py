"""Where numba keeps compiled kernels: a folder named by a digest of everything that can change them.

numba's own check sees an edit of a kernel's file but not of a callee in another file, and would then hand back the old
machine code. The folder's name therefore holds all of `risk/` and `feeds/kernels/`, and the versions of numba and
llvmlite. What it holds is then the same wherever the sources lie: `risk/kernels/cache_place.py` files it so.
"""

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

CACHE_VARIABLE = "RISKD_CACHE"
# Ours first, which leaves the functions of others to numba's own rule.
PLACES = "risk.kernels.cache_place.KernelPlace,UserProvidedCacheLocator"
_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = (_ROOT / "risk", _ROOT / "feeds" / "kernels")


def cache_root() -> Path:
    """Return riskd's cache folder: `RISKD_CACHE`, else `~/.cache/riskd`."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "riskd"


def kernels_digest(*folders: Path) -> str:
    """Return 16 hex digits over the names and bytes of every `*.py` in the folders and the compiler's versions."""
    digest = hashlib.blake2b(f"numba {version('numba')} llvmlite {version('llvmlite')}".encode(), digest_size=8)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def use_numba_cache() -> Path | None:
    """Point numba at the folder of the present kernels; call it before the first import of `risk` or `feeds`.

    An operator's own `NUMBA_CACHE_DIR` is left alone. Returns the folder, None where one was set already.
    Raises RuntimeError if numba was imported before, because it has read the variable by then.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    if "numba" in sys.modules:
        raise RuntimeError("use_numba_cache must run before numba is imported: numba reads NUMBA_CACHE_DIR at import")
    folder = cache_root() / "numba" / kernels_digest(*_SOURCES)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = PLACES
    return folder
