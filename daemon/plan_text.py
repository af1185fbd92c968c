"""A rehearsal for people: what would change in one sentence, then settings, limits and the actions themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.explain_pass import TOPICS
from daemon.plan_actions import ASKED, PlannedAction, record_at
from daemon.plan_command import BASE, PROPOSED, Rehearsal
from daemon.plan_match import Pair
from daemon.plan_record import level_rows, limit_rows
from daemon.plan_rows import ActionRows, table_of
from daemon.plan_settings import setting_lines
from daemon.status_tables import age_text
from daemon.summary import iso_time

ROWS_SHOWN_MAX = 20

Row = Mapping[str, object]


def plan_view(rehearsal: Rehearsal) -> RenderableType:
    """Return the whole view; the first line says what would change."""
    if rehearsal.is_equal:
        return Text("No difference: both configurations are one and the same, so every action would be.")
    difference = rehearsal.difference
    return Group(
        Text(headline(rehearsal), style="bold"),
        *_left_out(rehearsal),
        *_varies(rehearsal),
        *_settings(rehearsal),
        *_limits(rehearsal),
        *_levels(rehearsal),
        *_published(rehearsal),
        *_actions("Would appear", difference.appear),
        *_actions("Would vanish", difference.vanish),
        *_changes(rehearsal),
        *_why_not(rehearsal),
    )


def headline(rehearsal: Rehearsal) -> str:
    """Return in one sentence how the actions would differ."""
    found = rehearsal.difference
    counts = [
        (len(found.appear), "would appear"),
        (len(found.vanish), "would vanish"),
        (len(found.change), "would change"),
    ]
    told = [f"{count:,} actions {words}" if count != 1 else f"1 action {words}" for count, words in counts if count]
    kept = len(found.same) + len(found.reworded)
    worded = f", {len(found.reworded):,} of them with another level, reason or evidence" if found.reworded else ""
    return f"{', '.join(told) or 'No action would change'}; {kept:,} would ask the same{worded}"


def _left_out(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    """Say what was not rehearsed: a plan that is silent about three of four shards would look complete."""
    if rehearsal.left_out:
        names = ", ".join(each.name for each in rehearsal.left_out)
        told = f"Of this shard alone. Not played: {names}. Plan them, too: --against {rehearsal.left_out[0]}"
        yield Text(told, style="yellow")


def _varies(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    """Say that the run that is compared with had several configurations."""
    if rehearsal.base_varies:
        told = "The journal's run was configured anew on its way: the base is the run; settings are against its last."
        yield Text(told, style="yellow")


def _settings(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    yield _heading("What is proposed")
    for line in setting_lines(rehearsal.changes):
        yield Text(f"  {line}")


def _limits(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    yield _heading(
        "By limit and scope   (+ appear, - vanish, ~ change; FP/week: trips a week that verification finds false)"
    )
    table = table_of("limit", "scope", "actions", "shadow", "+", "-", "~", "FP/week")
    for row in limit_rows(rehearsal):
        actions = cast("Mapping[str, Mapping[str, int]]", row["actions"])
        if not any(count for each in actions.values() for count in each.values()):
            continue
        rates = cast("Mapping[str, Row | None]", row["verification"])
        table.add_row(
            str(row["limit"]), str(row["scope"]), _arrow(actions["actions"]), _arrow(actions["shadow"]),
            str(row["appear"]), str(row["vanish"]), str(row["change"]),
            _moved(_rate(rates[BASE]), _rate(rates[PROPOSED])),
        )  # fmt: skip
    yield table


def _levels(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    rows = level_rows(rehearsal)
    if not rows:
        return
    yield _heading("Firing   (open time of the scope, and how often it began)")
    table = table_of("limit", "scope", "level", "fires for", "began")
    for row in rows:
        base, proposed = (cast("Mapping[str, int]", row[side]) for side in (BASE, PROPOSED))
        table.add_row(
            str(row["limit"]), str(row["scope"]), str(row["level"]),
            _moved(age_text(base["open_ns"]), age_text(proposed["open_ns"])),
            _moved(str(base["began"]), str(proposed["began"])),
        )  # fmt: skip
    yield table


def _published(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    yield _heading("What each would have told")
    for side, each in rehearsal.sides.items():
        for topic, name in (("actions", "enforced"), ("shadow", "in shadow")):
            by_type: dict[str, int] = {}
            for action in each.actions:
                if action.topic == topic:
                    by_type[action.type] = by_type.get(action.type, 0) + 1
            told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(by_type.items())) or "nothing"
            yield Text(f"  {side:9} {name:10} {told}")


def _actions(title: str, actions: Sequence[PlannedAction]) -> Iterator[RenderableType]:
    if not actions:
        return
    yield _heading(f"{title}   ({len(actions):,})")
    rows: dict[str, list[PlannedAction]] = {}
    for each in actions:  # on both topics one decision is one thing to read
        rows.setdefault(f"{each.action_id} {each.type}", []).append(each)
    shown = [
        (iso_time(each.ts), _topics(told), each.scope, f"{each.limit} {each.level}", each.type, each.reason)
        for told in list(rows.values())[:ROWS_SHOWN_MAX]
        for each in told[:1]
    ]
    yield ActionRows(("when", "topic", "scope", "limit", "type", "why"), shown)
    yield from _more(len(rows))


def _changes(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    pairs = rehearsal.difference.change
    if not pairs:
        return
    yield _heading(f"Would change   ({len(pairs):,})")
    rows: dict[tuple[str, ...], list[Pair]] = {}
    for one, other in pairs:
        key = (one.action_id, other.action_id, one.type, other.type)
        rows.setdefault(key, []).append((one, other))
    shown: list[tuple[str, ...]] = []
    for told in list(rows.values())[:ROWS_SHOWN_MAX]:
        one, other = told[0]
        before, after = record_at(rehearsal.folders[BASE], one), record_at(rehearsal.folders[PROPOSED], other)
        what = [name for name in ASKED if before[name] != after[name] and name not in ("ts_decided", "type")]
        shown.append((
            _moved(iso_time(one.ts), iso_time(other.ts)), _topics([each for each, _ in told]), one.scope,
            f"{one.limit} {one.level}", _moved(one.type, other.type), ", ".join(what).replace("_", " "),
        ))  # fmt: skip
    yield ActionRows(("when", "topic", "scope", "limit", "type", "what"), shown)
    yield from _more(len(rows))


def _topics(actions: Sequence[PlannedAction]) -> str:
    return "both" if len(actions) == len(TOPICS) else actions[0].topic


def _more(rows: int) -> Iterator[RenderableType]:
    if rows > ROWS_SHOWN_MAX:
        yield Text(f"  and {rows - ROWS_SHOWN_MAX:,} more: plan.json has all of them", style="yellow")


def _why_not(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    """Say why a rate is not told, once for each reason."""
    reasons: dict[str, list[str]] = {}
    for row in limit_rows(rehearsal):
        for rate in cast("Mapping[str, Row | None]", row["verification"]).values():
            if rate is not None and rate["episodes"] and rate["per_week"] is None:
                names = reasons.setdefault(str(rate["why_not"]), [])
                if row["limit"] not in names:
                    names.append(str(row["limit"]))
    if reasons:
        yield _heading("No rate of false positives can be told")
        for why, names in reasons.items():
            yield Text(f"  {', '.join(names)}: {why}")


def _rate(rate: Row | None) -> str:
    if rate is None:
        return "not watched"
    per_week = cast("float | None", rate["per_week"])
    if per_week is None:
        return "-"
    return f"{per_week:.2f}" + ("+" if rate["unverifiable"] else "")


def _arrow(counts: Mapping[str, int]) -> str:
    return _moved(str(counts[BASE]), str(counts[PROPOSED]))


def _moved(before: str, after: str) -> str:
    """Return both where they differ, else the one."""
    return before if before == after else f"{before} -> {after}"


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")
