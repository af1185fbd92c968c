"""The audit records of commands: who said what, what waits for a second person, and what became of exceptions."""

from collections.abc import Sequence

import msgspec

from config.schema import Limit
from enforcement.approvals import Request
from enforcement.modes import ModeOrder
from enforcement.overrides import Override
from feeds import events

Line = dict[str, object]
_ENVELOPE = ("type", "ts", "actor", "reason", "command_id", "sig", "deployment")


def command_audit(ts: int, event: events.Command) -> Line:
    """Return the record of a command that was accepted, signed or not; what follows from it names its id."""
    return {
        "ts": ts, "kind": "command", "command": type(event).__struct_config__.tag, "command_id": event.command_id,
        "actor": event.actor, "reason": event.reason, "signed": event.sig is not None, "said_at": event.ts,
        **({} if event.deployment is None else {"deployment": event.deployment}), "fields": fields_of(event),
    }  # fmt: skip


def fields_of(event: events.Command) -> Line:
    """Return what a command of its type says beyond what all commands have; what it leaves open is left out."""
    said: Line = msgspec.json.decode(msgspec.json.encode(event))
    return {name: value for name, value in said.items() if name not in _ENVELOPE and value is not None}


def approval_audit(
    ts: int, change: str, request: Request[events.Override | events.ModeCommand | events.LimitsCommand], by: str | None
) -> Line:
    """Return the record of a request: requested, approved, lapsed, withdrawn, or overtaken by other limits.

    by : the actor, None where time was
    """
    return {
        "ts": ts, "kind": "approval", "change": change, "command_id": request.command_id,
        "command": type(request.command).__struct_config__.tag, "actor": request.actor,
        "reason": request.command.reason, "by": by, "asked_at": request.asked_ns, "lapses_at": request.lapses_ns,
        "fields": fields_of(request.command),
    }  # fmt: skip


def override_audit(ts: int, change: str, override: Override, by: str | None, **more: object) -> Line:
    """Return the record of an override: begun, reminder, ended or expired; by: the actor, None where time was."""
    return {"ts": ts, "kind": "override", "change": change, **override_record(override), "by": by, **more}


def override_record(override: Override) -> Line:
    """Return an override as the audit log and `/state` have it."""
    return {
        "override_id": override.id, "override": override.kind, "scope": override.scope, "limit": override.limit,
        "level": override.level, "value": override.value,
        "state": None if override.state is None else override.state.value, "began": override.began_ns,
        "expires_at": override.expires_ns, "actor": override.actor, "approved_by": override.approved_by,
        "signed": override.is_signed, "reason": override.reason,
    }  # fmt: skip


def mode_audit(
    ts: int, order: ModeOrder, replaced: tuple[ModeOrder, ...], *, actor: str, approved_by: str | None, reason: str,
    turned: list[tuple[str, str, bool]],
) -> Line:  # fmt: skip
    """Return the record of a change of mode; turned: (limit, scope, climbs) where evidence moves it, or no more."""
    return {
        "ts": ts, "kind": "mode_change", "mode": order.mode, "limit": order.limit, "scope": order.scope,
        "command_id": order.command_id or None, "actor": actor, "approved_by": approved_by, "reason": reason,
        "replaces": [each.command_id for each in replaced],
        "climbing": [{"limit": limit, "scope": scope, "climbs": climbs} for limit, scope, climbs in turned],
    }  # fmt: skip


def limits_audit(
    ts: int, event: events.LimitsCommand, before: Sequence[Limit], after: Sequence[Limit], *, hashes: tuple[str, str],
    approved_by: str | None,
) -> Line:  # fmt: skip
    """Return the record of other limits: what is new, changed and gone, the whole list, and both config hashes."""
    old, new = ({limit.id: limit for limit in limits} for limits in (before, after))
    return {
        "ts": ts, "kind": "config", "change": "limits", "command_id": event.command_id, "actor": event.actor,
        "approved_by": approved_by, "reason": event.reason, "old_config_hash": hashes[0], "config_hash": hashes[1],
        "added": [name for name in new if name not in old], "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
        "limits": [limit.model_dump(mode="json", by_alias=True) for limit in after],
    }  # fmt: skip
