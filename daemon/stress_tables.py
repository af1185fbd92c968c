"""The tables of `riskd stress`: one book's reverse, plausible, correlation and historical stress for a person."""

from datetime import UTC, date, datetime

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from config.crises import Crisis
from daemon.screen_text import money, percent, times
from daemon.stress_moment import StressedMoment, StressedScope, gross_of
from risk.measures import Status
from risk.stress_result import CrisisFigure, StressResult

_SESSIONS_A_YEAR = 252
_REASONS = {
    "ok": "",
    "exceeds_at_min": "reached by a hundredth of it",
    "not_reached": "not reached by five times it",
    "no_exposure": "no exposure",
}
_STATUS = {
    Status.OK: "",
    Status.DEGRADED: "degraded",
    Status.INSUFFICIENT: "not enough data",
    Status.INVALID: "invalid",
}


def stress_view(moment: StressedMoment, *, reverse_loss: float, plausible_loss: float) -> Group:
    """Return all tables of a moment; the shares of NAV are those of the configuration."""
    when = datetime.fromtimestamp(moment.ts_ns / 1e9, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts: list[RenderableType] = [Text(f"Books at {when}, after input {moment.n:,}", style="bold")]
    titles = {crisis.name: crisis for crisis in moment.crises}
    for each in moment.scopes:
        parts += _scope(each, titles, reverse_loss=reverse_loss, plausible_loss=plausible_loss)
    if later := [name for name in moment.later if name not in titles]:
        parts.append(Text(f"After the moment, replayed where named by --crisis: {', '.join(later)}", style="dim"))
    if gone := [name for name in moment.unknown if name not in moment.later]:
        parts.append(Text(f"No whole history in the recording: {', '.join(gone)}", style="dim"))
    return Group(*parts)


def _scope(
    each: StressedScope, titles: dict[str, Crisis], *, reverse_loss: float, plausible_loss: float
) -> list[RenderableType]:
    book, result = each.book, each.result
    head = Text(f"\n{each.scope}", style="bold cyan")
    head.append(
        f"   NAV {money(book.nav)}   gross {money(gross_of(book))}   {len(book.names)} names   {book.rows} rows",
        style="default not bold",
    )
    if book.data is not Status.OK:
        head.append(f"   data {_STATUS[book.data]}", style="red")
    return [
        head,
        *_reverse(result, reverse_loss),
        *_plausible(result, plausible_loss),
        *_correlation(result),
        *_crises(result, titles),
    ]


def _table(*columns: str) -> Table:
    """Return an empty table: names and words left, numbers right. Its title is a line of its own: tables are narrow."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in columns:
        is_text = name in ("scenario", "", "name", "level", "crisis", "note")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=name != "note")
    return table


def _reverse(result: StressResult, share: float) -> list[RenderableType]:
    title = Text(f"How many times a scenario must come to cost {share:.0%} of NAV")
    table = _table("scenario", "times", "loss", "")
    for figure in result.reverse:
        note = "; ".join(part for part in (_REASONS.get(figure.reason or "", ""), _STATUS[figure.status]) if part)
        style = "red" if figure.multiplier is not None and figure.multiplier <= 1.0 else ""
        table.add_row(figure.scenario, Text(times(figure.multiplier), style=style), money(figure.loss), note)
    return [title, table]


def _plausible(result: StressResult, share: float) -> list[RenderableType]:
    figure = result.plausible
    if figure.distance is None:
        return [Text(f"Most plausible loss of {share:.0%} of NAV: no number {_STATUS[figure.status]}")]
    line = Text(
        f"Most plausible loss of {share:.0%} of NAV: {money(figure.loss)} lies {figure.distance:.1f} sigma away"
    )
    line.append(f"; odds {_odds(figure.normal_odds)} (normal), {_odds(figure.student_odds)} (t)")
    if figure.status is not Status.OK:
        line.append(f"   {_STATUS[figure.status]}", style="yellow")
    table = _table("name", "move", "costs")
    for factor in figure.factors:
        table.add_row(factor.instrument, percent(factor.move), money(factor.loss))
    return [line, table]


def _correlation(result: StressResult) -> list[RenderableType]:
    figures = result.correlation
    mean = "-" if figures.mean_correlation is None else f"{figures.mean_correlation:.2f}"
    title = f"VaR 99 % where correlations rise (mean today {mean}; undiversified {money(figures.undiversified)})"
    table = _table("level", "weight", "together", "against the book", "worst", "")
    for level in figures.levels:
        cells = money(level.together), money(level.adversarial), money(level.worst)
        table.add_row(level.level, percent(level.weight), *cells, _STATUS[figures.status])
    if not figures.levels:
        table.add_row("-", "", "", "", "", _STATUS[figures.status])
    return [Text(title), table]


def _crises(result: StressResult, titles: dict[str, Crisis]) -> list[RenderableType]:
    table = _table(
        "crisis", "sessions", "end", "worst", "on", "drawdown", "worst day", "of the", "covered", "note",
    )  # fmt: skip
    for figure in result.crises:
        style = "red" if figure.worst is not None and figure.worst < 0.0 else ""
        table.add_row(
            titles[figure.crisis].title, str(figure.sessions), money(figure.final),
            Text(money(figure.worst), style=style), _day(figure.worst_on), money(figure.drawdown),
            money(figure.worst_day), _day(figure.worst_day_on), percent(figure.coverage), _note(figure),
        )  # fmt: skip
    return [Text("The book bought and held through past crises"), table]


def _note(figure: CrisisFigure) -> str:
    """Return who was stood in for and who was left out."""
    parts = [_STATUS[figure.status]] if figure.status >= Status.INSUFFICIENT else []
    for word, names, count in (
        ("proxies", figure.proxied, figure.proxied_count),
        ("without", figure.excluded, figure.excluded_count),
    ):
        if count:
            more = f" and {count - len(names)} more" if count > len(names) else ""
            parts.append(f"{word}: {', '.join(names)}{more}")
    return "; ".join(parts)


def _odds(probability: float | None) -> str:
    """Return a probability a day as one in so many years."""
    if not probability:
        return "none to speak of"
    years = 1.0 / (probability * _SESSIONS_A_YEAR)
    return f"1 in {years:,.1f} years" if years < 1e6 else f"1 in {years:.0e} years"


def _day(ordinal: int | None) -> str:
    return "-" if ordinal is None else date.fromordinal(ordinal).isoformat()
