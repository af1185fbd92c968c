"""What the three books hold and when they trade: rules that look only backwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, sqrt

from tests.recordings.source import Closes

# Names that the long-only fund opens late or closes for good: (first month, month of the exit), as YYYY-MM.
OPENED_IN = {"BBY": "1999-07", "RRC": "2008-01", "AMD": "2017-04"}
CLOSED_IN = {"GE": "2018-07", "RRC": "2018-07"}

# RRC stands at 3.322 for its first 69 sessions and then falls 67 % in one (see NOTICE.md): nobody holds it before
# those rows have left the 756-row window.
RRC_FROM = "1993-07"

LEVERAGE_MIN, LEVERAGE_MAX, LEVERAGE_CALL = 1.8, 3.0, 3.5
GROSS_MAX_USD = 13e6  # the concentrated desk's own bound on what it buys
SIDE_COUNT = 6  # names on each side of the long/short book
SPREAD_VOLATILITY = 0.12  # a year, of the long/short book on its NAV at most
CONCENTRATED_COUNT = 4
WILD_VOLATILITY = 0.45  # a year, of one name
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

    def volatility(self, weights: Mapping[str, float]) -> float:
        """Volatility a year of a basket with these weights over the last 60 sessions, or over what there is."""
        columns = [(self.closes.column(name), weight) for name, weight in sorted(weights.items())]
        rows = self.closes.prices[max(self.today - 61, 0) : self.today]
        if len(rows) < 10:
            return 0.20
        returns = [
            fsum(weight * (after[c] / before[c] - 1.0) for c, weight in columns) for before, after in pairwise(rows)
        ]
        return sqrt(252.0 * fsum(value * value for value in returns) / len(returns))


def long_only_names(view: View) -> list[str]:
    """What the long-only fund holds this month: 17 names at first, between 17 and 19 later."""
    month = view.month()
    return [
        name for name in view.closes.names if OPENED_IN.get(name, "0000-00") <= month < CLOSED_IN.get(name, "9999-99")
    ]


def long_short_names(view: View, longs: Sequence[str], shorts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Six longs and six shorts by momentum; a holding stays until it leaves the better (or worse) nine."""
    ranked = sorted(view.eligible(), key=lambda name: (-view.momentum(name), name))
    return _keep(ranked, longs), _keep(ranked[::-1], shorts)


def long_short_weights(view: View, longs: Sequence[str], shorts: Sequence[str]) -> dict[str, float]:
    """Weights on NAV, long and short the same: quiet names get more, and a wild spread is held smaller.

    Each side is at most all of NAV, and less where the spread would have moved over its target (Barroso and
    Santa-Clara, 2015, of momentum).
    """
    weights = _inverse_volatility(view, longs) | {n: -w for n, w in _inverse_volatility(view, shorts).items()}
    side = min(1.0, SPREAD_VOLATILITY / max(view.volatility(weights), 0.01))
    return {name: side * weight for name, weight in sorted(weights.items())}


def concentrated_names(view: View) -> list[str]:
    """The four names with the best momentum, at most one of them wild; the quietest make up for what is missing."""
    ranked = sorted(view.eligible(), key=lambda name: (-view.momentum(name), name))
    wild = [name for name in ranked if view.volatility({name: 1.0}) > WILD_VOLATILITY]
    calm = [name for name in ranked if name not in wild]
    chosen = [name for name in ranked if name not in wild[1:]][:CONCENTRATED_COUNT]
    quiet = sorted(set(ranked) - set(chosen), key=lambda name: (name not in calm, view.volatility({name: 1.0}), name))
    return sorted(chosen + quiet[: CONCENTRATED_COUNT - len(chosen)])


def concentrated_leverage(view: View, names: Sequence[str]) -> float:
    """Leverage that gives the target volatility, within the desk's own bounds."""
    volatility = view.volatility(dict.fromkeys(names, 1.0 / len(names)))
    return min(max(VOLATILITY_TARGET / volatility, LEVERAGE_MIN), LEVERAGE_MAX)


def _keep(ranked: Sequence[str], held: Sequence[str]) -> list[str]:
    kept = [name for name in held if name in ranked[:9]]
    fresh = [name for name in ranked if name not in kept]
    return sorted(kept + fresh[: SIDE_COUNT - len(kept)])


def _inverse_volatility(view: View, names: Sequence[str]) -> dict[str, float]:
    shares = {name: 1.0 / max(view.volatility({name: 1.0}), 0.10) for name in names}
    total = fsum(shares.values())
    return {name: share / total for name, share in shares.items()}
