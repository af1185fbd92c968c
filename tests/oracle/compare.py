"""The engine's state record held against the oracle's numbers, one by one."""

import math
from collections.abc import Iterator

TOLERANCE = 1e-9
GROSS_SHARE = 1e-6
_LEAST = {
    "tail fit xi": 1e-7,  # two ways to the top of one likelihood, which is flat there
    "metric drawdown": 1e-14,  # one less a quotient near one
}
METRICS = (
    "gross",
    "gross_leverage",
    "net_leverage",
    "top_share",
    "hhi",
    "worst_loss",
    "failures",
    "drawdown",
    "var_999",
    "es_999",
    "k_ratio",
    "vol_ratio",
    "tail_ratio",
    "liquidity_cost",
    "days_to_liquidate_share",
    "turnover",
)


def differences(record: dict, numbers: dict, *, statuses: bool = False) -> list[str]:
    """Return one line for every number that differs by more than 1e-9 · max(|value|, 1e-6 · gross)."""
    gross = float(numbers["exposures"]["gross"])
    found = []
    for name, ours, theirs in _pairs(record, numbers):
        if ours is None and theirs is None:
            continue
        if record["status"] == "INVALID" and (ours is None or theirs is None):
            continue  # nothing is known: null and a number that nobody may use are both honest
        if ours is None or theirs is None:
            found.append(f"{record['scope']} {name}: {ours} against {theirs}")
            continue
        left, right = float(ours), float(theirs)
        unit = (
            gross
            if name.startswith(("exposure", "var", "es", "stress", "component", "nav", "selling", "metric gross"))
            else 1.0
        )
        least = next((size for start, size in _LEAST.items() if name.startswith(start)), TOLERANCE * GROSS_SHARE * unit)
        if left != right and not abs(left - right) <= max(TOLERANCE * abs(right), least):
            found.append(f"{record['scope']} {name}: {left!r} against {right!r}")
    if statuses:
        found += _status_differences(record, numbers)
    return found


def _pairs(record: dict, numbers: dict) -> Iterator[tuple[str, object, object]]:
    ours, theirs = record["exposures"]["by_instrument"], numbers["exposures"]["by_instrument"]
    for name in sorted(set(ours) | {key for key, value in theirs.items() if value != 0.0}):
        yield f"exposure {name}", ours.get(name, 0.0), theirs.get(name, 0.0)
    yield "exposure net", record["exposures"]["net"], numbers["exposures"]["net"]
    yield "rows", record["rows"], numbers["rows"]
    for table in ("var", "es"):
        for method in ("historical", "normal", "student_t"):
            for level, number in record[table][method].items():
                yield f"{table} {method} {level}", number["value"], numbers[table][method][level]["value"]
    for name, value in record["component_var"].items():
        if record["rows"] >= 60:
            yield f"component {name}", value, numbers["component_var"].get(name, math.nan)
    for scenario, result in record["stress"].items():
        yield f"stress {scenario}", result["loss"], numbers["stress"][scenario]["loss"]
        yield f"coverage {scenario}", result["coverage"], numbers["stress"][scenario]["coverage"]
    yield from _fit_pairs(record, numbers)
    is_told = numbers["metrics"]["liquidity_cost"]["status"] in ("OK", "DEGRADED")  # else no book is at its worst
    if record["liquidity"] is not None and is_told:
        for state, cost in record["liquidity"]["by_state"].items():
            yield f"selling cost {state}", cost["cost"], numbers["liquidity_costs"][state]
    yield "nav", record["nav"], numbers["nav"] if numbers["nav_status"] == "OK" else None
    if numbers["nav_status"] == "OK":
        yield "index", record["index"], numbers["index"]
        yield "high_water", record["high_water"], numbers["hwm"]
    for name in METRICS:
        ours, theirs = record["metrics"][name], numbers["metrics"][name]
        if not {ours["status"], theirs["status"]} <= {"INSUFFICIENT", "INVALID"}:  # what nobody may use may differ
            yield f"metric {name}", ours["value"], theirs["value"]


def _fit_pairs(record: dict, numbers: dict) -> Iterator[tuple[str, object, object]]:
    """Yield the parameters of the last tail fit, by which one also sees when and to which book it was made."""
    ours, theirs = record.get("tail_fit"), numbers["tail_fit"]
    if ours is None or theirs is None:
        yield "tail fit is there", float(ours is not None), float(theirs is not None)
        return
    for name in ("exceedances", "rows", "threshold", "xi", "beta"):
        yield f"tail fit {name}", ours[name], theirs[name]


def _status_differences(record: dict, numbers: dict) -> list[str]:
    found = []
    for name in (*METRICS, "var_95", "var_99", "es_99"):
        ours, theirs = record["metrics"][name]["status"], numbers["metrics"][name]["status"]
        if ours != theirs:
            found.append(f"{record['scope']} status of {name}: {ours} against {theirs}")
    return found
