"""The rules between the fields of a limit, and what a limit leaves open filled in."""

from collections.abc import Iterator

from config.faults import Path
from config.schema import Level, Limit, Parameter
from config.sensor_facts import KnownSensors, Metric, clear_at

SEVERITY: tuple[str, ...] = ("none", "warn", "throttle", "reduce_position", "halt")  # rising

# Limits that the enforcer brings itself.
BUILT_IN_IDS: tuple[str, ...] = (
    "model_available", "data_fresh", "operator_halt", "operator_pin", "action_acknowledged", "enforcement_effective",
    "selftest",
)  # fmt: skip

# What an action may be told, with its defaults: throttle 10 orders per 1,000 ms, 1 % of NAV.
ACTION_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "none": {},
    "warn": {},
    "throttle": {"max_orders": 10, "interval_ms": 1000, "max_notional_nav": 0.01},
    "reduce_position": {},
    "halt": {"cancel_working": "increasing", "flatten": False},
}
_CANCEL_WORKING = ("increasing", "all", "none")

Finding = tuple[Path, str]  # path below the limit, message


def check_limit(limit: Limit, known: KnownSensors) -> Iterator[Finding]:
    """Yield what is wrong between the fields of one limit, all of it."""
    yield from _check_metric(limit, known)
    metric = metric_of(limit, known)
    if limit.id in BUILT_IN_IDS:
        yield ("id",), f"id {limit.id!r} is a built-in limit, choose another"
    if limit.hard and limit.sensor != "exposure":
        yield ("hard",), f"hard must belong to a limit of the sensor exposure, got sensor {limit.sensor!r}"
    if limit.clear_at is not None and (len(limit.levels) > 1 or limit.levels[0].clear_at is not None):
        yield ("clear_at",), "clear_at of a limit must be its only one: with several levels give each its own"
    names: list[str] = []
    for index, level in enumerate(limit.levels):
        if level.name in names:
            yield ("levels", index, "name"), f"name of a level must be unique in its limit, got {level.name!r} twice"
        names.append(level.name)
        yield from ((("levels", index, *path), message) for path, message in _check_level(limit, level, metric))
    for index in range(1, len(limit.levels)):
        before, level = limit.levels[index - 1 : index + 1]
        if level.at <= before.at:
            yield ("levels", index, "at"), f"at must be greater than the level before, {before.at:g}, got {level.at:g}"
        if SEVERITY.index(level.action) < SEVERITY.index(before.action):
            message = f"action must be at least as severe as the level before, {before.action}, got {level.action}"
            yield ("levels", index, "action"), message


def resolve_limit(limit: Limit, known: KnownSensors) -> Limit:
    """Return the limit with `confirm` and every level's `clear_at` and `params` filled; it passed `check_limit`."""
    metric = metric_of(limit, known)
    assert metric is not None, f"limit {limit.id} was not checked"
    levels = tuple(_resolve_level(limit, level, metric) for level in limit.levels)
    confirm = metric.confirm if limit.confirm is None else limit.confirm
    return limit.model_copy(update={"levels": levels, "clear_at": None, "confirm": confirm})


def metric_of(limit: Limit, known: KnownSensors) -> Metric | None:
    """Return what is known of the limit's metric, None where its sensor has none of that name."""
    facts = known.sensor(limit.sensor)
    return next((metric for metric in facts.metrics if metric.name == limit.metric), None) if facts else None


def _resolve_level(limit: Limit, level: Level, metric: Metric) -> Level:
    own = level if limit.clear_at is None else level.model_copy(update={"clear_at": limit.clear_at})
    parameters = dict(sorted((ACTION_PARAMETERS[level.action] | level.params).items()))
    return level.model_copy(update={"clear_at": clear_at(own, metric), "params": parameters})


def _check_metric(limit: Limit, known: KnownSensors) -> Iterator[Finding]:
    facts = known.sensor(limit.sensor)
    if facts is None:
        yield ("sensor",), f"sensor must be one of {', '.join(known.names)}, got {limit.sensor!r}"
    elif limit.metric not in facts.metric_names:
        names = ", ".join(facts.metric_names)
        yield ("metric",), f"metric of the sensor {limit.sensor} must be one of {names}, got {limit.metric!r}"


def _check_level(limit: Limit, level: Level, metric: Metric | None) -> Iterator[Finding]:
    if metric is not None and metric.is_whole and level.at >= 1:
        yield ("at",), f"at must be less than 1, since {limit.metric} is a share (10 % is 0.10), got {level.at:g}"
    clear = level.clear_at if level.clear_at is not None else limit.clear_at
    if clear is not None and clear >= level.at:
        path: Path = ("clear_at",)
        yield path, f"clear_at must be less than at, {level.at:g}, got {clear:g}"
    known = ACTION_PARAMETERS[level.action]
    for name, value in level.params.items():
        if name not in known:
            allowed = ", ".join(known) or "none"
            yield ("params", name), f"params of {level.action} must be of {allowed}, got {name!r}"
        elif problem := _parameter_problem(name, value):
            yield ("params", name), f"{name} must be {problem}, got {value!r}"


def _parameter_problem(name: str, value: Parameter) -> str | None:
    """Return what the value must be, or None where it is."""
    match name:
        case "max_orders" | "interval_ms":
            return None if type(value) is int and value >= 1 else "a whole number of at least 1"
        case "max_notional_nav":
            good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1
            return None if good else "a share of NAV in (0, 1]"
        case "cancel_working":
            return None if value in _CANCEL_WORKING else f"one of {', '.join(_CANCEL_WORKING)}"
        case "flatten":
            return None if isinstance(value, bool) else "true or false"
        case _:
            raise AssertionError(f"parameter {name!r} is listed but has no rule")
