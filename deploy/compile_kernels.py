"""Compile every kernel into the cache, for an image that must not compile at its start.

    python -m deploy.compile_kernels RECORDING

RECORDING is a small one with every type of event (tests/replay/golden); the shipped one brings the rows that tails are
fitted on; what a daemon warms itself with asks about orders. Ends with 1 where a kernel was not compiled: what is added
to risk/kernels must be reached here.
"""

import sys
import tempfile
from itertools import islice
from pathlib import Path

from daemon.numba_cache import use_numba_cache

CONFIG = Path(__file__).with_name("compile.yaml")
LINES = 8_000  # of the shipped recording: a year and a half of closes, so that tails are fitted

# A stock that joins late, and a split that is told late: each has a kernel of its own.
_LATECOMERS = (
    b'{"type":"instrument","ts":700000000000000000,"instrument":"NEW","kind":"equity","currency":"USD",'
    b'"calendar":"XNYS","sector":"Energy"}',
    b'{"type":"trade","ts":700000000000000000,"instrument":"NEW","price":10}',
    b'{"type":"adjustment","ts":700000000000000001,"instrument":"AAPL","ex_ts":665000000000000000,"price_factor":0.5}',
)


def main(arguments: list[str]) -> None:
    """Replay both recordings, then name the kernels that stayed uncompiled."""
    if len(arguments) != 1:
        sys.exit("usage: python -m deploy.compile_kernels RECORDING")
    use_numba_cache()
    with tempfile.TemporaryDirectory(prefix="riskd-compile-") as folder:
        _replay_all(Path(arguments[0]), Path(folder))
    missing = uncompiled()
    if missing:
        sys.exit(f"{len(missing)} kernels were not compiled: {', '.join(missing)}")


def uncompiled() -> list[str]:
    """Return the names of kernels that this process has not compiled; meant for an empty cache.

    A kernel that comes from the cache does not load those that it calls.
    """
    import importlib
    import pkgutil

    import risk.kernels

    found = []
    for module in pkgutil.iter_modules(risk.kernels.__path__, "risk.kernels."):
        for name, value in vars(importlib.import_module(module.name)).items():
            own = getattr(value, "__module__", None) == module.name
            if own and hasattr(value, "nopython_signatures") and not value.nopython_signatures:
                # What is inlined everywhere has no machine code of its own.
                found += [] if value.targetoptions.get("inline") == "always" else [f"{module.name}.{name}"]
    return found


def _replay_all(recording: Path, folder: Path) -> None:
    from daemon.replay import ReplayPlan, replay
    from daemon.shipped import shipped_recording
    from daemon.warm_kernels import warm_kernels
    from daemon.wiring import build_setup
    from feeds.recording import read_records
    from feeds.recording_writer import write_recording

    lines = (record.payload for chunk in read_records(shipped_recording()) for record in chunk)
    first = folder / "first.jsonl"
    write_recording(first, [*islice(lines, LINES), *_LATECOMERS])
    for number, source in enumerate((recording, first)):
        replay(ReplayPlan(recording=source, out=folder / str(number), config=CONFIG))
    warm_kernels(build_setup(CONFIG))


if __name__ == "__main__":
    main(sys.argv[1:])
