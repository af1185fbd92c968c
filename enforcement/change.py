"""What one decision is made of, and the evidence that it gives."""

from dataclasses import dataclass
from math import inf

from msgspec import UNSET, UnsetType

from enforcement.life import Life
from enforcement.moment import Moment
from enforcement.records import Component, Evidence, Kind, number
from risk.measures import Measures, Status
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one decision is made of. `index` and `level` point into the scope's limits."""

    index: int
    level: int
    before: Life
    after: Life
    kind: Kind
    reading: Reading
    at: float
    clear_at: float
    measures: Measures
    moment: Moment
    components: tuple[Component, ...]
    clears_if: str | None
    code: str
    reason: str
    details: tuple[tuple[str, float], ...] = ()
    override_id: str | None = None  # of an override that brought it about; None: whichever is in force


@dataclass(frozen=True, slots=True)
class Origin:
    """What records say of where they come from; the epoch of the journaled assignment is in no id and no digest."""

    epoch: int
    config_hash: str
    model_version: str


def evidence_of(change: Change) -> Evidence:
    """Return what the decision rests on."""
    reading, measures = change.reading, change.measures
    es = None
    if reading.metric.startswith("var_") and measures.known:
        metric = f"es_{reading.metric.removeprefix('var_')}"
        value = measures.value(metric)
        es = number(value) if measures.status(metric) < Status.INSUFFICIENT or value == inf else None
    return Evidence(
        number(reading.statistic), reading.unit, Status(reading.status).name, es, change.components, change.clears_if,
        {name: number(value) for name, value in change.details} if change.details else UNSET,
        _worst_book(reading.metric, measures),
    )  # fmt: skip


def _worst_book(metric: str, measures: Measures) -> str | UnsetType:
    """Return the book that the statistic speaks of; built-in limits measure none, and without orders there is one."""
    book = measures.worst_book(metric)
    return UNSET if book is None else book
