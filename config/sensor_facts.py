"""What is known of a sensor without reading it: its metrics, where they clear, its default limits, what it claims.

Each sensor's class carries one `SensorFacts`. The configuration lies under the sensors and cannot see them, so whoever
loads a file hands it what is known of them (`sensors.catalogue.SHIPPED.known`).
"""

import math
from dataclasses import dataclass
from typing import Literal

from config.schema import ActionType, Level

Unit = Literal["money", "share", "x", "count"]
Evidence = Literal["prices", "fits"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one sensor.

    title        : the statistic in the words of a reason, such as "VaR 99% 1d"
    says         : what it is, for a person who has never seen it
    unit         : "money" is base currency; "share" of a whole; "x" a multiple; "count"
    code         : reason code of a breach, CATEGORY_CONDITION
    clear        : (numerator, denominator) of a level: at or under that share of it a breach clears. A count clears
                   one under its level instead: more than 3 fire, 2 clear
    is_whole     : a share that cannot pass 1: `at: 10` where 10 % was meant would never trip
    confirm      : default of `confirm`
    confirmed_by : what counts towards `confirm`: quotes and trades (every other cause confirms at once), or each new
                   tail fit of the scope and nothing else
    irreducible  : why no smaller book brings it down; empty where targets can be solved for it
    calm         : what it is on a usual day: a scope is looked at from 80 % of the way from there to its lowest level
    strict       : the metric that its default limit reads instead under `strict_tail_ratio`; empty: there is none
    """

    name: str
    title: str
    says: str
    unit: Unit
    code: str
    clear: tuple[float, float] = (0.90, 1.0)
    is_whole: bool = False
    confirm: int = 2
    confirmed_by: Evidence = "prices"
    irreducible: str = ""
    calm: float = 0.0
    strict: str = ""

    def clear_at(self, at: float) -> float:
        """Return the value at or under which a level `at` clears: in [0, at), rounded to 12 digits.

        So 90 % of 0.18 reads 0.162 wherever it is shown.
        """
        if self.unit == "count":
            return float(max(0, math.floor(at) - 1))
        numerator, denominator = self.clear
        return float(f"{at * numerator / denominator:.12g}")


@dataclass(frozen=True, slots=True)
class DefaultLimit:
    """A limit that the short form of `enforcement` expands to where nothing is said of it (models.md 21).

    key, section : its name in var_limits or stress_limits, which is its `rule_id` too; else `rule_id` is the id
    """

    id: str
    metric: str
    at: float
    action: ActionType
    key: str = ""
    section: str = ""

    @property
    def rule_id(self) -> str:
        """Name of the limit in `rules`."""
        return self.key or self.id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would prove a trip right: an adverse event within so many days of it (models.md 21).

    counts : an episode after which it stayed away counts as false (models.md 22.4): not of sensors that are right
             about rare events, for which most alarms are followed by nothing
    """

    days: int
    adverse: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """All that is known of one sensor.

    outcome : None where it gathers no evidence
    claims  : calendar years of crises in which it speaks at its default limits, on a shipped book of the shipped
              closes; whole years, so that nobody can pick the days that suit it (tests/replay/test_claims.py)
    """

    name: str
    metrics: tuple[Metric, ...]
    defaults: tuple[DefaultLimit, ...] = ()
    outcome: Outcome | None = None
    claims: tuple[int, ...] = ()

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of its metrics, in order."""
        return tuple(metric.name for metric in self.metrics)

    def metric(self, name: str) -> Metric:
        """Return a metric of this sensor; raises ValueError where it has none of that name."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise ValueError(f"metric of the sensor {self.name} must be one of {self.metric_names}, got {name!r}")


@dataclass(frozen=True, slots=True)
class KnownSensors:
    """The facts of all sensors that a configuration may name, in the order of the short form's limits.

    Raises ValueError where a sensor, a metric or a default limit is named twice, or a limit names a foreign metric.
    """

    facts: tuple[SensorFacts, ...]

    def __post_init__(self) -> None:
        for what, names in (
            ("sensor", [facts.name for facts in self.facts]),
            ("metric", [metric.name for metric in self.metrics()]),
            ("default limit", [default.id for _, default in self.defaults()]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"every {what} must have a name of its own, got {twice[0]!r} twice")
        for facts, default in self.defaults():
            facts.metric(default.metric)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sensors."""
        return tuple(facts.name for facts in self.facts)

    def sensor(self, name: str) -> SensorFacts | None:
        """Return the facts of a sensor, None where it is not known."""
        return next((facts for facts in self.facts if facts.name == name), None)

    def metrics(self) -> tuple[Metric, ...]:
        """Return every metric of every sensor."""
        return tuple(metric for facts in self.facts for metric in facts.metrics)

    def defaults(self) -> tuple[tuple[SensorFacts, DefaultLimit], ...]:
        """Return the limits of the short form, each with its sensor."""
        return tuple((facts, default) for facts in self.facts for default in facts.defaults)


def clear_at(level: Level, metric: Metric) -> float:
    """Return the value at or under which a level of a limit clears: its own, else its metric's share of `at`."""
    return level.clear_at if level.clear_at is not None else metric.clear_at(level.at)
