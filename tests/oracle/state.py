"""Everything that the oracle keeps of the events so far, in one place for those who compute numbers from it."""

from dataclasses import dataclass

from config.setup import Setup
from tests.oracle.bars import Bars
from tests.oracle.books import Books
from tests.oracle.covariances import RowCovariances
from tests.oracle.market import Market
from tests.oracle.money import Money
from tests.oracle.rows import Rows
from tests.oracle.spreads import Spreads
from tests.oracle.tails import Tails
from tests.oracle.turnover import Turnover


@dataclass(slots=True)
class State:
    """Facts of one core; `now` is core time in ns."""

    setup: Setup
    market: Market
    books: Books
    money: Money
    rows: Rows
    bars: Bars
    covariances: RowCovariances
    tails: Tails
    turnover: Turnover
    spreads: Spreads
    now: int = 0


def empty_state(setup: Setup) -> State:
    market = Market(setup)
    books = Books(market)
    base = market.calendar(setup.config.calendar.base)
    rows = Rows(market, base)
    bars = Bars(market, base, setup.config.bar, setup.config.covariance.overnight_weight)
    tails = Tails(setup.config.refit)
    return State(
        setup,
        market,
        books,
        Money(market, books),
        rows,
        bars,
        RowCovariances(setup, market, rows),
        tails,
        Turnover(market, base),
        Spreads(),
    )
