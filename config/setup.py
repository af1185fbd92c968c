"""What a core is built from: configuration, calendars and scenarios, as one value that the journal can hold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from config.scenarios import Scenario
from config.schema import Config

Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The sessions of one exchange.

    code   : name in `exchange_calendars`, such as XNYS or 24/7
    dates  : (n,) proleptic ordinal of each session's date (`datetime.date.toordinal`), strictly increasing
    opens  : (n,) ns since the epoch, UTC
    closes : (n,) ns since the epoch, UTC; closes[k] <= opens[k+1]
    """

    code: str
    dates: Times
    opens: Times
    closes: Times


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a core knows before its first event; same setup and same inputs, same bytes out."""

    config: Config
    calendars: tuple[Calendar, ...]
    scenarios: tuple[Scenario, ...]
