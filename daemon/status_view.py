"""What `riskd status` shows: for someone on call at night, so what fired and why comes first."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.report import NOT_NEEDED_TO_BE_READY
from daemon.state_views import StateDocument
from daemon.status_acks import ack_table, without_selftests
from daemon.status_commands import command_lines
from daemon.status_evidence import evidence_parts
from daemon.status_fired import fired, nearest
from daemon.status_service import data_lines, service_lines
from daemon.status_tables import portfolio_table
from daemon.summary import iso_time

_LINES_OF_THE_REST = 24  # headings, data and service
_FIRED_MIN = 5
_WIDE = 100  # columns that all of a book's numbers need


def status_view(document: StateDocument, *, width: int, height: int | None = None) -> RenderableType:
    """Return the whole view for so many columns; `height` in lines, None where everything is to be shown.

    In the order in which one asks at night: is it well, what fired, what did people order, who may trade, what comes
    next; then data, service, and what speaks for each sensor and limit.
    """
    document = without_selftests(document)
    free = None if height is None else max(height - _LINES_OF_THE_REST - len(document.states), _FIRED_MIN)
    return Group(
        *_headline(document),
        Text(),
        *fired(document, free, width=width),
        *command_lines(document),
        portfolio_table(document.states, is_wide=width >= _WIDE),
        *ack_table(document),
        *nearest(document, width=width),
        *data_lines(document),
        *service_lines(document),
        *evidence_parts(document.shards, document.states, width=width),
    )


def _headline(document: StateDocument) -> Iterator[Text]:
    word, style = ("READY", "bold green") if document.is_ready else ("NOT READY", "bold white on red")
    inputs = sum(shard.n for shard in document.shards)
    decisions = sum(shard.decisions for shard in document.shards)
    reached_ns = min((shard.core_time_ns for shard in document.shards), default=0)
    yield Text.assemble(("riskd ", "bold"), (word, style), f"   {iso_time(document.at_ns)}")
    for condition, trouble in document.troubles.items():
        is_note = condition in NOT_NEEDED_TO_BE_READY
        yield Text(f"  {condition}: {trouble}", style="yellow" if is_note else "bold red")
    yield Text(f"core {iso_time(reached_ns)}   {inputs:,} inputs   {decisions:,} decisions", style="dim")
