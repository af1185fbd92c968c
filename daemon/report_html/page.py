"""Puts the page together: words, tables and charts into one template, everything escaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from daemon.report_html.backtest import backtests
from daemon.report_html.chart_actions import timeline_chart
from daemon.report_html.chart_crisis import value_chart
from daemon.report_html.chart_limits import limits_chart, risk_levels
from daemon.report_html.chart_losses import losses_chart
from daemon.report_html.chart_stress import LEGEND, stress_chart, stress_scale
from daemon.report_html.chart_trust import trust_chart
from daemon.report_html.crises import Crisis, crisis, window_end_ns, windows
from daemon.report_html.run_data import RunData, ScopeSeries, read_run
from daemon.report_html.shown import shown
from daemon.report_html.table import Table
from daemon.report_html.tables_crisis import episode_table, glance_table, saved_table, sensor_table, spoken_table
from daemon.report_html.tables_data import rejection_table, status_table
from daemon.report_html.tables_portfolio import backtest_table, contributions_table, limits_table
from daemon.report_html.words import overview, story

_CHARTED_LEVEL = "99"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and what it shows, in words."""

    svg: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class CrisisPart:
    """One crisis on the page."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...]
    spoken: Table
    saved: Table


@dataclass(frozen=True, slots=True)
class PortfolioPart:
    """One portfolio on the page."""

    anchor: str
    scope: str
    losses: Picture | None
    backtest: Table
    use: Picture | None
    limits: Table
    stress: Picture | None
    contributions: Table


def write_report(folder: Path, out: Path) -> None:
    """Write the report of a replay's folder, in one rename; the same folder gives the same bytes.

    Raises ReportError where the folder lacks something.
    """
    page = render(read_run(folder))
    part = out.with_name(f"{out.name}.part")
    part.write_text(page, encoding="utf-8")
    part.replace(out)


def render(run: RunData) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("daemon.report_html", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_visible,
    )  # fmt: skip
    crises = [crisis(run, window) for window in windows(run)]
    risk = [episode for episode in run.episodes if not episode.is_built_in]
    last = len(run.dates) - 1
    timeline = None
    if risk:
        svg = timeline_chart(run, risk, 0, last, name="timeline", title="All episodes of all limits")
        timeline = Picture(
            Markup(svg), "Solid: enforced. Hatched: would have acted. w warn, t throttle, r reduce, H halt."
        )
    environment.filters["dated"] = dated
    return environment.get_template("report.html").render(
        title=f"Risk report: {', '.join(series.scope for series in run.roots)}",
        run=run,
        paragraphs=overview(run, crises),
        glance=glance_table(run, crises),
        sensors=sensor_table(run, crises),
        timeline=timeline,
        episodes=episode_table(risk),
        crises=[_crisis_part(run, each, place) for place, each in enumerate(crises)],
        portfolios=[_portfolio_part(run, series, crises, place) for place, series in enumerate(run.scopes)],
        trust=Picture(Markup(trust_chart(run, name="trust")), "Worst of each span; hatching says what colour says."),
        statuses=status_table(run),
        rejections=rejection_table(run),
        stress_legend=LEGEND,
        first_date=str(run.dates[0]),
        last_date=str(run.dates[-1]),
    )


def dated(text: str) -> Markup:
    """Return the words escaped, with their dates kept in one piece."""
    return Markup(_DATE.sub(r'<span class="d">\g<0></span>', str(escape(shown(text)))))


def _visible(value: object) -> object:
    """Return what the template writes: markup as it is, words without hidden characters."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _crisis_part(run: RunData, each: Crisis, place: int) -> CrisisPart:
    window = each.window
    pictures = []
    values = value_chart(run, each, name=f"c{place}-value")
    if values is not None:
        pictures.append(
            Picture(Markup(values), "Flow-adjusted value of each portfolio, 100 at the start of the years.")
        )
    start_ns = int(run.ts[window.first - 1]) if window.first > 0 else 0
    end_ns = window_end_ns(run, window)
    during = [
        episode
        for episode in run.episodes
        if not episode.is_built_in
        and episode.start_ns <= end_ns
        and (episode.end_ns is None or episode.end_ns > start_ns)
    ]
    if during:
        title = f"Limits that fired in {window.name}"
        svg = timeline_chart(run, during, window.first, window.last, name=f"c{place}-acts", title=title)
        pictures.append(Picture(Markup(svg), "Limits that fired. Solid: enforced. Hatched: would have acted."))
    return CrisisPart(
        anchor=f"c{place}",
        title=f"{window.name}: {window.title}",
        paragraphs=tuple(story(run, each)),
        pictures=tuple(pictures),
        spoken=spoken_table(each),
        saved=saved_table(run, each),
    )


def _portfolio_part(run: RunData, series: ScopeSeries, crises: Sequence[Crisis], place: int) -> PortfolioPart:
    tests = backtests(run, series)
    charted = next((test for test in tests if test.level == _CHARTED_LEVEL), None)
    losses = use = stress = None
    if charted is not None and charted.observations:
        svg = losses_chart(run, series, charted, name=f"p{place}-loss")
        losses = Picture(
            Markup(svg), "Hypothetical P&L: yesterday's book times today's returns, no trade of the day in it."
        )
    if risk_levels(run, series):
        svg = limits_chart(run, series, name=f"p{place}-use")
        use = Picture(
            Markup(svg), "Highest use in each span; the dashed line is the level, the bars below are the times firing."
        )
    if run.head.scenarios and series.stress.size:
        svg = stress_chart(run, series, name=f"p{place}-stress")
        unit = {1e6: "millions", 1e3: "thousands"}.get(stress_scale(series), "units")
        stress = Picture(
            Markup(svg),
            f"Largest loss of each span in {unit} of {run.head.base_currency}; colour by the scenario's own limit.",
        )
    return PortfolioPart(
        anchor=f"p{place}",
        scope=series.scope,
        losses=losses,
        backtest=backtest_table(tests),
        use=use,
        limits=limits_table(run, series),
        stress=stress,
        contributions=contributions_table(run, series, crises),
    )
