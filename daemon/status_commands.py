"""The part of `riskd status` on what people have ordered: exceptions in force, requests that wait, modes."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from daemon.screen_text import money
from daemon.state_views import OverrideView, StateDocument
from daemon.status_tables import age_text, table_with


def command_lines(document: StateDocument) -> Iterator[RenderableType]:
    """Return tables of overrides and of commands that wait, and a line for each ordered mode; nothing of nothing."""
    shards = document.shards
    overrides = [(shard, each) for shard in shards for each in shard.overrides]
    if overrides:
        table = table_with("Overrides in force", ("override", "book", "what", "ends in", "by", "why"))
        for shard, each in overrides:
            by = each.actor if each.approved_by is None else f"{each.actor}, {each.approved_by}"
            table.add_row(
                each.override_id,
                each.scope,
                _what(each),
                age_text(each.expires_at - shard.core_time_ns),
                by,
                each.reason,
            )
        yield table
    waiting = [(shard, each) for shard in shards for each in shard.approvals]
    if waiting:
        table = table_with(
            "Waiting for a second person: riskd approve", ("command", "what", "asked by", "lapses in", "why")
        )
        for shard, request in waiting:
            what = ", ".join(f"{name} {value}" for name, value in request.fields.items() if name != "expires_at")
            table.add_row(
                request.command_id, f"{request.command}: {what}", request.actor,
                age_text(request.lapses_at - shard.core_time_ns), request.reason,
            )  # fmt: skip
        yield table
    for order in dict.fromkeys(each for shard in shards for each in shard.modes):
        of = "all limits" if order.limit is None else f"limit {order.limit}"
        where = "everywhere" if order.scope is None else f"in {order.scope}"
        yield Text(f"Mode {order.mode} of {of} {where}, by command {order.command_id}", style="bold")


def _what(override: OverrideView) -> str:
    match override.override:
        case "limit_increase":
            return f"{override.limit} {override.level} at {money(override.value or 0.0)}"
        case "suppress":
            return f"{override.limit} keeps still"
        case _:
            return f"held at {override.state}"
