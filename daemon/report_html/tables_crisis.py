"""The tables of the crises: who spoke when, what it asked for, and what it would have saved."""

from collections.abc import Sequence

from daemon.report_html.crises import Crisis, Spoken
from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import RunData
from daemon.report_html.savings import Saving, saving
from daemon.report_html.table import Cell, Table
from daemon.report_html.wording import asked_of, day, effect_of, gain, measure, money, percent


def sensor_table(run: RunData, crises: Sequence[Crisis]) -> Table:
    """Return what each sensor said in each crisis: the lead of its first level that spoke, late and silent too."""
    sensors = list(dict.fromkeys(limit.sensor for limit in run.head.limits))
    rows = []
    for sensor in sensors:
        cells = [Cell(sensor)]
        for crisis in crises:
            said = [each for each in crisis.spoken if each.sensor == sensor]
            watched = any(limit.is_watched for limit in run.head.limits if limit.sensor == sensor)
            cells.append(_said(said) if watched else Cell("– not in this release", "mute"))
        rows.append(tuple(cells))
    heads = ("sensor", *(crisis.window.name for crisis in crises))
    return Table(
        "What each sensor said, and when: days before (+) or after (−) the worst day of the firm", heads, tuple(rows)
    )


def _said(spoken: Sequence[Spoken]) -> Cell:
    """Return the best that can be said of a sensor: its first episode, else that it held, was silent or blind."""
    news = [each for each in spoken if each.first is not None and each.verdict != "held"]
    if news:
        first = min(news, key=lambda each: each.first.start_ns if each.first is not None else 0)
        if first.lead is None:
            return Cell("spoke", "warn")
        if first.lead > 0:
            return Cell(f"▲ +{first.lead} d", "good")
        return Cell("● same day", "warn") if first.lead == 0 else Cell(f"▼ −{-first.lead} d, late", "bad")
    for verdict, text in (("held", "■ firing since before"), ("silent", "○ silent"), ("blind", "– no number")):
        if any(each.verdict == verdict for each in spoken):
            return Cell(text, "warn" if verdict == "held" else "mute")
    return Cell("– no limit here", "mute")


def glance_table(run: RunData, crises: Sequence[Crisis]) -> Table:
    """Return one row for each crisis: fall, worst day, who spoke first, what it asked for and would have saved."""
    rows = []
    for crisis in crises:
        root = run.roots[0].scope
        fall, spoken = crisis.falls[root], crisis.first
        episode = spoken.first if spoken is not None else None
        cells = [
            Cell(f"{crisis.window.name} {crisis.window.title}"),
            Cell("–" if spoken is None or episode is None else f"{spoken.limit} ({spoken.level}), {spoken.scope}"),
            Cell("–" if episode is None else f"{asked_of(episode)}; {effect_of(episode)}"),
            Cell(percent(fall.depth)),
            Cell("–" if fall.worst is None else f"{run.dates[fall.worst]} {money(-fall.loss)}"),
            Cell("–" if episode is None else day(episode.start_ns)),
            _lead(spoken),
        ]
        rows.append(tuple(cells))
    heads = ("crisis", "first to speak", "asked for", "fall", "worst day", "spoke on", "lead")
    return Table(f"The crises at a glance: {run.roots[0].scope}", heads, tuple(rows), words=3)


def _lead(spoken: Spoken | None) -> Cell:
    if spoken is None or spoken.lead is None:
        return Cell("–", "mute")
    if spoken.lead == 0:
        return Cell("● same day", "warn")
    return Cell(f"▲ +{spoken.lead} d", "good") if spoken.lead > 0 else Cell(f"▼ −{-spoken.lead} d", "bad")


def spoken_table(crisis: Crisis) -> Table:
    """Return every level that began to fire in a crisis: when, and what it asked for."""
    rows = []
    for each in crisis.spoken:
        if each.first is None:
            continue
        first = each.first
        rows.append(
            (
                Cell(f"{each.limit} · {each.level}"),
                Cell(each.scope),
                Cell(f"{each.sensor}: {measure(first.first.statistic, first.first.unit)}"),
                Cell(asked_of(first)),
                Cell(effect_of(first), "bad" if first.is_enforced else ""),
                Cell(day(first.start_ns)),
                _lead(each),
                Cell(_cleared(first)),
            )
        )
    heads = ("limit", "portfolio", "it read", "asked for", "effect", "fired", "lead", "cleared")
    return Table("What spoke, in the order in which it did", heads, tuple(rows), words=5)


def saved_table(run: RunData, crisis: Crisis) -> Table:
    """Return what those levels would have saved on the books of their moments, held still."""
    rows = []
    for each in crisis.spoken:
        found = None if each.first is None else saving(run, each.first)
        if found is not None and found.rows > 0:
            rows.append((Cell(f"{each.limit} · {each.level}, {each.scope}"), *_saved(found)))
    heads = (
        "limit", "sessions", "gross", "cut asked", "still book: low", "at clearing", "saved: low", "at clearing",
        "a tenth less: low", "at clearing", "increases refused",
    )  # fmt: skip
    caption = f"What it would have saved, {run.head.base_currency}: the book of that moment, still until it cleared"
    return Table(caption, heads, tuple(rows))


def episode_table(episodes: Sequence[Episode]) -> Table:
    """Return all episodes, oldest first."""
    rows = []
    for episode in episodes:
        first = episode.first
        rows.append(
            (
                Cell(f"{first.limit} · {first.level}"),
                Cell(first.scope),
                Cell(asked_of(episode)),
                Cell(effect_of(episode), "bad" if episode.is_enforced else ""),
                Cell(day(episode.start_ns)),
                Cell(_cleared(episode)),
                Cell(f"{measure(first.statistic, first.unit)} / {measure(first.at, first.unit)}"),
            )
        )
    heads = ("limit", "portfolio", "asked for", "effect", "fired", "cleared", "statistic / level")
    return Table(f"All {len(episodes)} episodes", heads, tuple(rows), words=4)


def _cleared(episode: Episode) -> str:
    return "still firing" if episode.end_ns is None else day(episode.end_ns)


def _saved(found: Saving) -> tuple[Cell, ...]:
    refused = Cell("–", "mute") if found.refused is None else _gain(found.refused)
    return (
        Cell(f"{found.rows:,}"),
        Cell(money(found.gross)),
        Cell("none" if found.cut == 0.0 else percent(found.cut), "mute" if found.cut == 0.0 else ""),
        *(_gain(value) for value in (found.to_low, found.at_end, found.saved_low, found.saved_end)),
        *(_gain(value) for value in (found.tenth_low, found.tenth_end)),
        refused,
    )


def _gain(value: float) -> Cell:
    return Cell(gain(value), "good" if value >= 0.5 else "bad" if value <= -0.5 else "")
