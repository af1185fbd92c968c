"""The nightly stress as records: in the audit log, in state records, and for the terminal."""

from datetime import date

from enforcement.records import number
from risk.correlation_stress import LEVELS
from risk.measures import Status
from risk.state import RiskState
from risk.stress_result import (
    CorrelationFigure,
    CorrelationFigures,
    CrisisFigure,
    PlausibleFigure,
    ReverseFigure,
    StressResult,
)

_NO_PLAUSIBLE = PlausibleFigure(None, None, None, None, (), Status.INSUFFICIENT)
_NO_CORRELATION = CorrelationFigures(None, (), None, None, Status.INSUFFICIENT)


def stress_audit(state: RiskState, result: StressResult) -> dict[str, object]:
    """Return the audit record of a stress that was applied; `as_of` is the core time of the book that it speaks of."""
    head = {"ts": state.now_ns, "kind": "stress_result", "run": "nightly", "scope": state.scopes[result.scope]}
    return {**head, "request": result.id, "digest": result.digest, **stress_record(result)}


def stress_record(result: StressResult) -> dict[str, object]:
    """Return every figure of one scope's stress, each with its status; a loss is positive, a P&L negative."""
    return {
        "as_of": result.as_of_ns,
        "rows": result.rows,
        "reverse": {figure.scenario: _reverse(figure) for figure in result.reverse},
        "plausible": _plausible(result.plausible),
        "correlation": _correlation(result.correlation),
        "crises": {figure.crisis: _crisis(figure) for figure in result.crises},
    }


def nightly_record(state: RiskState, p: int) -> dict[str, object]:
    """Return the last stress of scope p in one shape from the first moment on: what is not known yet is null.

    Every scenario, every level and every crisis of the library is named, those without history with their status.
    """
    result = state.stress_results.get(p)
    unknown = Status.INSUFFICIENT.name
    record = {"as_of": None, "rows": state.rows} if result is None else stress_record(result)
    blank_reverse = {"feasible": False, "multiplier": None, "loss": None, "reason": None, "status": unknown}
    reverse = {figure.scenario: _reverse(figure) for figure in result.reverse} if result is not None else {}
    crises = {figure.crisis: _crisis(figure) for figure in result.crises} if result is not None else {}
    correlation = _correlation(_NO_CORRELATION if result is None else result.correlation)
    return record | {
        "reverse": {each.id: reverse.get(each.id, blank_reverse) for each in state.scenarios},
        "plausible": _plausible(_NO_PLAUSIBLE if result is None else result.plausible),
        "correlation": correlation,
        "crises": {each.name: crises.get(each.name, _NO_CRISIS) for each in state.crisis_rows.crises},
    }


def _reverse(figure: ReverseFigure) -> dict[str, object]:
    return {
        "feasible": figure.feasible, "multiplier": figure.multiplier, "loss": _shown(figure.loss),
        "reason": figure.reason, "status": figure.status.name,
    }  # fmt: skip


def _plausible(figure: PlausibleFigure) -> dict[str, object]:
    return {
        "loss": _shown(figure.loss), "distance": _shown(figure.distance), "normal_odds": figure.normal_odds,
        "student_odds": figure.student_odds, "status": figure.status.name,
        "factors": [{"instrument": f.instrument, "move": f.move, "loss": f.loss} for f in figure.factors],
    }  # fmt: skip


def _correlation(figures: CorrelationFigures) -> dict[str, object]:
    told = {level.level: level for level in figures.levels}
    return {
        "mean_correlation": _shown(figures.mean_correlation),
        "var_99": {name: _level(told.get(name)) for name in LEVELS},
        "undiversified": _shown(figures.undiversified),
        "worst": _shown(figures.worst),
        "status": figures.status.name,
    }


def _level(level: CorrelationFigure | None) -> dict[str, object]:
    parts = ("weight", "together", "adversarial", "worst")
    return {name: None if level is None else getattr(level, name) for name in parts}


def _crisis(figure: CrisisFigure) -> dict[str, object]:
    return {
        "sessions": figure.sessions, "coverage": figure.coverage, "final": _shown(figure.final),
        "worst": _shown(figure.worst), "worst_on": _day(figure.worst_on), "drawdown": _shown(figure.drawdown),
        "peak_on": _day(figure.peak_on), "trough_on": _day(figure.trough_on),
        "worst_day": _shown(figure.worst_day), "worst_day_on": _day(figure.worst_day_on),
        "proxied": list(figure.proxied), "proxied_count": figure.proxied_count,
        "excluded": list(figure.excluded), "excluded_count": figure.excluded_count, "status": figure.status.name,
    }  # fmt: skip


def _shown(value: float | None) -> object:
    return None if value is None else number(value)


def _day(ordinal: int | None) -> str | None:
    return None if ordinal is None else date.fromordinal(ordinal).isoformat()


_NO_CRISIS = _crisis(
    CrisisFigure("", 0, 0.0, None, None, None, None, None, None, None, None, (), 0, (), 0, Status.INSUFFICIENT)
)
