"""The audit records of evidence: where it begins, labels, every step of a ladder: all that a recomputation needs."""

from collections.abc import Mapping

from enforcement.builtin import BUILTIN_IDS
from enforcement.episodes import Label, OutcomeTest, Verification
from enforcement.figures import Figures
from enforcement.ladder import Step, Unit
from enforcement.ladder_news import Look, Unwatch, Watch
from enforcement.ladders import Ladders, backtest_of
from enforcement.records import number
from risk.traffic_light import ZoneTurn

_KINDS = {"promotion": "promotion", "demotion": "demotion", "reset": "evidence_reset"}


def ladder_audit(told: Watch | Unwatch | Look | Step, ladders: Ladders, ts: int) -> dict[str, object]:
    """Return the record of something that a ladder has told at core time `ts`."""
    match told:
        case Watch():
            return _watch(told, ladders, ts)
        case Unwatch():
            return {"ts": ts, "kind": "unwatch_limits", "scope": told.scope, "limits": list(told.limits)}
        case Look():
            return {"ts": told.ts, "kind": "look"}
        case Step():
            return _step(told, ts)


def _watch(watch: Watch, ladders: Ladders, ts: int) -> dict[str, object]:
    """Return the record of a scope's first look: from here on its limits are live, under these rules."""
    limits = [
        {
            "limit": bound.limit.id,
            "sensor": bound.limit.sensor,
            "levels": [level.name for level in bound.levels],
            "climbs": ladders.climbs(bound, watch.scope),
            "threshold_per_week": unit.threshold,
            "promotion": unit.settings.model_dump(mode="json"),
            "outcome_counts": unit.outcome_counts,
            "sensitive": ladders.is_sensitive(bound.limit),
            "backtest": backtest_of(bound.limit),
        }
        for bound, unit in zip(watch.limits, watch.units, strict=True)
        if bound.limit.id not in BUILTIN_IDS
    ]
    return {"ts": ts, "kind": "watch", "scope": watch.scope, "model_version": ladders.model_version, "limits": limits}


def label_audit(label: Label, unit: Unit) -> dict[str, object]:
    """Return the record of a label; an earlier one of the same episode stays where it is."""
    return {
        "ts": label.ts, "kind": "label", "episode_id": label.episode_id, "limit": unit.limit, "scope": unit.scope,
        "verdict": label.verdict, "cause": label.cause, "actor": label.actor, "reason": label.reason,
        "confidence": label.confidence, "outcome_known": label.outcome_known, "command_id": label.command_id,
    }  # fmt: skip


def verification_audit(episode_id: str, unit: Unit, found: Verification) -> dict[str, object]:
    """Return the record of what the slow reference model found of an episode's trip."""
    return {
        "ts": found.ts, "kind": "verification", "episode_id": episode_id, "limit": unit.limit, "scope": unit.scope,
        "result": found.result, "cause": found.cause, "statistic": number(found.statistic),
        "level": number(found.level), "reason": found.reason,
    }  # fmt: skip


def outcome_audit(episode_id: str, unit: Unit, found: OutcomeTest) -> dict[str, object]:
    """Return the record of whether an episode's adverse event came."""
    return {
        "ts": found.ts, "kind": "outcome", "episode_id": episode_id, "limit": unit.limit, "scope": unit.scope,
        "result": found.result, "rows": found.rows, "reason": found.reason,
    }  # fmt: skip


def _step(step: Step, ts: int) -> dict[str, object]:
    """Return the record of a promotion, a demotion, or evidence that begins anew."""
    return {
        "ts": ts, "kind": _KINDS[step.kind], "limit": step.limit, "scope": step.scope, "before": step.before.value,
        "after": step.after.value, "cause": step.cause, "reason": step.reason, **figures_record(step.figures),
        "labels_hash": step.labels_hash,
    }  # fmt: skip


def figures_record(figures: Figures) -> Mapping[str, object]:
    """Return k, T, E, D and what stands beside them."""
    return {
        "since": figures.stage_ns, "k": figures.false, "k_counted": figures.false_counted, "weeks": figures.weeks,
        "e_value": number(figures.e_value), "d": figures.cusum, "d_peak": figures.cusum_peak,
        "episodes": figures.episodes, "resolved": figures.resolved, "uptime": figures.uptime,
        "naive_rate_per_week": number(figures.naive_rate), "rate_upper_per_week": number(figures.rate_upper),
    }  # fmt: skip


def zone_audit(ts: int, scope: str, turn: ZoneTurn) -> dict[str, object]:
    """Return the record of a backtest that changed its zone."""
    return {
        "ts": ts, "kind": "model_zone", "scope": scope, "confidence": turn.level, "zone": turn.zone,
        "observations": turn.observations, "exceptions": turn.exceptions,
    }  # fmt: skip
