"""Limits that need no configuration: unknown roots and silent sources restrict, operators halt or hold a scope."""

from dataclasses import dataclass, field
from math import nan

from config.schema import Level, Limit
from risk.measures import Measures, Status
from sensors.reading import Reading

# Each statistic is 1 while its fact holds and 0 while it does not: any level between would do.
_HALF = 0.5

MODEL_AVAILABLE = Limit(
    id="model_available",
    sensor="model_available",
    metric="unknown",
    levels=(Level(at=_HALF, clear_at=_HALF, action="reduce_position"),),
)
DATA_FRESH = Limit(
    id="data_fresh",
    sensor="data_fresh",
    metric="silent",
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
# The one limit of the roots of self-tests: a real limit on a real number, which their navs move.
SELFTEST = Limit(
    id="selftest",
    sensor="exposure",
    metric="day_loss",
    hard=True,
    confirm=1,
    keep_firing_for=0,
    levels=(Level(at=50.0, clear_at=10.0, action="throttle"),),
    rule_name="a self-test: no book is concerned",
)
# Bound where an override holds a scope at a state, from then on; each level is a state of its own.
OPERATOR_PIN = Limit(
    id="operator_pin",
    scope="**",
    sensor="operator",
    metric="pin",
    hard=True,
    levels=(
        Level(name="THROTTLED", at=_HALF, clear_at=_HALF, action="throttle"),
        Level(name="REDUCING", at=_HALF, clear_at=_HALF, action="reduce_position"),
        Level(name="HALTED", at=_HALF, clear_at=_HALF, action="halt"),
    ),
)
COMMANDED = (OPERATOR_HALT.id, OPERATOR_PIN.id)  # an operator moves their lives, no reading
BUILTIN_IDS = (MODEL_AVAILABLE.id, DATA_FRESH.id, OPERATOR_HALT.id, OPERATOR_PIN.id, SELFTEST.id)
# Nobody configured how they are enforced: they are where any limit of their tree is.
AS_ENFORCED_AS_THE_TREE = (MODEL_AVAILABLE.id, DATA_FRESH.id)


@dataclass(frozen=True, slots=True)
class Silence:
    """A watched source that is silent: since when (its last sign of life, or the start), and what it may be at most."""

    source: str
    since_ns: int
    max_ns: int


@dataclass(slots=True)
class Freshness:
    """What the daemon says of the watched sources, and the enforcer of time; `left`: roots of another shard."""

    silences: tuple[Silence, ...] = ()
    now_ns: int = 0
    left: set[str] = field(default_factory=set)


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

    def is_calm(self, *, known: bool) -> bool:
        """Say whether it would read 0."""
        return known


@dataclass(frozen=True, slots=True)
class FreshReader:
    """Reads whether all watched sources are heard: 1 while one is silent, for every root of this shard alike."""

    freshness: Freshness
    root: str

    def read(self, measures: Measures) -> Reading:  # noqa: ARG002 -- the shape of all readers
        """Return 1 where a watched source is silent; the reason names each, and for how long."""
        silences = self._silences()
        silent = 1.0 if silences else 0.0
        told = [
            f"source {each.source} has been silent for {_seconds(self.freshness.now_ns - each.since_ns)}, "
            f"at most {_seconds(each.max_ns)}"
            for each in silences
        ]
        reason = "; ".join(told) or "every watched source is heard"
        return Reading(DATA_FRESH.id, "silent", silent, Status.OK, "", (_HALF,), silent / _HALF, reason)

    def is_calm(self, *, known: bool) -> bool:  # noqa: ARG002 -- the shape of all readers of the built-in limits
        """Say whether it would read 0."""
        return not self._silences()

    def _silences(self) -> tuple[Silence, ...]:
        return () if self.root in self.freshness.left else self.freshness.silences


@dataclass(frozen=True, slots=True)
class CommandReader:
    """Stands for the operator, whose word no measure brings or ends; `said` in words."""

    said: str = "halted by the operator"
    levels: int = 1

    def read(self, measures: Measures) -> Reading:  # noqa: ARG002 -- the shape of all readers
        """Return a reading without a number."""
        return commanded(self.said, self.levels)

    def is_calm(self, *, known: bool) -> bool:  # noqa: ARG002 -- the shape of all readers of the built-in limits
        """Say that no measure ever moves it."""
        return True


BuiltinReader = KnownReader | FreshReader | CommandReader


def commanded(reason: str, levels: int = 1) -> Reading:
    """Return what stands for a reading where an operator decides, of a limit with so many levels."""
    return Reading("operator", "halt" if levels == 1 else "pin", nan, Status.OK, "", (_HALF,) * levels, nan, reason)


def _seconds(duration_ns: int) -> str:
    return f"{duration_ns / 10**9:g} s"
