"""The story in words, made of numbers alone: who, when, what spoke first, what it asked for and would have saved."""

from collections.abc import Iterator, Sequence
from math import isnan

from daemon.report_html.crises import Crisis, Fall, Spoken
from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import RunData, ScopeSeries
from daemon.report_html.savings import Saving, saving
from daemon.report_html.wording import asked_of, date_text, day, days, effect_of, gain, measure, money, percent, times

_NAMED_MAX = 4


def overview(run: RunData, crises: Sequence[Crisis]) -> list[str]:
    """Return the paragraph at the top."""
    roots = ", ".join(series.scope for series in run.roots)
    risk = [episode for episode in run.episodes if not episode.is_built_in]
    enforced = [episode for episode in risk if episode.is_enforced]
    first, last = run.dates[0], run.dates[-1]
    counted, plural = run.summary.inputs, "" if len(run.dates) == 1 else "s"
    sentences = [
        f"{roots}: {len(run.scopes)} portfolios, {len(run.dates):,} session{plural} from {first} to {last}, "
        f"{counted.applied:,} records applied and {counted.rejected:,} refused.",
        f"Limits fired {times(len(risk))}: {len(enforced):,} enforced, {len(risk) - len(enforced):,} that say what "
        f"would have been done (mode {run.head.mode}).",
    ]
    lost = worst_crisis(run, crises)
    if lost is None:
        return [" ".join(sentences)]
    return [" ".join(sentences), *story(run, lost)]


def worst_crisis(run: RunData, crises: Sequence[Crisis]) -> Crisis | None:
    """Return the crisis in which a root fell deepest; None where no root fell in any."""

    def depth(crisis: Crisis) -> float:
        depths = [crisis.falls[series.scope].depth for series in run.roots]
        return max((each for each in depths if not isnan(each)), default=0.0)

    deepest = max(crises, key=depth, default=None)
    return deepest if deepest is not None and depth(deepest) > 0.0 else None


def story(run: RunData, crisis: Crisis) -> list[str]:
    """Return the paragraphs of one crisis."""
    paragraphs = [" ".join(_what_happened(run, series, crisis)) for series in run.roots]
    spoken = crisis.first
    if spoken is None or spoken.first is None:
        held = _names(crisis.of("held"))
        paragraphs.append(f"No limit began to fire in it.{f' Firing since before: {held}.' if held else ''}")
        return paragraphs
    paragraphs.append(" ".join(_who_spoke(run, spoken, "First to speak")))
    for title, other in (
        ("The first to ask for more than a warning", crisis.first_acting),
        ("The first that was enforced", crisis.first_enforced),
    ):
        if (
            other is not None
            and other is not spoken
            and not (other is crisis.first_acting and title.endswith("enforced"))
        ):
            paragraphs.append(" ".join(_who_spoke(run, other, title)))
    paragraphs.append(" ".join(_late_and_silent(crisis)))
    return paragraphs


def _what_happened(run: RunData, series: ScopeSeries, crisis: Crisis) -> Iterator[str]:
    fall = crisis.falls[series.scope]
    head = f"{crisis.window.name}, {crisis.window.title}:"
    if fall.low is not None and fall.peak is not None and fall.depth > 0.0:
        yield (
            f"{head} {series.scope} fell {percent(fall.depth)} from {date_text(run.dates[fall.peak])} to "
            f"{date_text(run.dates[fall.low])}, {money(-fall.total)} {run.head.base_currency} on the books it held."
        )
        beyond = later_low(series, fall)
        if beyond is not None and beyond > crisis.window.last:
            deeper = 1.0 - float(series.index[beyond] / series.index[fall.peak])
            yield f"The fall went on after these years, to {date_text(run.dates[beyond])}: {percent(deeper)}."
    elif fall.low is None:
        yield f"{head} {series.scope} has no value to fall from."
    else:
        yield f"{head} {series.scope} did not fall."
    if fall.worst is not None:
        share = "" if isnan(fall.share) else f", {percent(fall.share)} of its value"
        yield f"Its worst day was {date_text(run.dates[fall.worst])}: a loss of {money(fall.loss)}{share}."


