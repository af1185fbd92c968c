"""What a core is built from: configuration, calendars and scenarios, as one value that the journal can hold."""

import hashlib
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from config.crises import Crisis
from config.scenarios import Scenario
from config.schema import Config

Times = NDArray[np.int64]

SETUP_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The sessions of one exchange; two calendars are equal where they are the same object (compare `setup_to_json`).

    code   : name in `exchange_calendars`, such as XNYS or 24/7
    dates  : (n,) proleptic ordinal of each session's date (`datetime.date.toordinal`), strictly increasing
    opens  : (n,) ns since the epoch, UTC
    closes : (n,) ns since the epoch, UTC; opens[k] < closes[k] <= opens[k+1]

    The three `*_sorted` tuples hold the same numbers as Python integers, because `bisect` on them takes a fifth of
    the time of a scalar `np.searchsorted`; open_before[k] is the open time (ns) of all sessions before session k,
    with the whole sum as its last of n + 1 entries. The arrays become read-only.
    """

    code: str
    dates: Times
    opens: Times
    closes: Times
    dates_sorted: tuple[int, ...] = field(init=False, repr=False)
    opens_sorted: tuple[int, ...] = field(init=False, repr=False)
    closes_sorted: tuple[int, ...] = field(init=False, repr=False)
    open_before: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_sessions(self)
        for array in (self.dates, self.opens, self.closes):
            array.setflags(write=False)
        lengths = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(self.closes - self.opens)))
        object.__setattr__(self, "dates_sorted", tuple(self.dates.tolist()))
        object.__setattr__(self, "opens_sorted", tuple(self.opens.tolist()))
        object.__setattr__(self, "closes_sorted", tuple(self.closes.tolist()))
        object.__setattr__(self, "open_before", tuple(lengths.tolist()))


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a core knows before its first event; same setup and same inputs, same bytes out."""

    config: Config
    calendars: tuple[Calendar, ...]
    scenarios: tuple[Scenario, ...]
    crises: tuple[Crisis, ...] = ()


class _CalendarJson(TypedDict):
    code: str
    dates: list[int]
    opens: list[int]
    closes: list[int]


class _SetupJson(TypedDict):
    version: int
    config: dict[str, object]
    calendars: list[_CalendarJson]
    scenarios: list[Scenario]
    crises: NotRequired[list[Crisis]]  # journals of 0.2 have none
    model_version: NotRequired[str]  # of a journal's record alone


def calendar_to_json(calendar: Calendar) -> bytes:
    """Return the calendar as canonical JSON: sorted keys, integers only."""
    return orjson.dumps(_calendar_object(calendar), option=orjson.OPT_SORT_KEYS)


def calendar_from_json(payload: bytes) -> Calendar:
    """Return the calendar that `calendar_to_json` wrote; raises `msgspec.ValidationError` on anything else."""
    return _calendar(msgspec.json.decode(payload, type=_CalendarJson))


def setup_to_json(setup: Setup) -> bytes:
    """Return the setup as canonical JSON: sorted keys, shortest exact floats, integers in full."""
    return orjson.dumps(_document(setup), option=orjson.OPT_SORT_KEYS)


def setup_from_json(payload: bytes) -> Setup:
    """Return the setup that `setup_to_json` wrote.

    Raises ValueError (`msgspec.ValidationError` and `pydantic.ValidationError` are kinds of it) where the bytes are
    not a setup of this version.
    """
    return setup_from_record(payload)[0]


def setup_record(setup: Setup, model_version: str) -> bytes:
    """Return what a journal holds of a setup: its canonical JSON, with the version of the model that decides by it."""
    return orjson.dumps(_document(setup) | {"model_version": model_version}, option=orjson.OPT_SORT_KEYS)


def setup_from_record(payload: bytes) -> tuple[Setup, str]:
    """Return the setup and the model version of a journal's record, "" where it names none; raises as above."""
    document = msgspec.json.decode(payload, type=_SetupJson)
    if document["version"] != SETUP_VERSION:
        raise ValueError(f"setup version must be {SETUP_VERSION}, got {document['version']}")
    setup = Setup(
        config=Config.model_validate(document["config"]),
        calendars=tuple(_calendar(item) for item in document["calendars"]),
        scenarios=tuple(document["scenarios"]),
        crises=tuple(document.get("crises", ())),
    )
    return setup, document.get("model_version", "")


def setup_digest(setup: Setup) -> str:
    """Return the BLAKE2b-128 hex digest of the setup's canonical JSON."""
    return hashlib.blake2b(setup_to_json(setup), digest_size=16).hexdigest()


def _document(setup: Setup) -> dict[str, object]:
    return {
        "version": SETUP_VERSION,
        "config": setup.config.model_dump(mode="json", by_alias=True),
        "calendars": [_calendar_object(calendar) for calendar in setup.calendars],
        "scenarios": [msgspec.to_builtins(scenario) for scenario in setup.scenarios],
        "crises": [msgspec.to_builtins(crisis) for crisis in setup.crises],
    }


def _calendar_object(calendar: Calendar) -> _CalendarJson:
    return {
        "code": calendar.code,
        "dates": calendar.dates.tolist(),
        "opens": calendar.opens.tolist(),
        "closes": calendar.closes.tolist(),
    }


def _calendar(item: _CalendarJson) -> Calendar:
    return Calendar(
        code=item["code"],
        dates=np.array(item["dates"], dtype=np.int64),
        opens=np.array(item["opens"], dtype=np.int64),
        closes=np.array(item["closes"], dtype=np.int64),
    )


def _check_sessions(calendar: Calendar) -> None:
    count = len(calendar.dates)
    if not len(calendar.opens) == len(calendar.closes) == count:
        raise ValueError(
            f"calendar {calendar.code}: dates, opens and closes must be equally long, "
            f"got {count}, {len(calendar.opens)} and {len(calendar.closes)}"
        )
    checks = (
        ("dates must increase strictly", calendar.dates[1:] > calendar.dates[:-1]),
        ("a session must open before it closes", calendar.opens < calendar.closes),
        ("a session must not open before the last one closed", calendar.opens[1:] >= calendar.closes[:-1]),
    )
    for rule, holds in checks:
        if not holds.all():
            raise ValueError(f"calendar {calendar.code}: {rule}, broken at session {int(np.argmin(holds))}")
