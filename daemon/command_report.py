"""What commands have left in force, for the report: exceptions, requests that wait, modes that were ordered."""

from typing import TypedDict

from daemon.command_records import fields_of, override_record
from daemon.core import Core

Line = dict[str, object]


class CommandReports(TypedDict):
    """Fields of `ShardReport`."""

    overrides: list[Line]
    approvals: list[Line]
    modes: list[Line]


def command_reports(core: Core) -> CommandReports:
    """Return what is in force and what waits in one shard, each in the order in which it came."""
    enforcer = core.enforcer
    return {
        "overrides": [override_record(each) for each in enforcer.overrides.active.values()],
        "approvals": [
            {
                "command_id": each.command_id, "command": type(each.command).__struct_config__.tag, "actor": each.actor,
                "reason": each.command.reason, "asked_at": each.asked_ns, "lapses_at": each.lapses_ns,
                "fields": fields_of(each.command),
            }
            for each in core.handlers.commands.approvals.waiting.values()
        ],
        "modes": [
            {"mode": each.mode, "limit": each.limit, "scope": each.scope, "command_id": each.command_id}
            for each in enforcer.modes.orders
        ],
    }  # fmt: skip
