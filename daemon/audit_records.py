"""The audit records that the core writes: decisions, actions, rejections, and the numbers of every completed row."""

import msgspec

from daemon.number_records import is_blind, metric_records
from daemon.working_records import worst_stress
from enforcement.records import Action, Decision, number
from feeds.record import RejectReason
from risk.exceptions import LEVELS, RowException
from risk.state import RiskState

_PERIODIC = ("var_95", "var_975", "var_99", "var_999", "es_95", "es_975", "es_99", "es_999", "tail_ratio")


def decision_audit(decision: Decision) -> dict[str, object]:
    """Return the record of one decision, whole; its own kind (transition, targets, ...) is `change` here."""
    plain: dict[str, object] = msgspec.to_builtins(decision)
    change = plain.pop("kind")
    return {"ts": decision.ts_decided, "kind": "decision", "change": change, **plain}


def action_audit(action: Action, topic: str, *, ts: int | None = None) -> dict[str, object]:
    """Return the record of one action: what was published where; the decision stands before it.

    ts : core time at which it left, where that is not the time of its decision (the end of a catch-up)
    """
    return {
        "ts": action.ts_decided if ts is None else ts, "kind": "action", "topic": topic,
        "action_id": action.action_id, "d": action.d,
        "seq": action.seq, "scope": action.scope, "type": action.type, "params": msgspec.to_builtins(action.params),
        "trading_state": action.trading_state.value, "effect": action.effect.value, "mode": action.mode,
        "limit": action.cause.limit, "reason_code": action.reason_code,
        "active": msgspec.to_builtins(action.active),
    }  # fmt: skip


def rejection_audit(ts: int, reason: str, count: int) -> dict[str, object]:
    """Return the count of one reason in one second of core time; ts is the end of that second."""
    assert reason in RejectReason.__members__, reason
    return {"ts": ts, "kind": "rejection", "reason": reason, "count": count}


def row_audits(state: RiskState) -> list[dict[str, object]]:
    """Return var_calculation and stress_result of every scope after a completed row."""
    records: list[dict[str, object]] = []
    for p, path in enumerate(state.scopes):
        values = metric_records(state, p, (*_PERIODIC, "worst_loss"))
        worst = values.pop("worst_loss")
        head = {"ts": state.now_ns, "scope": path, "rows": state.rows}
        records.append({**head, "kind": "var_calculation", "values": values})
        blind = is_blind(state, p)
        losses = {
            scenario.id: None if blind else number(worst_stress(state, p, k))
            for k, scenario in enumerate(state.scenarios)
        }
        records.append({**head, "kind": "stress_result", "losses": losses, "worst": worst})
    return records


def backtest_audit(state: RiskState, exception: RowException) -> dict[str, object]:
    """Return the record of a row whose loss passed a VaR of the row before; rows without one are only counted."""
    counts = state.backtest.counts(exception.scope)
    return {
        "ts": state.now_ns, "kind": "backtest", "scope": state.scopes[exception.scope], "rows": state.rows,
        "loss": number(exception.loss), "exceeded": list(exception.exceeded),
        "var": {level: number(value) for level, value in zip(LEVELS, exception.value_at_risk, strict=True)},
        "observations": {level: counts[level][0] for level in LEVELS},
        "exceptions": {level: counts[level][1] for level in LEVELS},
    }  # fmt: skip
