"""The lines of `series.jsonl`: what a report needs of every completed row and of every book that a limit fired on."""

import msgspec

from enforcement.records import Number

SCHEMA = "riskd.series"
SCHEMA_VERSION = 1


class LevelTerms(msgspec.Struct, frozen=True):
    """One level of a limit as it is configured, in the unit of its metric."""

    name: str
    at: float
    clear_at: float | None
    action: str


class LimitTerms(msgspec.Struct, frozen=True):
    """One limit as it is configured; `scope` may be a glob.

    title, unit : of its metric, as config.sensor_facts.Metric; is_watched: False where the release had no such sensor
    """

    id: str
    scope: str
    sensor: str
    metric: str
    title: str
    unit: str
    is_watched: bool
    hard: bool
    mode: str
    levels: tuple[LevelTerms, ...]


class ScenarioTerms(msgspec.Struct, frozen=True):
    """One stress scenario; `limit` is the loss over which it counts as failed, base currency."""

    id: str
    name: str
    limit: float


class HeadLine(msgspec.Struct, frozen=True, tag_field="kind", tag="head"):
    """The first line: under what the run decided."""

    base_currency: str
    mode: str
    config_hash: str
    model_version: str
    shard: int
    limits: tuple[LimitTerms, ...]
    scenarios: tuple[ScenarioTerms, ...]
    metrics: tuple[str, ...]
    schema: str = SCHEMA
    schema_version: int = SCHEMA_VERSION


class NamesLine(msgspec.Struct, frozen=True, tag_field="kind", tag="names"):
    """The instruments whose numbers the lines after it hold, in this order; it comes again when one joins."""

    instruments: tuple[str, ...]


class RowLine(msgspec.Struct, frozen=True, tag_field="kind", tag="row"):
    """One completed row: base-currency returns by instrument, and the held instruments by trust.

    date : of the session, ISO; ts: core time at which it completed, ns
    """

    ts: int
    date: str
    returns: tuple[float, ...]
    trust: dict[str, int]


class LevelUse(msgspec.Struct, frozen=True, array_like=True):
    """How one level stands: `at` is what it is held against now."""

    limit: str
    level: str
    at: Number
    utilisation: Number
    life: str


class ScopeLine(msgspec.Struct, frozen=True, tag_field="kind", tag="scope"):
    """One scope after the row of the line before; money in base currency, lists in the order of head and names.

    loss      : what the book of the row before lost over this row (hypothetical P&L, positive is a loss); None where
                there was no such book, or too much of it had no return
    metrics   : values, None where there is no number; statuses: one digit each, as risk.measures.Status
    stress    : loss by scenario; coverage: share of gross that the scenario reaches
    component : parametric component VaR 99 % by instrument
    counts    : (observations, exceptions) of VaR by level since the start
    """

    scope: str
    known: bool
    trust: str
    status: str
    nav: Number
    index: Number
    loss: Number
    metrics: tuple[Number, ...]
    statuses: str
    stress: tuple[Number, ...]
    coverage: tuple[Number, ...]
    exposure: tuple[float, ...]
    component: tuple[Number, ...]
    counts: dict[str, tuple[int, int]]
    limits: tuple[LevelUse, ...]


class BookLine(msgspec.Struct, frozen=True, tag_field="kind", tag="book"):
    """The book of a scope at a decision that a level of it fires, by instrument.

    d        : number of the decision
    quantity : units; unit: exposure of one unit, base currency
    since    : relative move of the mark since the last completed row, 0 where nothing is known
    """

    d: int
    ts: int
    scope: str
    quantity: tuple[float, ...]
    unit: tuple[float, ...]
    since: tuple[float, ...]


SeriesLine = HeadLine | NamesLine | RowLine | ScopeLine | BookLine
