"""Why: the closed set of reason codes, and the sentence that a decision carries."""

from enum import StrEnum

from enforcement.records import Kind, LifeState
from risk.measures import Status
from sensors.reading import Reading
from sensors.wording import amount


class ReasonCode(StrEnum):
    """Every reason that a decision of a shipped sensor or a built-in limit may give, as CATEGORY_CONDITION."""

    VAR_LIMIT_BREACHED = "VAR_LIMIT_BREACHED"
    ES_LIMIT_BREACHED = "ES_LIMIT_BREACHED"
    STRESS_LOSS_EXCEEDED = "STRESS_LOSS_EXCEEDED"
    SCENARIO_FAILURES_EXCEEDED = "SCENARIO_FAILURES_EXCEEDED"
    TAIL_RATIO_EXCEEDED = "TAIL_RATIO_EXCEEDED"
    CONCENTRATION_EXCEEDED = "CONCENTRATION_EXCEEDED"
    LEVERAGE_EXCEEDED = "LEVERAGE_EXCEEDED"
    LIQUIDITY_EXCEEDED = "LIQUIDITY_EXCEEDED"
    CORRELATION_BREAKDOWN = "CORRELATION_BREAKDOWN"
    VOLATILITY_SPIKE = "VOLATILITY_SPIKE"
    DRAWDOWN_EXCEEDED = "DRAWDOWN_EXCEEDED"
    TURNOVER_EXCEEDED = "TURNOVER_EXCEEDED"
    DATA_STALE = "DATA_STALE"
    DATA_UNTRUSTED = "DATA_UNTRUSTED"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    OPERATOR_HALT = "OPERATOR_HALT"
    OPERATOR_REINSTATE = "OPERATOR_REINSTATE"
    OPERATOR_MODE = "OPERATOR_MODE"
    OPERATOR_OVERRIDE = "OPERATOR_OVERRIDE"
    OPERATOR_LIMITS = "OPERATOR_LIMITS"
    ACK_MISSING = "ACK_MISSING"
    ENFORCEMENT_INEFFECTIVE = "ENFORCEMENT_INEFFECTIVE"
    LEASE_EXPIRED = "LEASE_EXPIRED"


def code_of_missing_data(trust: str) -> ReasonCode:
    """Return why there is no number, from the trust in the scope's data."""
    if trust == "stale":
        return ReasonCode.DATA_STALE
    return ReasonCode.MODEL_UNAVAILABLE if trust == "fresh" else ReasonCode.DATA_UNTRUSTED


def sentence(reading: Reading, kind: Kind, before: LifeState, after: LifeState, *, at: float, clear_at: float) -> str:
    """Return what happened to a level, for a person: "VaR 99% 1d 2.31m over 2.00m"."""
    over = f"{reading.reason} over {amount(at, reading.unit)}"
    clear = amount(clear_at, reading.unit)
    match kind:
        case Kind.ESCALATION:
            return f"{reading.reason} for too long"
        case Kind.TARGETS:
            told = over if reading.statistic > at else reading.reason
            return f"{told}: the targets moved with the book"
        case Kind.REMINDER:
            return f"{reading.reason}: still halted"
        case Kind.STANDING:
            return reading.reason
    match after:
        case LifeState.PENDING:
            return f"{over}, not confirmed yet"
        case LifeState.FIRING if reading.statistic > at:
            return over
        case LifeState.FIRING:
            return f"{reading.reason} over {clear}, where it would clear"
        case LifeState.RECOVERING:
            return f"{reading.reason} at or under {clear}, not for long enough yet"
        case LifeState.LATCHED:
            return f"{reading.reason} at or under {clear}: waits for a named reinstate"
        case LifeState.NO_DATA:
            return f"{reading.reason}: the last state is held"
        case LifeState.ERROR:
            status = Status(reading.status).name
            return f"{reading.reason}, although its status is {status}: the last state is held"
    if before is LifeState.PENDING:
        return f"{reading.reason} at or under {amount(at, reading.unit)} before it fired"
    if before in (LifeState.NO_DATA, LifeState.ERROR):
        return f"{reading.reason}: data is back"
    return f"{reading.reason} stayed at or under {clear}"
