"""What `riskd status` shows: for someone on call at night, so what fired and why comes first."""

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.report import NOT_NEEDED_TO_BE_READY
from daemon.screen_text import money
from daemon.state_views import LimitView, StateDocument, as_float
from daemon.status_acks import ack_table, without_selftests
from daemon.status_commands import command_lines
from daemon.status_service import data_lines, evidence_table, service_lines
from daemon.status_tables import age_text, portfolio_table, styled_life, table_with
from daemon.summary import iso_time
from enforcement.builtin import BUILTIN_IDS

# What matters most first; a life that is ok is shown elsewhere.
_URGENCY = ("firing", "latched", "error", "recovering", "no_data", "pending")
_OK_LIMITS_SHOWN = 5
_LINES_OF_THE_REST = 24  # headings, data and service
_FIRED_MIN = 5
_AT_WORDS_MIN = 1_000.0
_WIDE = 100  # columns that all of a book's numbers need
_ACTED = {"firing", "latched", "recovering"}


def status_view(document: StateDocument, *, width: int, height: int | None = None) -> RenderableType:
    """Return the whole view for so many columns; `height` in lines, None where everything is to be shown."""
    document = without_selftests(document)
    free = None if height is None else max(height - _LINES_OF_THE_REST - len(document.states), _FIRED_MIN)
    return Group(
        *_headline(document),
        Text(),
        *_fired(document, free),
        portfolio_table(document.states, is_wide=width >= _WIDE),
        *ack_table(document),
        *_nearest(document),
        *data_lines(document),
        *service_lines(document),
        Text(),
        evidence_table(document.shards),
        *command_lines(document),
    )


def _headline(document: StateDocument) -> Iterator[Text]:
    word, style = ("READY", "bold green") if document.is_ready else ("NOT READY", "bold white on red")
    inputs = sum(shard.n for shard in document.shards)
    decisions = sum(shard.decisions for shard in document.shards)
    reached_ns = min((shard.core_time_ns for shard in document.shards), default=0)
    yield Text.assemble(
        ("riskd ", "bold"), (word, style),
        f"   {iso_time(document.at_ns)}   core {iso_time(reached_ns)}   {inputs:,} inputs   {decisions:,} decisions",
    )  # fmt: skip
    for condition, trouble in document.troubles.items():
        is_note = condition in NOT_NEEDED_TO_BE_READY
        yield Text(f"  {condition}: {trouble}", style="yellow" if is_note else "bold red")


def _fired(document: StateDocument, rows_max: int | None) -> Iterator[RenderableType]:
    rows = [(scope, limit) for scope in document.states for limit in scope.limits if limit.life != "ok"]
    if not rows:
        yield Text("No limit fires, none is pending, none lacks its number.", style="green")
        return
    rows.sort(key=lambda row: (_urgency(row[1]), -_used(row[1])))
    has_fired = any(limit.life in _ACTED for _, limit in rows)
    title = "What fired, and why" if has_fired else "Nothing fires; these are not ok"
    table = table_with(title, ("book", "limit", "life", "since", "used", "asks for", "acts", "why"))
    now_ns = {shard.shard: shard.core_time_ns for shard in document.shards}
    shown = rows if rows_max is None else rows[:rows_max]
    for scope, limit in shown:
        since_ns = now_ns.get(scope.shard, scope.ts) - limit.since
        table.add_row(
            scope.scope, f"{limit.limit} {limit.level}", styled_life(limit.life),
            age_text(since_ns) if limit.since else "-", _share(limit), limit.action, _acts(limit), _why(limit),
        )  # fmt: skip
    yield table
    if len(shown) < len(rows):
        yield Text(f"and {len(rows) - len(shown)} more: --once shows all", style="yellow")


def _nearest(document: StateDocument) -> Iterator[RenderableType]:
    rows = [(scope, limit) for scope in document.states for limit in scope.limits if limit.life == "ok"]
    rows = sorted((row for row in rows if _used(row[1]) > 0.0), key=lambda row: -_used(row[1]))
    if rows:
        table = table_with("Nearest to firing", ("book", "limit", "used", "asks for", "acts", "now"))
        for scope, limit in rows[:_OK_LIMITS_SHOWN]:
            table.add_row(
                scope.scope, f"{limit.limit} {limit.level}", _share(limit), limit.action, _acts(limit), _why(limit)
            )
        yield table


def _urgency(limit: LimitView) -> int:
    return _URGENCY.index(limit.life)


def _used(limit: LimitView) -> float:
    """Return the utilisation, 0 where there is no number."""
    used = as_float(limit.utilisation)
    return used if used > 0.0 else 0.0


def _share(limit: LimitView) -> str:
    used = as_float(limit.utilisation)
    if math.isnan(used):
        return "-"
    return f"{used:.0%}" if abs(used) < _AT_WORDS_MIN else f"{used:.3g}x"


def _acts(limit: LimitView) -> Text:
    """Say whether what the limit asks for is published to those who trade."""
    match limit.stage:
        case "FULL":
            return Text("enforced", style="bold")
        case "SOFT":
            return Text("throttle at most")
        case _:
            return Text("shadow", style="dim")


def _why(limit: LimitView) -> str:
    if limit.limit in BUILTIN_IDS:  # their level is between yes and no
        return limit.reason
    at = as_float(limit.at)
    level = money(at) if abs(at) >= _AT_WORDS_MIN else f"{at:.4g}"
    return f"{limit.reason}, limit {level}"
