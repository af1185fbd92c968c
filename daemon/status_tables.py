"""The tables of `riskd status` and their words: books with their numbers, lives, ages."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from rich import box
from rich.table import Table
from rich.text import Text

from daemon.screen_text import LIFE_STYLES, STATE_STYLES, money, percent, times
from daemon.state_views import NumberView, ScopeView, Shown

NS_PER_S = 10**9
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_TRUST_STYLES = {"fresh": "green", "stale": "yellow", "suspect": "red", "missing": "bold red"}
_LEFT = {
    "book", "limit", "life", "why", "now", "acts", "asks for", "trust", "may trade", "shadow", "known", "sensor",
    "mode", "stage", "lacks to climb",
}  # fmt: skip
_BOOK_COLUMNS = (
    "book", "may trade", "shadow", "NAV", "VaR 99", "ES 99", "stress", "drawdown", "leverage", "trust", "known",
)  # fmt: skip
_ONLY_WIDE = {"shadow", "ES 99", "drawdown", "known"}
_UNSURE = {"DEGRADED": "~", "INSUFFICIENT": "?", "INVALID": "!"}


def table_with(title: str, columns: Sequence[str]) -> Table:
    """Return an empty table; words stand left, numbers right, and no cell wraps but the last."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in _LEFT else "right", no_wrap=name != columns[-1])
    return table


def styled_life(life: str) -> Text:
    """Return the state of a life in its colour."""
    return Text(life, style=LIFE_STYLES.get(life, ""))


def age_text(age_ns: int) -> str:
    """Return how long ago, in the largest unit that fits and the next.

    >>> age_text(5 * 10**9), age_text(3_725 * 10**9), age_text(172_900 * 10**9), age_text(-1)
    ('5s', '1h 2m', '2d 0h', '0s')
    """
    left_s = max(age_ns // NS_PER_S, 0)
    for (size_s, unit), (part_s, part) in pairwise(_UNITS):
        if left_s >= size_s:
            return f"{left_s // size_s}{unit} {left_s % size_s // part_s}{part}"
    return f"{left_s}s"


def portfolio_table(states: Sequence[ScopeView], *, is_wide: bool) -> Table:
    """Return every book with its numbers; a mark says how far a number may be trusted."""
    columns = [name for name in _BOOK_COLUMNS if is_wide or name not in _ONLY_WIDE]
    table = table_with("Books   (~ degraded, ? not enough data, ! invalid)", columns)
    for state in states:
        trading = state.trading_state
        cells: dict[str, str | Text] = {
            "book": state.scope,
            "may trade": Text(trading.effective, style=STATE_STYLES.get(trading.effective, "")),
            "shadow": Text(trading.shadow_effective, style=STATE_STYLES.get(trading.shadow_effective, "")),
            "NAV": money(state.nav),
            "VaR 99": _marked(state.metrics["var_99"], money),
            "ES 99": _marked(state.metrics["es_99"], money),
            "stress": _marked(state.metrics["worst_loss"], money),
            "drawdown": _marked(state.metrics["drawdown"], percent),
            "leverage": _marked(state.metrics["gross_leverage"], times),
            "trust": Text(state.trust, style=_TRUST_STYLES.get(state.trust, "")),
            "known": Text("yes" if state.known else "NO", style="green" if state.known else "bold red"),
        }
        table.add_row(*(cells[name] for name in columns))
    return table


def _marked(number: NumberView, words: Callable[[Shown], str]) -> str:
    return f"{words(number.value)}{_UNSURE.get(number.status, '')}"
