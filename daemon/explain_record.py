"""An explanation for scripts: one JSON object, everything that was found of an action."""

import msgspec

from daemon.evidence_records import figures_record
from daemon.explain_command import Explanation
from daemon.explain_compare import Comparison
from daemon.explain_pass import Recomputed
from daemon.explain_scene import ReductionCheck, Scene
from daemon.explain_words import headline, verdict_line
from enforcement.builtin import BUILTIN_IDS
from enforcement.records import number
from feeds.record import Input, Rejection

SCHEMA = "riskd.explanation"
SCHEMA_VERSION = 1


def explanation_record(explanation: Explanation) -> dict[str, object]:
    """Return everything as plain values; missing numbers are null, infinite ones words, times ns since the epoch."""
    story = explanation.story
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "action_id": explanation.action_id,
        "match": explanation.is_match,
        "verdict": verdict_line(explanation),
        "troubles": list(explanation.troubles),
        "records": [_comparison(each) for each in explanation.comparisons],
        "actions": [_recomputed(each) for each in explanation.found],
        "acks": [] if story is None else list(story.acks),
        "episode_evidence": [] if story is None else list(story.episode),
        "overrides": [] if story is None else list(story.overrides),
    }


def _comparison(comparison: Comparison) -> dict[str, object]:
    return {
        "source": comparison.source,
        "topic": comparison.topic,
        "what": comparison.what,
        "place": comparison.place,
        "verdict": comparison.verdict,
        "differences": [
            {"field": each.field, "recorded": each.recorded, "recomputed": each.recomputed, "why": each.why}
            for each in comparison.differences
        ],
    }


def _recomputed(recomputed: Recomputed) -> dict[str, object]:
    scene = recomputed.scene
    return {
        "topic": recomputed.topic,
        "sentence": headline(recomputed),
        "action": msgspec.to_builtins(recomputed.action),
        "decision": msgspec.to_builtins(scene.decision),
        "input": _input(recomputed.woke),
        "was_kept_back": recomputed.was_kept_back,
        "left_with": _input(recomputed.let_out),
        "limit": _limit(scene),
        "evidence_for_the_limit": None if scene.figures is None else figures_record(scene.figures),
        "state": scene.state,
        "reduction": None if scene.reduction is None else _reduction(scene.reduction),
        "episode": [
            {
                "d": each.d, "ts": each.ts_decided, "level": each.level, "kind": each.kind.value,
                "transition": each.transition, "decided_type": each.decided_type, "statistic": each.statistic,
                "status": each.status, "reason": each.reason,
            }
            for each in scene.episode
        ],
    }  # fmt: skip


def _input(item: Input) -> dict[str, object]:
    record, event = item.record, item.event
    return {
        "kind": "rejection" if isinstance(event, Rejection) else type(event).__name__,
        "n": record.n,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "ts_in": record.ts_in,
        "payload": record.payload.decode(errors="replace"),
        "refused": f"{event.reason.value}: {event.detail}" if isinstance(event, Rejection) else None,
    }


def _limit(scene: Scene) -> dict[str, object]:
    decision, limit = scene.decision, scene.limit
    return {
        "id": limit.id,
        "built_in": limit.id in BUILTIN_IDS,
        "scope": limit.scope,
        "sensor": decision.sensor,
        "metric": decision.metric,
        "level": decision.level,
        "action": scene.level.action,
        "statistic": decision.statistic,
        "unit": decision.unit,
        "status": decision.status,
        "utilisation": decision.utilisation,
        "at": decision.at,
        "effective_at": decision.effective_at,
        "clear_at": decision.clear_at,
        "override_id": decision.override_id,
        "for_ns": limit.for_,
        "confirm": limit.confirm,
        "keep_firing_for_ns": limit.keep_firing_for,
        "latch": limit.latch,
        "hard": limit.hard,
        "mode": scene.mode,
        "stage": scene.stage,
        "effect": scene.effect,
    }


def _reduction(check: ReductionCheck) -> dict[str, object]:
    return {
        "metric": check.metric,
        "before": number(check.before),
        "after": number(check.after),
        "clear_at": number(check.clear_at),
        "clears": check.does_clear,
        "cancel_working": check.cancels,
        "targets": [
            {
                "instrument": each.instrument, "quantity": number(each.quantity), "max_abs_qty": each.max_abs_qty,
                "allowed_side": each.allowed_side,
            }
            for each in check.targets
        ],
    }  # fmt: skip