def later_low(series: ScopeSeries, fall: Fall) -> int | None:
    """Return the row of the lowest index from the fall's peak until it was made good, None where there is no index."""
    if fall.peak is None:
        return None
    level, low = float(series.index[fall.peak]), fall.peak
    for row in range(fall.peak + 1, len(series.index)):
        value = float(series.index[row])
        if value >= level:
            break
        if value < float(series.index[low]):
            low = row
    return low


def _who_spoke(run: RunData, spoken: Spoken, title: str) -> Iterator[str]:
    episode = spoken.first
    assert episode is not None
    first = episode.first
    yield (
        f"{title}: {first.limit} ({first.level}) of {first.scope} on {day(episode.start_ns)}, {lead_text(spoken)}: "
        f"{title_of(run, first.limit)} {measure(first.statistic, first.unit)} over {measure(first.at, first.unit)}."
    )
    yield f"It asked for {asked_of(episode)} ({effect_of(episode)})."
    found = saving(run, episode)
    if found is not None:
        yield from saving_text(run, episode, found)


def title_of(run: RunData, limit_id: str) -> str:
    """Return what the limit holds, in the words of its sensor."""
    return next((limit.title for limit in run.head.limits if limit.id == limit_id), limit_id)


def lead_text(spoken: Spoken) -> str:
    """Return how long before the worst day of its root it spoke, or how long after."""
    if spoken.lead is None:
        return "with no day of loss to hold it against"
    if spoken.lead == 0:
        return "on the worst day itself"
    when = "before" if spoken.lead > 0 else "after"
    return f"{days(abs(spoken.lead))} {when} the worst day"


def saving_text(run: RunData, episode: Episode, found: Saving) -> Iterator[str]:
    """Yield what the action would have saved on the frozen book, and what it would not."""
    until = "the end of the recording, still firing" if episode.end_ns is None else day(episode.end_ns)
    if found.rows == 0:
        yield "It cleared before the next session ended, so nothing can be compared."
        return
    if found.cut > 0.0:
        at_low = "" if found.low is None else (
            f"{gain(found.saved_low)} at the low of {date_text(run.dates[found.low])} and "
        )  # fmt: skip
        yield (
            f"It asked for {percent(found.cut)} of the gross exposure to go. On the book of that moment, held still, "
            f"that would have changed the result by {at_low}{gain(found.saved_end)} by its clearing ({until})."
        )
    else:
        yield "It asked for no smaller position: on the book of that moment, held still, it would have saved nothing."
        low = "was never under water" if found.low is None else (
            f"lost {money(-found.to_low)} by {date_text(run.dates[found.low])}"
        )  # fmt: skip
        yield (
            f"That book {low} and stood at {gain(found.at_end)} at its clearing ({until}); for scale, a tenth less of "
            f"everything would have changed that by {gain(found.tenth_low)} and {gain(found.tenth_end)}."
        )
    if found.refused is not None and abs(found.refused) >= 0.5:
        yield f"Refusing the increases traded meanwhile would have changed the result by {gain(found.refused)}."


def _late_and_silent(crisis: Crisis) -> Iterator[str]:
    for verdict, text in (
        ("late", "Late, after the worst day: {}."),
        ("held", "Firing since before these years, so no news: {}."),
        ("silent", "Silent: {}."),
        ("blind", "Without a number in these years: {}."),
    ):
        names = _names(crisis.of(verdict))
        if names:
            yield text.format(names)


def _names(spoken: Sequence[Spoken]) -> str:
    """Return the limits in short: the first few by name, the others counted."""
    names = list(dict.fromkeys(f"{each.limit} ({each.level})" for each in spoken))
    shown = ", ".join(names[:_NAMED_MAX])
    return f"{shown} and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else shown
