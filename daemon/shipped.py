"""The recordings that riskd ships, by name: each with its configuration, and what of it is real."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shipped:
    """One recording inside the package.

    file, config_file : below the package `config`
    title             : what plays, in a few words
    provenance        : what of it is real and what is not, in one line
    paced_speed       : event time over wall time at which a person can watch it
    paced_from_ns     : event time before which nobody is held back: a history that only fills the windows
    is_intraday       : people are shown the time of day, not the date
    """

    name: str
    file: str
    config_file: str
    title: str
    provenance: str
    paced_speed: float
    paced_from_ns: int = 0
    is_intraday: bool = False

    @property
    def recording(self) -> Path:
        """Path of the recording."""
        return Path(str(files("config") / "recordings" / self.file))

    @property
    def config(self) -> Path:
        """Path of the configuration that goes with it."""
        return Path(str(files("config") / self.config_file))


EQUITIES = Shipped(
    "equities",
    "equities-1990-2022.jsonl.zst",
    "demo.yaml",
    "real daily closes of 20 US stocks, 1990 to 2022",
    "real closes (from skfolio, BSD-3-Clause); firm, books and fills are made up",
    paced_speed=24_000_000.0,  # 33 years in about 43 seconds
)
CRYPTO = Shipped(
    "crypto",
    "crypto-2024-08-09-simulated-history.jsonl.zst",
    "crypto.yaml",
    "eleven minutes of real quotes and trades of bitcoin and ether around a midnight of UTC",
    "quotes and trades from 2024-08-08T23:54:15Z on are real (from hftbacktest, MIT); "
    "THE DAILY HISTORY BEFORE IS SIMULATED; firm, books and fills are made up",
    paced_speed=15.0,  # eleven minutes in about 43 seconds
    paced_from_ns=1_723_161_255_000_000_000,
    is_intraday=True,
)
SHIPPED = (EQUITIES, CRYPTO)
NAMES = tuple(each.name for each in SHIPPED)


def shipped_by_name(name: str) -> Shipped | None:
    """Return the shipped recording of this name, or None."""
    return next((each for each in SHIPPED if each.name == name), None)


def shipped_at(recording: Path) -> Shipped | None:
    """Return the shipped recording that lies at this path, or None for any other."""
    resolved = recording.resolve()
    return next((each for each in SHIPPED if each.recording.exists() and resolved == each.recording.resolve()), None)


def shipped_recording() -> Path:
    """Return the path of the recording of real closes of 20 US stocks, 1990 to 2022."""
    return EQUITIES.recording


def demo_config() -> Path:
    """Return the path of the configuration that goes with it."""
    return EQUITIES.config
