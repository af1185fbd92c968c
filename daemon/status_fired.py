"""What fired and why, and what is nearest to firing: the part of `riskd status` that is read first."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from daemon.screen_text import LIFE_STYLES, money
from daemon.state_views import LimitView, ScopeView, StateDocument, as_float
from daemon.status_tables import age_text, styled_life, table_with
from enforcement.builtin import BUILTIN_IDS

# What matters most first; a life that is ok is shown elsewhere.
_URGENCY = ("firing", "latched", "error", "recovering", "no_data", "pending")
_OK_LIMITS_SHOWN = 5
_AT_WORDS_MIN = 1_000.0
_UNDER = (0, 0, 0, 10)  # a reason stands under the book, also where it wraps
_WIDE = 110  # columns that a row with its reason needs
_ACTED = {"firing", "latched", "recovering"}
_ALIKE_MIN = 3  # so many books that lack the same number for the same reason are one row


@dataclass(frozen=True, slots=True)
class _Row:
    """One level that is not ok, in a book; `more`: further books of which the very same is true."""

    scope: ScopeView
    limit: LimitView
    since_ns: int
    more: int = 0

    @property
    def book(self) -> str:
        return self.scope.scope + (f" and {self.more} more" if self.more else "")


def fired(document: StateDocument, rows_max: int | None, *, width: int) -> Iterator[RenderableType]:
    """Yield every level that is not ok, the most urgent and the most used first.

    rows_max : None shows all
    """
    now_ns = {shard.shard: shard.core_time_ns for shard in document.shards}
    rows = [
        _Row(scope, limit, now_ns.get(scope.shard, scope.ts) - limit.since if limit.since else -1)
        for scope in document.states
        for limit in scope.limits
        if limit.life != "ok"
    ]
    if not rows:
        yield Text("No limit fires, none is pending, none lacks its number.", style="green")
        return
    rows = sorted(_gathered(rows), key=lambda row: (_URGENCY.index(row.limit.life), -_used(row.limit)))
    has_fired = any(row.limit.life in _ACTED for row in rows)
    title = "What fired, and why" if has_fired else "Nothing fires; these are not ok"
    shown = rows if rows_max is None else rows[:rows_max]
    yield from _wide(title, shown) if width >= _WIDE else _narrow(title, shown)
    if len(shown) < len(rows):
        yield Text(f"and {len(rows) - len(shown)} more: --once shows all", style="yellow")


def nearest(document: StateDocument, *, width: int) -> Iterator[RenderableType]:
    """Yield the levels that are ok and nearest to firing."""
    rows = [(scope, limit) for scope in document.states for limit in scope.limits if limit.life == "ok"]
    rows = sorted((row for row in rows if _used(row[1]) > 0.0), key=lambda row: -_used(row[1]))[:_OK_LIMITS_SHOWN]
    if not rows:
        return
    if width < _WIDE:
        yield Text("\nNearest to firing", style="bold")
        for scope, limit in rows:
            head = f"{_share(limit):>8}  {scope.scope}  {limit.limit} {limit.level}  {limit.action}, "
            yield Text.assemble(head, _acts(limit))
            yield Padding(Text(_why(limit)), _UNDER)
        yield Text()
        return
    table = table_with("Nearest to firing", ("book", "limit", "used", "asks for", "acts", "now"))
    for scope, limit in rows:
        table.add_row(
            scope.scope, f"{limit.limit} {limit.level}", _share(limit), limit.action, _acts(limit), _why(limit)
        )
    yield table


def _wide(title: str, rows: Sequence[_Row]) -> Iterator[RenderableType]:
    table = table_with(title, ("book", "limit", "life", "since", "used", "asks for", "acts", "why"))
    for row in rows:
        limit = row.limit
        table.add_row(
            row.book, f"{limit.limit} {limit.level}", styled_life(limit.life), _since(row), _share(limit),
            limit.action, _acts(limit), _why(limit),
        )  # fmt: skip
    yield table


def _narrow(title: str, rows: Sequence[_Row]) -> Iterator[RenderableType]:
    """Yield two lines a level: a table of so many columns would cut off the reason, which is what one looks for."""
    yield Text(title, style="bold")
    for row in rows:
        limit = row.limit
        style = LIFE_STYLES.get(limit.life, "")
        yield Text.assemble(
            (f"{limit.life:10}", style), (row.book, "bold"), f"  {limit.limit} {limit.level}  {_share(limit)}",
            (f"  {_since(row)}", "dim"), f"  {limit.action}, ", _acts(limit),
        )  # fmt: skip
        yield Padding(Text(_why(limit)), _UNDER)
    yield Text()


def _gathered(rows: Sequence[_Row]) -> Iterator[_Row]:
    """Yield the rows, those of many books that lack the same number for the same reason as one."""
    alike: dict[tuple[object, ...], list[_Row]] = {}
    for row in rows:
        limit = row.limit
        is_blind = limit.life == "no_data"
        book = None if is_blind else (row.scope.shard, row.scope.scope)
        key = (limit.limit, limit.level, limit.life, limit.reason, limit.action, limit.stage, book)
        alike.setdefault(key, []).append(row)
    for group in alike.values():
        if len(group) < _ALIKE_MIN:
            yield from group
        else:
            longest_ns = max(row.since_ns for row in group)
            yield _Row(group[0].scope, group[0].limit, longest_ns, len(group) - 1)


def _since(row: _Row) -> str:
    return age_text(row.since_ns) if row.since_ns >= 0 else "-"


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
