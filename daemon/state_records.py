"""The state record of the contract: every number of one scope, each with its status."""

import math
from functools import cache

import numpy as np

from daemon.liquidity_records import liquidity_record
from daemon.number_records import is_blind, metric_records, number_record
from daemon.stress_records import nightly_record
from daemon.working_records import working_records, worst_coverage, worst_losses, worst_stress
from enforcement.enforcer import Enforcer
from enforcement.records import number
from enforcement.standings import LimitState
from risk.components import parametric_components
from risk.historical import LEVELS, interval
from risk.measures import METRIC_INDEX, METRICS, Status
from risk.measuring import measures_of
from risk.parametric import Multipliers, ParametricRisk, normal_multipliers, parametric_risk, student_t_multipliers
from risk.state import RiskState
from risk.trust import scope_trust
from risk.working import book_row, exposed_row

_NAMES = tuple(name for name, _ in LEVELS)
_NORMAL = normal_multipliers()
_PRIMARY = {"95": "historical", "975": "historical", "99": "historical", "999": "pot"}


def state_record(state: RiskState, enforcer: Enforcer, p: int, *, n: int) -> dict[str, object]:
    """Return the record of scope p at this moment."""
    arrays, count, path = state.arrays, len(state.terms), state.scopes[p]
    measures, metrics = measures_of(state, p), metric_records(state, p, METRICS)
    trading = enforcer.trading_states(path)
    held = np.flatnonzero(arrays.exposure[p, :count]).tolist()
    larger = arrays.exposure[exposed_row(state, p), :count]
    blind = is_blind(state, p)
    has_nav = arrays.has_nav[p] == 1
    has_index = has_nav and arrays.value_base[p] != 0.0
    index = float(arrays.index_base[p] * (arrays.value[p] / arrays.value_base[p])) if has_index else math.nan
    components = parametric_components(larger, arrays.sigma_x[exposed_row(state, p), :count], _NORMAL.value_at_risk[2])
    net_row = book_row(state, p, int(arrays.worst[p, METRIC_INDEX["net"]]))
    return {
        "n": n,
        "ts": state.now_ns,
        "scope": path,
        "known": bool(arrays.known[p]),
        "trust": scope_trust(state, p),
        "status": Status(int(arrays.data_status[p])).name,
        "rows": state.rows,
        "trading_state": {
            "own": trading.own.value,
            "effective": trading.effective.value,
            "shadow_own": trading.shadow_own.value,
            "shadow_effective": trading.shadow_effective.value,
        },
        "nav": number(float(arrays.value[p])) if has_nav else None,
        "index": number(index),
        "high_water": number(float(arrays.high_water[p])) if has_nav else None,
        "exposures": {
            "gross": metrics["gross"]["value"],
            "net": None if blind else number(math.fsum(arrays.exposure[net_row, :count].tolist())),
            "by_instrument": {state.terms[i].name: float(arrays.exposure[p, i]) for i in held},
        },
        **_tails(state, p, metrics),
        "liquidity": None if blind else liquidity_record(state, p),
        "primary": dict(_PRIMARY),
        "component_var": {
            state.terms[i].name: number(float(components.values[i])) for i in np.flatnonzero(larger).tolist()
        },
        "stress": {
            scenario.id: {
                "loss": None if blind else number(worst_stress(state, p, k)),
                "coverage": number(worst_coverage(state, p, k)),
            }
            for k, scenario in enumerate(state.scenarios)
        },
        "nightly_stress": nightly_record(state, p),
        "backtest": {
            level: {"observations": observations, "exceptions": exceptions}
            for level, (observations, exceptions) in state.backtest.counts(p).items()
        },
        "metrics": metrics,
        **working_records(state, p),
        "limits": [_limit_record(limit) for limit in enforcer.limit_states(path, measures)],
    }


def _limit_record(limit: LimitState) -> dict[str, object]:
    """How one level stands: `at` is what it is held against now, `since` the core time of its life, ns."""
    return {
        "limit": limit.limit,
        "level": limit.level,
        "life": limit.life.value,
        "utilisation": number(limit.utilisation),
        "stage": limit.stage,
        "at": number(limit.at),
        "action": limit.action,
        "since": limit.since_ns,
        "reason": limit.reason,
    }


def _tails(state: RiskState, p: int, metrics: dict[str, dict[str, object]]) -> dict[str, object]:
    """VaR and ES by every method and level, with the historical interval and the tail fit."""
    arrays, rows = state.arrays, state.rows
    diagonal = np.diagonal(state.arrays.sigma)[: len(state.terms)]
    variance, row = max((float(arrays.variance[book]), -book) for book in state.books_of(p))
    exposure = arrays.exposure[-row, : len(state.terms)]
    trace = math.fsum((exposure * exposure * diagonal).tolist())
    data = Status(int(arrays.data_status[p]))
    value_at_risk: dict[str, object] = {}
    shortfall: dict[str, object] = {}
    blind = is_blind(state, p)
    modelled = max(data, Status(int(arrays.statuses[p, METRIC_INDEX["hhi"]])) if rows >= 250 else data)
    for label, kind, target in (("historical", "var", value_at_risk), ("historical", "es", shortfall)):
        target[label] = {name: metrics[f"{kind}_{name}"] for name in _NAMES[:3]}
    for multipliers in (_NORMAL, _student_t(state.config.student_t_nu)):
        risk = parametric_risk(multipliers, variance=variance, trace=trace, rows=rows)
        if not np.any(exposure) and arrays.missing[p] == 0:
            risk = ParametricRisk(0.0, (0.0,) * 4, (0.0,) * 4, Status.OK)
        status = max(risk.status, modelled)
        for target, numbers in ((value_at_risk, risk.value_at_risk), (shortfall, risk.expected_shortfall)):
            target[multipliers.model] = {
                name: number_record(value, status, blind=blind) for name, value in zip(_NAMES, numbers, strict=True)
            }
    value_at_risk["pot"] = {"999": metrics["var_999"]}
    shortfall["pot"] = {"999": metrics["es_999"]}
    record: dict[str, object] = {"var": value_at_risk, "es": shortfall}
    if rows > 0:
        record["var_interval"] = {
            name: [number(end) for end in interval(worst_losses(state, p, f"var_{name}"), p_ppm)]
            for name, p_ppm in LEVELS[:3]
        }
    if (fit := state.tail_results.get(p)) is not None:
        record["tail_fit"] = {
            "xi": number(fit.xi), "beta": number(fit.beta), "threshold": number(fit.threshold),
            "exceedances": fit.exceedances, "rows": fit.rows, "status": fit.status.name, "reason": fit.reason,
            "var_999_interval": [number(fit.var_low), number(fit.var_high)],
            "tail_ratio": number(fit.ratio), "tail_ratio_interval": [number(fit.ratio_low), number(fit.ratio_high)],
            "probability_over_1_5": number(fit.ratio_probability),
        }  # fmt: skip
    return record


@cache
def _student_t(nu: float) -> Multipliers:
    return student_t_multipliers(nu)
