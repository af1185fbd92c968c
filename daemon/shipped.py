"""The files that riskd ships: the demo's recording and its configuration."""

from importlib.resources import files
from pathlib import Path


def shipped_recording() -> Path:
    """Return the path of the recording of real closes of 20 US stocks, 1990 to 2022."""
    return Path(str(files("config") / "recordings" / "equities-1990-2022.jsonl.zst"))


def demo_config() -> Path:
    """Return the path of the configuration that goes with the shipped recording."""
    return Path(str(files("config") / "demo.yaml"))
