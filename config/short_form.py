"""The short form of `enforcement` (var_limits, stress_limits, rules) and its expansion to the full list of limits."""

from dataclasses import dataclass

from pydantic import Field

from config.faults import Path
from config.frozen import Frozen
from config.schema import ActionType, Level, Limit

SHORT_KEYS: tuple[str, ...] = ("var_limits", "stress_limits", "rules")


class VarLimits(Frozen):
    """Losses in base currency over one day."""

    var_95_limit: float | None = Field(default=None, gt=0)
    var_99_limit: float | None = Field(default=None, gt=0)
    var_999_limit: float | None = Field(default=None, gt=0)


class StressLimits(Frozen):
    """A loss in base currency, a count of scenarios, and ES 99 % over VaR 99 %."""

    max_stress_loss: float | None = Field(default=None, gt=0)
    max_scenario_failures: float | None = Field(default=None, gt=0)
    max_tail_ratio: float | None = Field(default=None, gt=0)


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
class _Default:
    """A limit of the expansion, its default threshold (models.md §21) and action (enforcement.md, Actions)."""

    id: str
    sensor: str
    metric: str
    at: float
    action: ActionType
    key: str = ""  # its name in var_limits or stress_limits, which is its rule_id too; else rule_id is the id
    section: str = ""
    confirm: int = 2

    @property
    def rule_id(self) -> str:
        return self.key or self.id


# Actions that enforcement.md leaves open: what a trade can mend at once slows trading down (leverage, drawdown);
# what describes the market or the shape of the book, and mends slowly, warns. None of them halts unasked.
_DEFAULTS: tuple[_Default, ...] = (
    _Default("var_95", "var_breach", "var_95", 100_000.0, "warn", "var_95_limit", "var_limits"),
    _Default("var_99", "var_breach", "var_99", 200_000.0, "throttle", "var_99_limit", "var_limits"),
    _Default("var_999", "var_breach", "var_999", 500_000.0, "halt", "var_999_limit", "var_limits"),
    _Default(
        "stress_loss",
        "stress_failure",
        "worst_loss",
        1_000_000.0,
        "reduce_position",
        "max_stress_loss",
        "stress_limits",
    ),
    _Default("scenario_failures", "stress_failure", "failures", 3.0, "warn", "max_scenario_failures", "stress_limits"),
    # §21: noisy by nature, so that five refits in a row must agree.
    _Default("tail_ratio", "tail_risk", "tail_ratio", 1.5, "throttle", "max_tail_ratio", "stress_limits", confirm=5),
    _Default("concentration_top", "concentration", "top_share", 0.25, "warn"),
    _Default("concentration_hhi", "concentration", "hhi", 0.18, "warn"),
    _Default("leverage_gross", "leverage", "gross_leverage", 4.0, "throttle"),
    _Default("liquidity_cost", "liquidity", "liquidity_cost", 0.25, "warn"),
    _Default("liquidity_days", "liquidity", "days_to_liquidate_share", 0.10, "warn"),
    _Default("correlation_k", "correlation", "k_ratio", 1.25, "warn"),
    _Default("volatility_ratio", "volatility", "vol_ratio", 2.0, "warn"),
    _Default("drawdown", "drawdown", "drawdown", 0.10, "throttle"),
    _Default("turnover", "turnover", "turnover", 2.0, "warn"),
)
RULE_IDS: tuple[str, ...] = tuple(default.rule_id for default in _DEFAULTS)


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


def expand(short: ShortForm) -> tuple[Expanded, ...]:
    """Return the fifteen limits that the short form stands for, in the order of the sensors' table.

    Call `conflicts` first: of two rules for one limit this takes the first.
    """
    return tuple(_expand_one(default, short) for default in _DEFAULTS)


def conflicts(short: ShortForm) -> tuple[Conflict, ...]:
    """Return rules that name no limit, that name one twice, or whose threshold differs from the sections' one."""
    found: list[Conflict] = []
    first: dict[str, int] = {}
    for index, rule in enumerate(short.rules):
        path: Path = ("rules", index, "rule_id")
        if rule.rule_id not in RULE_IDS:
            message = f"rule_id must be one of {', '.join(RULE_IDS)}, got {rule.rule_id!r}"
            found.append(Conflict(path, (), message))
            continue
        if rule.rule_id in first:
            found.append(Conflict(path, ("rules", first[rule.rule_id], "rule_id"), f"two rules for {rule.rule_id!r}"))
        first.setdefault(rule.rule_id, index)
        default = _DEFAULTS[RULE_IDS.index(rule.rule_id)]
        given = _given(default, short)
        if given is not None and rule.threshold is not None and given != rule.threshold:
            message = (
                f"two thresholds for one limit: {default.section}.{default.key} is {given:.15g}, "
                f"the rule's threshold is {rule.threshold:.15g}"
            )
            found.append(Conflict(("rules", index, "threshold"), (default.section, default.key), message))
    return tuple(found)


def _given(default: _Default, short: ShortForm) -> float | None:
    """Return the threshold that var_limits or stress_limits gives, or None."""
    values = {**short.var_limits.model_dump(), **short.stress_limits.model_dump()}
    value: float | None = values.get(default.key)
    return value


def _expand_one(default: _Default, short: ShortForm) -> Expanded:
    matches = [index for index, rule in enumerate(short.rules) if rule.rule_id == default.rule_id]
    rule = short.rules[matches[0]] if matches else Rule(rule_id=default.rule_id)
    given = _given(default, short)
    at = next(value for value in (given, rule.threshold, default.at) if value is not None)
    origin: Path = (default.section, default.key) if given is not None else ("rules", matches[0]) if matches else ()
    limit = Limit(
        id=default.id,
        sensor=default.sensor,
        metric=default.metric,
        levels=(Level(at=at, action=rule.action or default.action),),
        confirm=default.confirm,
        pinned_shadow=rule.monitoring_mode or not rule.enforcement_enabled,
        rule_name=rule.rule_name,
    )
    return Expanded(limit, origin)
