"""The summary of a replay for people: what fired in each crisis, what stayed silent, and where the files lie."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from daemon.firing import CRISIS_NAMES
from daemon.shipped import Shipped
from daemon.summary import iso_time
from daemon.voices import voice_words

Tree = Mapping[str, Mapping[str, Mapping[str, Mapping[str, object]]]]


def summary_text(
    summary: Mapping[str, object], directory: Path, elapsed_s: float, shipped: Shipped | None = None
) -> str:
    """Return the summary as plain lines; `elapsed_s` is wall time and therefore only here, never in summary.json.

    shipped : the recording that was played, where riskd brought it; it says what of it is real
    """
    inputs = cast("Mapping[str, int]", summary["inputs"])
    rate = inputs["sent"] / elapsed_s if elapsed_s > 0 else 0.0
    timed = cast("list[Mapping[str, object]]", summary["fired_within_a_day"])
    lines = [
        *([] if shipped is None else [f"Recording {shipped.name}: {shipped.provenance}."]),
        f"Played {inputs['sent']:,} inputs from {summary['first_time']} to {summary['last_time']} "
        f"in {elapsed_s:.1f} s ({rate:,.0f}/s): {inputs['applied']:,} applied, {inputs['rejected']:,} rejected.",
        *_rejections(cast("Mapping[str, Mapping[str, int]]", summary["inputs"])["rejected_by_reason"]),
        _counts("Decisions", cast("Mapping[str, object]", summary["decisions"]), "by_kind"),
        _counts("Enforced actions", cast("Mapping[str, object]", summary["actions"]), "by_type_and_effect"),
        _counts("Shadow actions", cast("Mapping[str, object]", summary["shadow"]), "by_type"),
        "",
        *(_minutes(timed) if timed else _crises_and_years(summary)),
        *_files(cast("Mapping[str, Mapping[str, object]]", summary["files"]), directory),
    ]
    return "\n".join(lines)


def _crises_and_years(summary: Mapping[str, object]) -> Iterator[str]:
    yield from crisis_lines(cast("Mapping[str, Tree]", summary["fired_in_crises"]), "What fired in the crises")
    yield from _who_spoke(cast("Mapping[str, Mapping[str, object]]", summary["who_spoke"]))
    yield from _years(cast("Mapping[str, Tree]", summary["fired_by_year"]))


def _minutes(timed: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield what fired, one line a time: from when, and for how long."""
    first_ns = cast(int, timed[0]["since"])
    yield f"What fired (UTC, from {iso_time(first_ns)[:10]} on):"
    for fired in timed:
        began = iso_time(cast(int, fired["since"]))[11:19]
        lasted = f"{cast(float, fired['lasted_s']):4.0f} s{', fires still' if fired['is_open'] else ''}"
        yield f"  {began}  {fired['scope']:15} {fired['limit']:20} {fired['level']:5} {lasted}"
    yield ""


def crisis_lines(crises: Mapping[str, Tree], title: str) -> Iterator[str]:
    """Yield what fired in each crisis by portfolio and limit; a silent crisis is said to be silent."""
    if not crises:
        return
    yield f"{title} (whole calendar years; days = days firing):"
    for name, tree in crises.items():
        yield f"  {name:8} {CRISIS_NAMES[name]}"
        if not tree:
            yield "           silent: no limit fired"
        for scope, limits in tree.items():
            for limit, levels in limits.items():
                yield f"           {scope:20} {limit:20} {'; '.join(_level(*item) for item in levels.items())}"
    yield ""


def _who_spoke(crises: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Yield which sensor spoke first in each dated crisis, and when; who was late or silent is said too."""
    if not crises:
        return
    yield "Who spoke first, by sensor (days from the last close before the fall):"
    for crisis in crises.values():
        yield f"  {crisis['title']}: {crisis['start']} to {crisis['end']}"
        for line in voice_words(cast("Mapping[str, Mapping[str, object]]", crisis["sensors"])):
            yield f"           {line}"
    yield ""


def _level(name: str, fired: Mapping[str, object]) -> str:
    began, days = cast(int, fired["began"]), cast(float, fired["days"])
    times = f"began {began}x" if began else "held over"
    if began and fired["held_over"]:
        times += " + held over"
    return f"{name} {times}, {days:.0f} days"


def _years(years: Mapping[str, Tree]) -> Iterator[str]:
    """Yield the number of times that levels began to fire, year by year, so that calm years show too."""
    if len(years) < 2:
        return
    counts = {
        year: sum(
            cast(int, level["began"])
            for limits in tree.values()
            for levels in limits.values()
            for level in levels.values()
        )
        for year, tree in years.items()
    }
    yield "Levels that began to fire, by year:"
    entries = [f"{year} {count or '-':>3}" for year, count in counts.items()]
    for start in range(0, len(entries), 8):
        yield "  " + "   ".join(entries[start : start + 8])
    yield ""


def _rejections(reasons: Mapping[str, int]) -> Iterator[str]:
    if reasons:
        yield "Rejected: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons.items()) + "."


def _counts(title: str, counted: Mapping[str, object], by: str) -> str:
    parts = cast("Mapping[str, int]", counted[by])
    detail = f" ({', '.join(f'{count:,} {name}' for name, count in parts.items())})" if parts else ""
    return f"{title}: {counted['count']:,}{detail}."


def _files(files: Mapping[str, Mapping[str, object]], directory: Path) -> Iterator[str]:
    yield f"Files in {directory}:"
    for name, content in files.items():
        yield f"  {name + ('/' if name == 'audit' else ''):18} {content['lines']:>9,} lines"
    yield f"  {'summary.json':18} the numbers above, for scripts"
