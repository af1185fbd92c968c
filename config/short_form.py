"""The short form of `enforcement` (var_limits, stress_limits, rules) and its expansion to the full list of limits."""

from dataclasses import dataclass

from pydantic import Field

from config.faults import Path
from config.frozen import Frozen
from config.schema import ActionType, Level, Limit
from config.sensor_facts import DefaultLimit, KnownSensors, SensorFacts

SHORT_KEYS: tuple[str, ...] = ("var_limits", "stress_limits", "rules")


class VarLimits(Frozen):
    """Losses in base currency over one day."""

    var_95_limit: float | None = Field(default=None, gt=0)
    var_99_limit: float | None = Field(default=None, gt=0)
    var_999_limit: float | None = Field(default=None, gt=0)


class StressLimits(Frozen):
    """A loss in base currency, a count of scenarios, and ES 99 % over VaR 99 %.

    strict_tail_ratio : hold against it what four of five resampled histories exceed, not the estimate itself
    """

    max_stress_loss: float | None = Field(default=None, gt=0)
    max_scenario_failures: float | None = Field(default=None, gt=0)
    max_tail_ratio: float | None = Field(default=None, gt=0)
    strict_tail_ratio: bool = False


class Rule(Frozen):
    """What one limit does; the limit is named by `rule_id`."""

    rule_id: str
    rule_name: str | None = None
    threshold: float | None = Field(default=None, gt=0)
    action: ActionType | None = None
    monitoring_mode: bool = False
    enforcement_enabled: bool = True


class ShortForm(Frozen):
    """The three keys of the short form, each optional."""

    var_limits: VarLimits = VarLimits()
    stress_limits: StressLimits = StressLimits()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Expanded:
    """A limit of the expansion and where in the file it was written, below `enforcement`; empty for a default."""

    limit: Limit
    origin: Path


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fault between two places of the short form, below `enforcement`; `other` is empty where there is only one."""

    path: Path
    other: Path
    message: str


def expand(short: ShortForm, known: KnownSensors) -> tuple[Expanded, ...]:
    """Return the limits that the short form stands for, the default limits of all sensors in their order.

    Call `conflicts` first: of two rules for one limit this takes the first.
    """
    return tuple(_expand_one(facts, default, short) for facts, default in known.defaults())


def conflicts(short: ShortForm, known: KnownSensors) -> tuple[Conflict, ...]:
    """Return rules that name no limit, that name one twice, or whose threshold differs from the sections' one."""
    found: list[Conflict] = []
    by_rule = {default.rule_id: default for _, default in known.defaults()}
    first: dict[str, int] = {}
    for index, rule in enumerate(short.rules):
        path: Path = ("rules", index, "rule_id")
        if rule.rule_id not in by_rule:
            message = f"rule_id must be one of {', '.join(by_rule)}, got {rule.rule_id!r}"
            found.append(Conflict(path, (), message))
            continue
        if rule.rule_id in first:
            found.append(Conflict(path, ("rules", first[rule.rule_id], "rule_id"), f"two rules for {rule.rule_id!r}"))
        first.setdefault(rule.rule_id, index)
        default = by_rule[rule.rule_id]
        given = _given(default, short)
        if given is not None and rule.threshold is not None and given != rule.threshold:
            message = (
                f"two thresholds for one limit: {default.section}.{default.key} is {given:.15g}, "
                f"the rule's threshold is {rule.threshold:.15g}"
            )
            found.append(Conflict(("rules", index, "threshold"), (default.section, default.key), message))
    return tuple(found)


def _given(default: DefaultLimit, short: ShortForm) -> float | None:
    """Return the threshold that var_limits or stress_limits gives, or None."""
    values = {**short.var_limits.model_dump(), **short.stress_limits.model_dump()}
    value: float | None = values.get(default.key)
    return value


def _expand_one(facts: SensorFacts, default: DefaultLimit, short: ShortForm) -> Expanded:
    matches = [index for index, rule in enumerate(short.rules) if rule.rule_id == default.rule_id]
    rule = short.rules[matches[0]] if matches else Rule(rule_id=default.rule_id)
    given = _given(default, short)
    at = next(value for value in (given, rule.threshold, default.at) if value is not None)
    origin: Path = (default.section, default.key) if given is not None else ("rules", matches[0]) if matches else ()
    strict = facts.metric(default.metric).strict if short.stress_limits.strict_tail_ratio else ""
    limit = Limit(
        id=default.id,
        sensor=facts.name,
        metric=strict or default.metric,
        levels=(Level(at=at, action=rule.action or default.action),),
        pinned_shadow=rule.monitoring_mode or not rule.enforcement_enabled,
        rule_name=rule.rule_name,
    )
    return Expanded(limit, origin)
