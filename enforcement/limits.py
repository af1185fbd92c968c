"""Binds the limits of the configuration to the scopes that exist."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import inf
from typing import Protocol

from config.reserved import is_selftest
from config.schema import Config, Level, Limit
from config.sensor_facts import Metric, clear_at
from enforcement.builtin import (
    BUILTIN_IDS,
    COMMANDED,
    DATA_FRESH,
    MODEL_AVAILABLE,
    OPERATOR_HALT,
    OPERATOR_PIN,
    SELFTEST,
    BuiltinReader,
    CommandReader,
    Freshness,
    FreshReader,
    KnownReader,
)
from enforcement.life import Rule
from risk.measures import METRIC_INDEX, Measures
from sensors.catalogue import SHIPPED, Catalogue, LevelsByNames
from sensors.reading import Reading

WAKE_SHARE = 0.8


class Reader(Protocol):
    """Gives a bound limit its reading."""

    def read(self, measures: Measures) -> Reading:
        """Answer from numbers already computed."""
        ...


@dataclass(frozen=True, slots=True)
class LevelException:
    """What an override makes of a level in a scope: `at` instead of the configured one, in the metric's unit."""

    override_id: str
    at: float


@dataclass(frozen=True, slots=True)
class BoundLimit:
    """A limit as it holds in one scope.

    limit        : with the levels that are in force, so with those of overrides; configured: as it was configured
    exceptions   : what overrides make of each of its levels, None where they leave it; empty where there is none
    clear_ats    : of the limit's levels, in their order
    metric_index : into the measures; -1 where the limit reads none of them
    fixed_levels : (level, clear level) pairs; None where they depend on the book
    wake_at      : at or under it a limit whose lives are all ok has nothing to say; never over its smallest level
    metric       : what is known of its metric; None for a built-in limit, which reads no number of the book
    """

    limit: Limit
    clear_ats: tuple[float, ...]
    reader: Reader
    rule: Rule
    metric_index: int
    fixed_levels: tuple[tuple[float, float], ...] | None
    wake_at: float
    metric: Metric | None
    configured: Limit
    exceptions: tuple[LevelException | None, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether the sensor computes its number itself, so that only its reading can tell."""
        return self.metric is not None and self.metric_index < 0

    @property
    def levels(self) -> tuple[Level, ...]:
        """The limit's levels."""
        return self.limit.levels

    @property
    def is_commanded(self) -> bool:
        """Whether an operator moves its life, not a reading."""
        return self.limit.id in COMMANDED

    def override_id(self, index: int) -> str | None:
        """Return the override that gives the level its number, None where it is the configured one."""
        exception = self.exceptions[index] if self.exceptions else None
        return None if exception is None else exception.override_id

    def effective(self, index: int, reading: Reading) -> tuple[float, float]:
        """Return (level, clear level) that this reading is held against; a scaled level clears in proportion."""
        configured, at = self.levels[index].at, reading.levels[index]
        return at, scaled_clear(self.clear_ats[index], configured, at)

    def clear_at_of_reduced(self, index: int, reading: Reading, names: int) -> float:
        """Return the clear level that a reduced book of so many names has to reach."""
        # Whether it offers levels by names is asked only where it may: a look at a protocol takes longer than a trial.
        if self.fixed_levels is not None or not isinstance(self.reader, LevelsByNames):
            return self.effective(index, reading)[1]
        return scaled_clear(self.clear_ats[index], self.levels[index].at, self.reader.target_levels(names)[index])


def scaled_clear(clear: float, configured: float, at: float) -> float:
    """Return the clear level where a level is not the configured one: in proportion; +inf under +inf."""
    return clear if at == configured else at * (clear / configured)


def matches(pattern: str, scope: str) -> bool:
    """Say whether a path matches a glob: `*` and `?` stay within one element, `**` is any number of elements.

    >>> matches("*", "firm"), matches("*", "firm/eq"), matches("firm/*", "firm/eq"), matches("firm/**", "firm")
    (True, False, True, True)
    """
    return _match(pattern.split("/"), scope.split("/"))


def may_match_below(pattern: str, root: str) -> bool:
    """Say whether the glob may match the root or any path under it."""
    first = pattern.split("/", 1)[0]
    return first == "**" or fnmatchcase(root, first)


def watched_limits(limits: Sequence[Limit], catalogue: Catalogue) -> tuple[Limit, ...]:
    """Return the limits that the catalogue evaluates, by sensor in evaluation order, then as configured.

    Raises ValueError where an id is built in or given twice, or the name of a level is.
    """
    seen = set(BUILTIN_IDS)
    for limit in limits:
        if limit.id in seen:
            raise ValueError(f"limit id must be given once and not be built in, got {limit.id!r} again")
        seen.add(limit.id)
        names = [level.name for level in limit.levels]
        if len(set(names)) < len(names):
            raise ValueError(f"limit {limit.id}: names of levels must differ, got {names}")
    known = [limit for limit in limits if catalogue.named(limit.sensor) is not None]
    return tuple(sorted(known, key=lambda limit: catalogue.order(limit.sensor)))


def unwatched_limits(config: Config, catalogue: Catalogue) -> tuple[Limit, ...]:
    """Return the limits whose sensor the catalogue does not have: they are loaded and never fire."""
    return tuple(limit for limit in config.enforcement.limits if catalogue.named(limit.sensor) is None)


def bind_configured(limits: Sequence[Limit], scope: str, currency: str, catalogue: Catalogue) -> tuple[BoundLimit, ...]:
    """Return the configured limits of one scope in the order in which they are given.

    Raises ValueError where a metric is not the sensor's or a clear level is over its level.
    """
    if is_selftest(scope):
        return ()
    return tuple(bind(limit, currency, catalogue) for limit in limits if matches(limit.scope, scope))


def bind_built_in(
    scope: str, currency: str = "USD", catalogue: Catalogue = SHIPPED, *, is_root: bool, listed: bool,
    freshness: Freshness | None = None,
) -> tuple[BoundLimit, ...]:  # fmt: skip
    """Return the limits that need no configuration; freshness: of the watched sources, None where none is watched."""
    if is_selftest(scope):
        return _bind_selftest(currency, catalogue)
    bound = [_bind_builtin(MODEL_AVAILABLE, KnownReader(listed))] if is_root else []
    if is_root and freshness is not None:
        bound.append(_bind_builtin(DATA_FRESH, FreshReader(freshness, scope), keep_ns=DATA_FRESH.keep_firing_for))
    bound.append(_bind_builtin(OPERATOR_HALT, CommandReader()))
    return tuple(bound)


def bind_pin() -> BoundLimit:
    """Return the built-in limit that overrides of the state move."""
    return _bind_builtin(OPERATOR_PIN, CommandReader("held by an override", len(OPERATOR_PIN.levels)))


def bind(
    configured: Limit, currency: str, catalogue: Catalogue, exceptions: tuple[LevelException | None, ...] = ()
) -> BoundLimit:
    """Return the limit as it holds in a scope, with what overrides make of its levels.

    A level that is replaced clears in proportion, and so do the levels that a sensor derives from it.
    """
    limit = _with_levels(configured, exceptions)
    sensor_type = catalogue.named(limit.sensor)
    assert sensor_type is not None, f"limit {limit.id} names sensor {limit.sensor!r}, which is not watched"
    metric = sensor_type.facts.metric(limit.metric)
    clear_ats = tuple(clear_at(level, metric) for level in limit.levels)
    for level, clear in zip(limit.levels, clear_ats, strict=True):
        if clear > level.at:
            raise ValueError(f"limit {limit.id}: clear_at of {level.name} must be <= {level.at}, got {clear}")
    sensor = sensor_type.of(limit, currency)
    ats = tuple(level.at for level in limit.levels)
    fixed = None if isinstance(sensor, LevelsByNames) else tuple(zip(ats, clear_ats, strict=True))
    lowest = sensor.lowest_level() if isinstance(sensor, LevelsByNames) else min(ats)
    # What only a fit can move need not be looked at before it is over: then its life keeps the scope awake.
    calm = metric.calm if lowest > metric.calm else 0.0
    wake_at = lowest if metric.confirmed_by == "fits" else calm + WAKE_SHARE * (lowest - calm)
    index = METRIC_INDEX.get(limit.metric, -1)
    return BoundLimit(
        limit, clear_ats, sensor, _rule(limit, metric), index, fixed, wake_at, metric, configured, exceptions
    )


def _with_levels(limit: Limit, exceptions: tuple[LevelException | None, ...]) -> Limit:
    if not any(exceptions):
        return limit
    levels = tuple(
        level if each is None else level_at(level, each.at)
        for level, each in zip(limit.levels, exceptions, strict=True)
    )
    share = levels[0].at / limit.levels[0].at
    return limit.model_copy(update={"levels": levels, "small_book_at": limit.small_book_at * share})


def level_at(level: Level, at: float) -> Level:
    """Return the level with another number; it clears in proportion."""
    clear = None if level.clear_at is None else scaled_clear(level.clear_at, level.at, at)
    return level.model_copy(update={"at": at, "clear_at": clear})


def _bind_selftest(currency: str, catalogue: Catalogue) -> tuple[BoundLimit, ...]:
    """Return the limits of a root of self-tests: no configured one looks there, and nothing is ever held."""
    commanded = _bind_builtin(OPERATOR_HALT, CommandReader())
    if catalogue.named(SELFTEST.sensor) is None:
        return (commanded,)
    limit = bind(SELFTEST, currency, catalogue)
    return commanded, replace(limit, rule=replace(limit.rule, keep_rows=0))  # it clears with the nav that says so


def _bind_builtin(limit: Limit, reader: BuiltinReader, *, keep_ns: int = 0) -> BoundLimit:
    rule = Rule(0, 0, keep_ns, 0, latch=False, no_data_after_ns=0, on_no_data=None)
    return BoundLimit(limit, tuple(level.at for level in limit.levels), reader, rule, -1, None, inf, None, limit)


def _rule(limit: Limit, metric: Metric) -> Rule:
    confirm = metric.confirm if limit.confirm is None else limit.confirm
    return Rule(
        limit.for_, confirm, limit.keep_firing_for, limit.keep_firing_rows, limit.latch, limit.no_data_after,
        limit.on_no_data, by_fits=metric.confirmed_by == "fits",
    )  # fmt: skip


def _match(patterns: list[str], elements: list[str]) -> bool:
    """Match in O(patterns · elements): of several `**` only the last one met ever has to take more."""
    at = taken = 0
    retry_at, retry_from = -1, 0
    while taken < len(elements):
        if at < len(patterns) and patterns[at] == "**":
            retry_at, retry_from = at, taken
            at += 1
        elif at < len(patterns) and fnmatchcase(elements[taken], patterns[at]):
            at, taken = at + 1, taken + 1
        elif retry_at >= 0:
            retry_from += 1
            at, taken = retry_at + 1, retry_from
        else:
            return False
    return all(pattern == "**" for pattern in patterns[at:])
