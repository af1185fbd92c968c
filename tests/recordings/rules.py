"""What the three books hold and when they trade: rules that look only backwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tests.recordings.source import Closes

# Names that the long-only fund opens late or closes for good: (first month, month of the exit), as YYYY-MM.
OPENED_IN = {"BBY": "1999-07", "RRC": "2008-01", "AMD": "2017-04"}
CLOSED_IN = {"GE": "2018-07", "RRC": "2018-07"}

# RRC stands at 3.322 for its first 69 sessions and then falls 67 % in one (see NOTICE.md): nobody holds it before
# those rows have left the 756-row window.
RRC_FROM = "1993-07"

LEVERAGE_MIN, LEVERAGE_MAX, LEVERAGE_CALL = 1.8, 3.0, 3.5
VOLATILITY_TARGET = 0.50  # a year, of the concentrated book on its NAV


@dataclass(frozen=True, slots=True)
class View:
    """The past as a desk sees it on the morning of session `today`: rows 0 to today - 1."""

    closes: Closes
    today: int

    def month(self) -> str:
        """YYYY-MM of the session."""
        return self.closes.dates[self.today][:7]

    def eligible(self) -> list[str]:
        """Names that the two trading desks may hold."""
        return [name for name in self.closes.names if name != "RRC" or self.month() >= RRC_FROM]

    def momentum(self, name: str) -> float:
        """Growth over twelve months without the last one, or over what there is (Jegadeesh and Titman, 1993)."""
        column = self.closes.column(name)
        last = max(self.today - 21, 0)
        first = max(self.today - 252, 0)
        return self.closes.prices[last][column] / self.closes.prices[first][column] - 1.0

    def volatility(self, names: Sequence[str]) -> float:
        """Volatility a year of an equal-weighted basket over the last 60 sessions, or over what there is."""
        columns = [self.closes.column(name) for name in names]
        rows = self.closes.prices[max(self.today - 61, 0) : self.today]
        if len(rows) < 10:
            return 0.20
        returns = [
            sum(after[c] / before[c] - 1.0 for c in columns) / len(columns)
            for before, after in zip(rows[:-1], rows[1:], strict=True)
        ]
        return sqrt(252.0 * sum(value * value for value in returns) / len(returns))


def long_only_names(view: View) -> list[str]:
    """What the long-only fund holds this month: 17 names at first, between 17 and 19 later."""
    month = view.month()
    return [
        name
        for name in view.closes.names
        if OPENED_IN.get(name, "0000-00") <= month < CLOSED_IN.get(name, "9999-99")
    ]


def long_short_names(view: View, longs: Sequence[str], shorts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Five longs and five shorts by momentum; a holding stays until it leaves the better (or worse) nine."""
    ranked = sorted(view.eligible(), key=lambda name: (-view.momentum(name), name))
    return _keep(ranked, longs), _keep(ranked[::-1], shorts)


def concentrated_names(view: View) -> list[str]:
    """The four names with the best momentum, at most two of them volatile ones."""
    ranked = sorted(view.eligible(), key=lambda name: (-view.momentum(name), name))
    chosen: list[str] = []
    wild = 0
    for name in ranked:
        is_wild = view.volatility([name]) > 0.45
        if len(chosen) < 4 and (not is_wild or wild < 2):
            chosen.append(name)
            wild += is_wild
    return sorted(chosen)


def concentrated_leverage(view: View, names: Sequence[str]) -> float:
    """Leverage that gives the target volatility, within the desk's own bounds."""
    return min(max(VOLATILITY_TARGET / view.volatility(names), LEVERAGE_MIN), LEVERAGE_MAX)


def _keep(ranked: Sequence[str], held: Sequence[str]) -> list[str]:
    kept = [name for name in held if name in ranked[:9]]
    fresh = [name for name in ranked if name not in kept]
    return sorted(kept + fresh[: 5 - len(kept)])
