"""The audit records of acknowledgements and of what follows an action, and how a scope stands with them."""

from collections.abc import Sequence

from enforcement.follow_ups import AckTaken, FollowUps
from enforcement.follow_words import FollowUp
from enforcement.records import Action


def ack_audit(ts: int, taken: AckTaken) -> dict[str, object]:
    """Return the record of a consumer's acknowledgement, and what it was worth: only one that `counts` does anything.

    latency_ns : core time from the action to it
    """
    ack = taken.ack
    return {
        "ts": ts, "kind": "ack", "action_id": ack.action_id, "consumer": ack.consumer, "result": ack.result,
        "residual": ack.residual, "scope": taken.scope, "standing": taken.standing.value,
        "latency_ns": taken.latency_ns,
    }  # fmt: skip


def follow_up_audit(ts: int, told: FollowUp, action: Action | None, found: Sequence[str]) -> dict[str, object]:
    """Return the record of what followed an action; `published` is the id of the record that tells it, if one does.

    found : what contradicts the scope's actions from now on, in words
    """
    return {
        "ts": ts, "kind": "follow_up", "change": told.kind, "scope": told.scope, "action_id": told.action_id,
        "reason_code": None if told.code is None else told.code.value, "reason": told.reason,
        "owing": list(told.owing), "published": None if action is None else action.action_id,
        "contradictions": list(found),
    }  # fmt: skip


def acks_records(follow_ups: FollowUps) -> dict[str, dict[str, object]]:
    """Return, by scope, how actions that ask for an acknowledgement stand with it; times are core time, ns.

    action_id : of the newest; asked, ack_by: when it left, until when it has to be acknowledged; null: it need not be
    open      : whether somebody has still to apply it; owing: who, by name; empty: anybody
    said      : last word of each consumer on it
    missing   : since when an acknowledgement is missing, and why (silent, refused, partial); null where none is
    contradictions : what of positions and orders contradicts what was said to be applied, in words
    """
    return {scope: _acks_record(follow_ups, scope) for scope in follow_ups.awaiting()}


def _acks_record(follow_ups: FollowUps, scope: str) -> dict[str, object]:
    followed = follow_ups.followed(scope)
    newest = followed.acks.awaited[-1] if followed.acks.awaited else None
    missing = followed.missing
    owed = followed.acks.owed(follow_ups.names_for(scope))
    return {
        "action_id": followed.acks.newest,
        "asked": None if newest is None else newest.asked_ns,
        "ack_by": None if newest is None else newest.due_ns,
        "open": newest is not None and not owed.is_applied,
        "owing": list(owed.owing),
        "said": {
            name: {"result": said.result, "residual": said.residual}
            for name, said in sorted(newest.said.items() if newest is not None else ())
        },
        "missing": None if missing is None else {"since": missing.since_ns, "why": missing.why},
        "contradictions": list(follow_ups.effects.contradicted(scope)),
    }
