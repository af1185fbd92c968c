"""Stress scenarios: their typed form and the loader of the YAML library."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Literal

from pydantic import Field

from config.faults import ConfigError, Fault, Path
from config.frozen import Frozen
from config.library_file import read_library
from config.validation import validate
from config.yaml_source import Document, parse_yaml

BUILTIN = "builtin"
SHIPPED_SCENARIOS = "scenarios.yaml"

KINDS = ("equity", "future", "perpetual", "fx", "bond", "option", "index", "cash")
# Kinds that are shocked in their rate: absolute basis points of yield, turned into a price by the duration.
RATE_KINDS = ("bond",)
_BASIS_POINTS_MAX = 5_000.0

Liquidity = Literal["normal", "stressed", "crisis"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One named set of shocks.

    shocks : pairs (key, shock), in the library's order; the first hit wins in the order
             instrument > underlying > sector > "kind.currency" > kind, plus "fx.<pair>";
             relative for prices (-0.4 is a fall by 40 %), absolute basis points for rates and spreads (of a bond:
             its yield), absolute vol points for vols
    probability_per_year : in [0, 1]
    date   : when it happened, an ISO date or two with a slash between them; "hypothetical" where it did not
    liquidity : normal, stressed or crisis
    limit  : loss in base currency that counts as a failure; None takes the library's `max_stress_loss`
    """

    id: str
    name: str
    shocks: tuple[tuple[str, float], ...]
    horizon_days: int
    provenance: str
    date: str
    probability_per_year: float
    liquidity: str
    limit: float | None = None


class _Entry(Frozen):
    """One scenario as the YAML has it; its source is required, since a scenario without one is a rumour."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    date: str = Field(pattern=r"^(\d{4}-\d{2}-\d{2}(/\d{4}-\d{2}-\d{2})?|hypothetical)$")
    horizon_days: int = Field(ge=1)
    probability_per_year: float = Field(ge=0, le=1)
    liquidity: Liquidity
    provenance: str = Field(min_length=1)
    shocks: dict[str, float] = Field(min_length=1)
    limit: float | None = Field(default=None, gt=0)


class _Library(Frozen):
    scenarios: tuple[_Entry, ...] = Field(min_length=1)


def load_scenarios(library: FilePath | None) -> tuple[Scenario, ...]:
    """Return the scenarios of the library, in its order; None is the shipped one. Raises ConfigError."""
    return parse_scenarios(*read_library(library, SHIPPED_SCENARIOS))


def parse_scenarios(data: bytes, file: str) -> tuple[Scenario, ...]:
    """Return the scenarios in these bytes; `file` names them in faults. Raises ConfigError with every fault."""
    document = parse_yaml(data, file)
    library, found = validate(_Library, document.tree, document)
    faults = [*document.faults, *found]
    if library is not None:
        faults += _entry_faults(library, document)
    if faults or library is None:
        raise ConfigError(tuple(faults))
    return tuple(_scenario(entry) for entry in library.scenarios)


def _scenario(entry: _Entry) -> Scenario:
    fields = entry.model_dump(exclude={"shocks"})
    return Scenario(**fields, shocks=tuple(entry.shocks.items()))


def _entry_faults(library: _Library, document: Document) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, entry in enumerate(library.scenarios):
        path: Path = ("scenarios", index)
        if entry.id in first:
            lines = document.line(("scenarios", first[entry.id], "id")), document.line((*path, "id"))
            yield document.fault((*path, "id"), f"duplicate scenario id {entry.id!r}: lines {lines[0]} and {lines[1]}")
        first.setdefault(entry.id, index)
        for key, shock in entry.shocks.items():
            if problem := _shock_problem(key, shock):
                yield document.fault((*path, "shocks", key), f"shock of {key!r} must be {problem}, got {shock:g}")


def _shock_problem(key: str, shock: float) -> str | None:
    """Return what a shock must be, or None; a bare name may be a bond's, so that its unit is not known here."""
    kind = key.split(".", 1)[0]
    if kind in RATE_KINDS:
        return None if abs(shock) <= _BASIS_POINTS_MAX else f"within {_BASIS_POINTS_MAX:g} basis points of yield"
    if kind in KINDS:
        return None if -1 < shock <= 10 else "relative, over -1 (a fall by 100 %) and at most 10"
    return None
