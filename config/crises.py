"""Named crises: windows of dates with their source, and the loader of the YAML library."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import AfterValidator, Field

from config.faults import ConfigError, Fault, Path
from config.frozen import Frozen
from config.library_file import read_library
from config.validation import validate
from config.yaml_source import Document, parse_yaml

SHIPPED_CRISES = "crises.yaml"


@dataclass(frozen=True, slots=True)
class Crisis:
    """One named episode.

    start, end : ISO dates; the last close before it and its last close, so that its returns are those of the
                 sessions after `start` up to and with `end`
    sp500      : change of the S&P 500 between the two closes (-0.4 is a fall by 40 %), None where it says nothing
    """

    name: str
    title: str
    start: str
    end: str
    source: str
    sp500: float | None = None

    @property
    def start_day(self) -> int:
        """Proleptic ordinal of `start`, as the rows of the return window are dated."""
        return datetime.date.fromisoformat(self.start).toordinal()

    @property
    def end_day(self) -> int:
        """Proleptic ordinal of `end`."""
        return datetime.date.fromisoformat(self.end).toordinal()

    def holds(self, day: int) -> bool:
        """Say whether the return of the session of that date (ordinal) belongs to the crisis."""
        return self.start_day < day <= self.end_day


def _iso_date(value: str) -> str:
    datetime.date.fromisoformat(value)
    return value


_Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_iso_date)]


class _Entry(Frozen):
    """One crisis as the YAML has it; a window without a source is a rumour."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    start: _Day
    end: _Day
    source: str = Field(min_length=1)
    sp500: float | None = Field(default=None, gt=-1)


class _Library(Frozen):
    crises: tuple[_Entry, ...] = Field(min_length=1)


def load_crises(library: FilePath | None) -> tuple[Crisis, ...]:
    """Return the crises of the library, in its order; None is the shipped one. Raises ConfigError."""
    return parse_crises(*read_library(library, SHIPPED_CRISES))


def parse_crises(data: bytes, file: str) -> tuple[Crisis, ...]:
    """Return the crises in these bytes; `file` names them in faults. Raises ConfigError with every fault."""
    document = parse_yaml(data, file)
    library, found = validate(_Library, document.tree, document)
    faults = [*document.faults, *found]
    if library is not None:
        faults += _entry_faults(library, document)
    if faults or library is None:
        raise ConfigError(tuple(faults))
    return tuple(Crisis(**entry.model_dump()) for entry in library.crises)


def _entry_faults(library: _Library, document: Document) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, entry in enumerate(library.crises):
        path: Path = ("crises", index)
        if entry.name in first:
            lines = document.line(("crises", first[entry.name], "name")), document.line((*path, "name"))
            message = f"duplicate crisis {entry.name!r}: lines {lines[0]} and {lines[1]}"
            yield document.fault((*path, "name"), message)
        first.setdefault(entry.name, index)
        if entry.start >= entry.end:
            yield document.fault((*path, "end"), f"end must be after start, {entry.start}, got {entry.end}")
