"""One row of the window: each instrument's cell as prices, and the returns derived from them."""

from dataclasses import dataclass, field

from tests.oracle.facts import InstrumentFacts


@dataclass(slots=True)
class Cell:
    """One instrument in one row, as prices; the return is derived from them so that a late adjustment can act.

    start, end       : prices, each in the units of its own time; both None where the cell is missing
    currency_return  : of the instrument's currency over the row; None without a rate at both ends
    """

    kind: str  # real, closed or missing
    start: float = 0.0
    start_ts: int = 0
    end: float = 0.0
    end_ts: int = 0
    currency_return: float | None = None

    def base_return(self, facts: InstrumentFacts) -> float | None:
        """Return the cell in base currency: (1+r)(1+f)−1 where funded, r(1+f) where margined; None if missing."""
        if self.kind == "missing" or self.currency_return is None:
            return None
        own = 0.0
        if self.kind == "real":
            own = facts.worth_of_one(self.start_ts, self.end_ts, self.end) / self.start - 1.0
        if facts.is_margined:
            return own * (1.0 + self.currency_return)
        return (1.0 + own) * (1.0 + self.currency_return) - 1.0


@dataclass(slots=True)
class Row:
    """A completed session: cells and returns in base currency by instrument, moves by currency."""

    date: int
    cells: dict[str, Cell]
    returns: dict[str, float] = field(default_factory=dict)
    currencies: dict[str, float] = field(default_factory=dict)
