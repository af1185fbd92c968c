"""The tables of one portfolio: backtest, limits and contributions."""

import math
from collections.abc import Sequence

import numpy as np

from daemon.report_html.backtest import LevelBacktest, level_name
from daemon.report_html.chart_limits import risk_levels
from daemon.report_html.crises import Crisis
from daemon.report_html.run_data import RunData, ScopeSeries
from daemon.report_html.table import Cell, Table
from daemon.report_html.wording import days, measure, money, p_value

_INSTRUMENTS_MAX = 12


def backtest_table(tests: Sequence[LevelBacktest]) -> Table:
    """Return the tests of every level of VaR."""
    rows = []
    for test in tests:
        rows.append(
            (
                Cell(f"VaR {level_name(test.level)}"),
                _light(test.light_last, test.count_last),
                _light(test.light_worst, test.count_worst),
                Cell(f"{test.observations:,}"),
                Cell(f"{test.exceptions:,}"),
                Cell(f"{test.expected:,.1f}"),
                _p(test.kupiec_p),
                _p(test.exact_p),
                _p(test.independence_p),
                Cell(
                    "no number" if math.isnan(test.z2) else f"{test.z2:+.2f}".replace("-", "−"),
                    "bad" if test.z2 < -0.7 else "",
                ),
            )
        )
    heads = (
        "level", "last 250 days", "worst 250 days", "days", "exceptions", "expected", "Kupiec p", "exact p",
        "independence p", "ES: Z2",
    )  # fmt: skip
    return Table("Backtest of VaR and ES on the hypothetical P&L of yesterday's book", heads, tuple(rows), words=3)


def _light(light: str | None, count: int) -> Cell:
    kind = {"green": "good", "yellow": "warn", "red": "bad"}.get(light or "", "mute")
    sign = {"green": "▲", "yellow": "●", "red": "▼"}.get(light or "", "–")
    return Cell(f"{sign} {light or 'too few days'}, {count}", kind)


def _p(value: float) -> Cell:
    return Cell(p_value(value), "bad" if value < 0.01 else "warn" if value < 0.05 else "")


def limits_table(run: RunData, series: ScopeSeries) -> Table:
    """Return every level that holds the scope: what it is, how far it was used, how often it fired."""
    rows = []
    terms = {limit.id: limit for limit in run.head.limits}
    end_ns = run.end_ns
    for key in risk_levels(run, series):
        limit, level = terms[key[0]], series.limits[key]
        action = next((each.action for each in limit.levels if each.name == key[1]), "none")
        own = [e for e in run.episodes if (e.first.scope, e.first.limit, e.first.level) == (series.scope, *key)]
        known = np.flatnonzero(~np.isnan(level.utilisation))
        most = int(known[np.argmax(level.utilisation[known])]) if known.size else None
        last = float(level.utilisation[-1])
        rows.append(
            (
                Cell(f"{limit.id} · {key[1]}"),
                Cell(limit.title),
                Cell(action + (", hard" if limit.hard else "")),
                Cell(measure(float(level.at[-1]), limit.unit)),
                Cell("no number" if math.isnan(last) else f"{min(last, 99.99):.0%}", bar=_bar(last)),
                Cell(
                    "no number"
                    if most is None
                    else f"{min(float(level.utilisation[most]), 99.99):.0%} {run.dates[most]}"
                ),
                Cell(f"{len(own)}"),
                Cell(f"{sum(1 for e in own if e.is_enforced)}"),
                Cell(days(math.fsum(e.days(end_ns) for e in own))),
            )
        )
    heads = ("limit", "metric", "asks for", "level", "used at the end", "used most", "fired", "enforced", "time firing")
    return Table("Limits and their use", heads, tuple(rows), words=3)


def _bar(use: float) -> float | None:
    return None if math.isnan(use) else max(0.0, min(1.0, use))


def contributions_table(run: RunData, series: ScopeSeries, crises: Sequence[Crisis]) -> Table:
    """Return each instrument's component VaR 99 %: of the last book, and of the book before each worst day."""
    moments = [("last book", len(run.dates) - 1)]
    for crisis in crises:
        worst = crisis.falls[series.scope].worst
        if worst is not None and worst > 0:
            moments.append((f"{run.dates[worst - 1]}", worst - 1))
    table = np.array([np.nan_to_num(series.component[row]) for _, row in moments])
    order = np.argsort(-np.abs(table).max(axis=0), kind="stable")
    shown = [i for i in order.tolist() if np.any(table[:, i])][:_INSTRUMENTS_MAX]
    rest = [i for i in order.tolist() if i not in shown and np.any(table[:, i])]
    largest = float(np.abs(table[0]).max(initial=0.0))
    rows = []
    for i in shown:
        first = Cell(money(float(table[0, i])), bar=abs(float(table[0, i])) / largest if largest > 0.0 else None)
        rows.append((Cell(run.instruments[i]), first, *(Cell(money(float(value))) for value in table[1:, i])))
    if rest:
        sums = [math.fsum(line[rest].tolist()) for line in table]
        rows.append((Cell(f"{len(rest)} more"), *(Cell(money(value)) for value in sums)))
    totals = [math.fsum(line.tolist()) for line in table]
    rows.append((Cell("together"), *(Cell(money(value)) for value in totals)))
    heads = ("instrument", *(label for label, _ in moments))
    caption = (
        f"Component VaR 99 % (parametric), {run.head.base_currency}: the last book, and the books before the worst days"
    )
    return Table(caption, heads, tuple(rows))
