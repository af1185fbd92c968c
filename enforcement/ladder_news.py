"""What ladders tell beside their steps: where their limits are live from, and when they were looked at."""

from dataclasses import dataclass

from enforcement.ladder import Unit
from enforcement.limits import BoundLimit


@dataclass(frozen=True, slots=True)
class Watch:
    """A scope's limits are live from here on: where an examiner begins to count."""

    scope: str
    limits: tuple[BoundLimit, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Unwatch:
    """A scope has these limits no more, by id."""

    scope: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A daily look has begun; what follows at its moment are the steps that it brought about."""

    ts: int
