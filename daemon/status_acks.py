"""What `riskd status` shows of actions that wait for their acknowledgement, or are contradicted by positions."""

from collections.abc import Iterator

import msgspec
from rich.console import RenderableType
from rich.text import Text

from config.reserved import is_selftest
from daemon.state_views import AcksView, ShardView, StateDocument
from daemon.status_tables import age_text, table_with

_ID_SHOWN = 12  # of an action: enough to find it


def without_selftests(document: StateDocument) -> StateDocument:
    """Return the document without the roots of self-tests: nobody trades there."""
    states = [state for state in document.states if not is_selftest(state.scope)]
    return msgspec.structs.replace(document, states=states)


def ack_table(document: StateDocument) -> Iterator[RenderableType]:
    """Yield the table of open acknowledgements; nothing where there is none."""
    rows = [
        (shard, scope, acks)
        for shard in document.shards
        for scope, acks in shard.acks.items()
        if (acks.open or acks.contradictions) and not is_selftest(scope)
    ]
    if not rows:
        return
    table = table_with("Waiting for an acknowledgement", ("book", "action", "since", "owed by", "why"))
    for shard, scope, acks in sorted(rows, key=lambda row: (not _is_bad(row[2]), row[1])):
        since = "-" if acks.asked is None else age_text(shard.core_time_ns - acks.asked)
        owed = ", ".join(acks.owing) or ("anybody" if acks.open else "-")
        table.add_row(scope, acks.action_id[:_ID_SHOWN], since, owed, _why(shard, acks))
    yield table


def _is_bad(acks: AcksView) -> bool:
    return acks.missing is not None or bool(acks.contradictions)


def _why(shard: ShardView, acks: AcksView) -> Text:
    said = ", ".join(
        f"{name} {word.result}" + (f", {word.residual:g} left" if word.residual else "")
        for name, word in acks.said.items()
    )
    if acks.contradictions:
        return Text(f"contradicted: {'; '.join(acks.contradictions)}", style="bold red")
    if acks.missing is not None:
        why = {"silent": "MISSING", "refused": "REFUSED", "partial": "STILL PARTIAL"}[acks.missing.why]
        age = age_text(shard.core_time_ns - acks.missing.since)
        return Text(f"{why} for {age}" + (f" ({said})" if said else ""), style="bold red")
    return Text(said or "not due yet")
