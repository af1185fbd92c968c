"""Limits that need no configuration: an unknown root is restricted, and an operator may halt any scope."""

from dataclasses import dataclass
from math import nan

from config.schema import Level, Limit
from risk.measures import Measures, Status
from sensors.reading import Reading

# The statistic is 1 while the tree is unknown and 0 once it is known: any level between would do.
_HALF = 0.5

MODEL_AVAILABLE = Limit(
    id="model_available",
    sensor="model_available",
    metric="unknown",
    levels=(Level(at=_HALF, clear_at=_HALF, action="reduce_position"),),
)
OPERATOR_HALT = Limit(
    id="operator_halt",
    scope="**",
    sensor="operator",
    metric="halt",
    hard=True,
    levels=(Level(at=_HALF, clear_at=_HALF, action="halt"),),
)
BUILTIN_IDS = (MODEL_AVAILABLE.id, OPERATOR_HALT.id)


@dataclass(frozen=True, slots=True)
class KnownReader:
    """Reads whether the root's tree is known: 1 while it is not. `listed`: it is named under `portfolios`."""

    listed: bool

    def read(self, measures: Measures) -> Reading:
        """Return 1 where the tree is unknown, 0 where a positions snapshot made it known."""
        unknown = 0.0 if measures.known else 1.0
        root = "the listed root" if self.listed else "the root"
        reason = f"{root} is known" if measures.known else f"{root} is unknown: no positions_snapshot yet"
        return Reading(MODEL_AVAILABLE.id, "unknown", unknown, Status.OK, "", (_HALF,), unknown / _HALF, reason)


class CommandReader:
    """Stands for the operator, whose halt no measure brings or ends."""

    def read(self, measures: Measures) -> Reading:  # noqa: ARG002 -- the shape of all readers
        """Return a reading without a number."""
        return commanded("halted by the operator")


def commanded(reason: str) -> Reading:
    """Return what stands for a reading where an operator decides."""
    return Reading("operator", "halt", nan, Status.OK, "", (_HALF,), nan, reason)
