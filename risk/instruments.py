"""What an instrument is: its terms, and how price, currency and contract become an exposure."""

import math
from dataclasses import dataclass, field

from config.liquidity import LiquidityConfig
from risk.arrays import Arrays
from risk.liquidity import write_liquidity

FUNDED_KINDS = frozenset({"equity", "bond", "fx", "cash", "index"})


@dataclass(frozen=True, slots=True)
class Terms:
    """The reference data of one instrument.

    floor    : a price must be above it; -inf where prices may be negative
    lot      : smallest tradable step in units
    adv      : units a day, None where unknown; of the units of today, as quantities are
    told_ns  : when all this was told, event time
    max_age  : ns of open time after which its price is stale, None for the general rule
    """

    name: str
    kind: str
    currency: str
    calendar: str
    multiplier: float = 1.0
    active: bool = True
    base: str | None = None
    quote: str | None = None
    inverse: bool = False
    settle_currency: str | None = None
    lot: float = 1.0
    floor: float = 0.0
    sector: str | None = None
    adv: float | None = None
    spread: float | None = None
    proxy: tuple[str, float] | None = None
    closes_mark: bool = False
    max_age_ns: int | None = None
    duration: float | None = None
    underlying: str | None = None
    told_ns: int = field(default=0, compare=False)

    @property
    def is_funded(self) -> bool:
        """Say whether a move of the currency changes the value of the holding itself."""
        return self.kind in FUNDED_KINDS and not self.inverse

    @property
    def carries_currency(self) -> bool:
        """Say whether its price converts one currency into another: a pair, or a coin's contract."""
        return self.kind == "fx" or self.inverse

    @property
    def is_valued(self) -> bool:
        """Say whether there is a model for it: options and bonds without duration have none yet."""
        return self.kind != "option" and not (self.kind == "bond" and self.duration is None)

    def clashes_with(self, new: "Terms") -> str | None:
        """Name the first term that may not change once the instrument has a price, or None."""
        for term in ("kind", "currency", "multiplier", "inverse", "base", "quote"):
            if getattr(self, term) != getattr(new, term):
                return term
        return None


def unit_exposure(terms: Terms, mark: float, rate: float) -> tuple[float, float]:
    """Return (exposure of one unit, base currency won by one unit per price step); (0, 0) where there is no value.

    mark : in the instrument's currency; rate : base currency per unit of it; either may be NaN.
    An inverse contract's exposure is its face in quote currency, whatever the price.
    """
    if not terms.is_valued or math.isnan(mark) or math.isnan(rate):
        return 0.0, 0.0
    per_step = terms.multiplier * rate
    return (per_step if terms.inverse else mark * per_step), per_step


def cell_return(terms: Terms, price_return: float, currency_return: float) -> float:
    """Return the instrument's return in base currency: funded (1+r)(1+f)-1, margined r(1+f)."""
    if terms.is_funded:
        return (1.0 + price_return) * (1.0 + currency_return) - 1.0
    return price_return * (1.0 + currency_return)


def price_return_of(terms: Terms, cell: float, currency_return: float) -> float:
    """Return the price return that `cell_return` would turn into `cell`."""
    if terms.is_funded:
        return (1.0 + cell) / (1.0 + currency_return) - 1.0
    return cell / (1.0 + currency_return)


def write_terms(arrays: Arrays, i: int, terms: Terms, rules: LiquidityConfig) -> None:
    """Copy what kernels need of the terms into the arrays."""
    arrays.floor[i] = terms.floor
    write_liquidity(arrays, i, adv=terms.adv, spread=terms.spread, is_cash=terms.kind == "cash", rules=rules)


def coin_name(coin: str) -> str:
    """Return the name of the cash instrument that holds a coin's gains."""
    return f"cash:{coin}"


def coin_of(terms: Terms) -> str | None:
    """Return the coin that an inverse contract settles in, None for every other instrument."""
    return (terms.settle_currency or terms.base) if terms.inverse else None


def can_trade(terms: Terms, base_currency: str) -> bool:
    """Say whether an order changes what is held of an instrument.

    None does of an index, of what has expired, of money in base currency, and of the coins that a contract has won,
    which riskd books under a name of its own. Other money is sold for base currency.
    """
    if not terms.active or terms.kind == "index":
        return False
    return terms.kind != "cash" or (terms.currency != base_currency and terms.name != coin_name(terms.currency))
