"""The one mutable object of the core: arrays, registries and the window's bookkeeping."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from config.scenarios import Scenario
from config.schema import Config
from config.setup import Calendar, Setup
from risk.arrays import CANDIDATES, Arrays, Scalar, Setting, allocate, grow
from risk.bar_state import BarState
from risk.crisis_rows import CrisisRows
from risk.exceptions import Backtest
from risk.instruments import Terms
from risk.kernels.book import REBUILD_EVERY, rebuild
from risk.liquidity import write_settings
from risk.measures import BOOKS, Matrix, Vector
from risk.stress_result import StressResult
from risk.tail_result import TailResult
from risk.timers import Timers
from risk.traded import Traded
from risk.traffic_light import TrafficLights

Flags = NDArray[np.bool_]

SELF = "_self"  # the implicit leaf that holds what is booked on a parent


@dataclass(slots=True)
class Fill:
    """A fill that is remembered; `quantity` is signed."""

    ts: int
    leaf: int
    instrument: int
    quantity: float
    price: float
    key: tuple[str, str, str, float, float, str | None]
    booked: bool
    cancelled: bool = False


@dataclass(slots=True)
class Holding:
    """What one leaf holds of one instrument: quantity = base + entries with ts > as_of.

    entries : (ts, quantity, moment whose units the quantity is in)
    """

    base: float = 0.0
    as_of: int = -1
    entries: list[tuple[int, float, int]] = field(default_factory=list)
    unpriced: list[tuple[float, float]] = field(default_factory=list)  # (quantity, price) of fills before any mark


@dataclass(slots=True)
class WorkingOrder:
    """An order that is open in the market; `quantity` is signed."""

    leaf: int
    instrument: int
    quantity: float
    ts: int


@dataclass(slots=True)
class WindowState:
    """The bookkeeping of the daily return window.

    level       : price of each instrument in the last row (its own currency), NaN before its first price
    closes      : official closes not yet in a row, {date ordinal: (price, ts)} by instrument
    rate_level  : base currency per unit of each currency in the last row
    flags       : (N, T) CellFlag of every cell
    stand_ins   : cells of each instrument that a proxy stands for; unmodelled: that nothing stands for
    total       : (N, N) undebiased covariance sum, rows_total its count; slow_total: that of the slow twin
    """

    flags: np.ndarray[tuple[int, ...], np.dtype[np.int8]]
    total: Matrix
    slow_total: Matrix
    level: list[float] = field(default_factory=list)
    level_ts: list[int] = field(default_factory=list)
    level_date: list[int] = field(default_factory=list)
    closes: list[dict[int, tuple[float, int]]] = field(default_factory=list)
    row_marks: dict[int, float] = field(default_factory=dict)
    rate_level: dict[str, float] = field(default_factory=dict)
    in_row: list[bool] = field(default_factory=list)  # the level comes from a completed row
    stand_ins: list[int] = field(default_factory=list)
    unmodelled: list[int] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    row_dates: list[int] = field(default_factory=list)  # of completed rows, all of them
    row_closes: list[int] = field(default_factory=list)
    rows_total: int = 0
    has_levels: bool = False
    session: int = -1  # index of the base session that the open row belongs to
    awaiting: set[int] = field(default_factory=set)
    closed_at: bool = False  # the base close of the open row has passed


class RiskState:
    """Positions, marks, windows and numbers of one shard; changed only through the functions of this room."""

    def __init__(self, setup: Setup) -> None:
        config: Config = setup.config
        self.config = config
        self.scenarios: tuple[Scenario, ...] = setup.scenarios
        self.calendars: dict[str, Calendar] = {calendar.code: calendar for calendar in setup.calendars}
        self.base_calendar: Calendar = self.calendars[config.calendar.base]
        self.timers = Timers()
        self.scope_room = 8
        self.arrays: Arrays = allocate(32, self.scope_room, config.window.rows, len(setup.scenarios), 8)
        self.arrays.scalars[Scalar.SCENARIOS] = len(setup.scenarios)
        self.arrays.settings[Setting.STALE_GROSS_MAX] = config.data.stale_gross_max
        self.arrays.settings[Setting.AHEAD_NS_MAX] = config.data.max_ahead
        write_settings(self.arrays, config.liquidity)
        for k, scenario in enumerate(setup.scenarios):
            limit = scenario.limit if scenario.limit is not None else config.enforcement.max_stress_loss
            self.arrays.scenario_limit[k] = limit
        self.terms: list[Terms] = []
        self.instrument_index: dict[str, int] = {}
        self.scopes: list[str] = []
        self.scope_index: dict[str, int] = {}
        self.children: list[list[int]] = []
        self.sources: dict[tuple[str, int], int] = {}
        self.last_by_source: dict[tuple[int, int], int] = {}
        self.quarantine: dict[int, list[float]] = {}
        self.distrusted: set[int] = set()
        self.stale: set[int] = set()
        self.waiting: dict[int, set[int]] = {}  # by partition: what its next record may make fresh again
        self.rates: dict[str, float] = {config.base_currency: 1.0}
        self.paths: dict[str, tuple[tuple[int, bool], ...]] = {config.base_currency: ()}
        self.holdings: dict[tuple[int, int], Holding] = {}
        self.fills: dict[str, dict[str, Fill]] = {}
        self.orders: dict[tuple[str, str], WorkingOrder] = {}  # by root and order id
        self.orders_at: dict[tuple[int, int], dict[tuple[str, str], WorkingOrder]] = {}  # by leaf and instrument
        self.working: dict[int, dict[int, tuple[float, float]]] = {}  # open (buys, sells) by scope and instrument
        self.only_ordered: set[int] = set()  # leaves that came with an order and have held nothing yet
        self.worked_free: list[int] = []  # places for books with working orders, after the room for scopes
        self.acted: dict[int, list[tuple[int, float]]] = {}  # (ex_ts, price factor) of adjustments that have acted
        self.nav_ts: dict[int, int] = {}  # core time of each scope's last nav of its own
        self.coins: dict[tuple[int, int], tuple[float, float]] = {}  # (coins banked, mark it counts from)
        self.snapshots: set[str] = set()
        self.window = WindowState(
            flags=np.zeros((32, config.window.rows), dtype=np.int8),
            total=np.zeros((32, 32), dtype=np.float64),
            slow_total=np.zeros((32, 32), dtype=np.float64),
        )
        self.bars = BarState()
        self.backtest = Backtest()
        self.lights = TrafficLights()
        self.tail_requests: dict[str, Vector] = {}
        self.tail_results: dict[int, TailResult] = {}
        self.tail_counts: dict[int, int] = {}  # fits that each scope has been given
        self.crisis_rows = CrisisRows(setup.crises)
        self.stress_wanted: set[int] = set()
        self.stress_watched: dict[int, Vector] = {}  # wake-up levels of the scopes with a limit on it
        self.stress_quantities: dict[int, Vector] = {}  # of theirs, when it was last asked for
        self.stress_requests: dict[str, int] = {}
        self.stress_results: dict[int, StressResult] = {}
        self.request_count = 0
        self.turnover = Traded()
        self.dirty: set[int] = set()

    @property
    def now_ns(self) -> int:
        """Core time."""
        return int(self.arrays.scalars[Scalar.NOW])

    @property
    def rows(self) -> int:
        """Completed rows in the window."""
        return int(self.arrays.scalars[Scalar.ROWS])

    def advance_to(self, ts: int) -> None:
        """Move core time; it never runs backwards."""
        self.arrays.scalars[Scalar.NOW] = max(self.now_ns, ts)

    def source(self, topic: str, partition: int) -> int:
        """Return the index of a partition, adding it at its first record."""
        index = self.sources.get((topic, partition))
        if index is None:
            index = len(self.sources)
            self.sources[(topic, partition)] = index
            if index >= len(self.arrays.source_ts):
                self._grow(sources=2 * index)
        return index

    def add_calendar(self, code: str, dates: tuple[int, ...], opens: tuple[int, ...], closes: tuple[int, ...]) -> None:
        """Take in a calendar; dates are ordinals, times ns."""
        columns = (np.array(column, dtype=np.int64) for column in (dates, opens, closes))
        self.calendars[code] = Calendar(code, *columns)

    def add_instrument(self, terms: Terms) -> int:
        """Append an instrument and return its index."""
        i = len(self.terms)
        if i >= len(self.arrays.mark):
            self._grow(instruments=2 * i)
        self.terms.append(terms)
        self.instrument_index[terms.name] = i
        self.arrays.scalars[Scalar.INSTRUMENTS] = i + 1
        window = self.window
        window.level.append(math.nan)
        window.level_ts.append(0)
        window.level_date.append(0)
        window.closes.append({})
        window.cash.append(0.0)
        window.in_row.append(False)
        window.stand_ins.append(0)
        window.unmodelled.append(0)
        self.bars.add_instrument()
        return i

    def add_scope(self, path: str, parent: int) -> int:
        """Append a scope and return its index; parents come before their children."""
        p = len(self.scopes)
        if p >= self.scope_room:
            self._grow(scopes=2 * p)
        self.scopes.append(path)
        self.scope_index[path] = p
        self.children.append([])
        self.arrays.parent[p] = parent
        self.arrays.leaf[p] = 1
        self.arrays.updates[p] = p * 97 % REBUILD_EVERY
        self.arrays.candidates[p] = np.arange(CANDIDATES)  # no row twice: the first measurement exchanges single rows
        self.arrays.scalars[Scalar.SCOPES] = p + 1
        if parent >= 0:
            self.children[parent].append(p)
        return p

    def path_of(self, p: int) -> list[int]:
        """Return p and its ancestors, root last."""
        path = [p]
        while (p := int(self.arrays.parent[p])) >= 0:
            path.append(p)
        return path

    def holders(self, i: int) -> list[int]:
        """Return the scopes that hold instrument i, in order."""
        return [int(p) for p in np.flatnonzero(self.arrays.quantity[: len(self.scopes), i])]

    def concerned(self, i: int) -> list[int]:
        """Return the scopes that hold instrument i or have orders in it, in order."""
        if not self.working:
            return self.holders(i)
        return sorted({*self.holders(i), *(p for p, names in self.working.items() if i in names)})

    def books_of(self, p: int) -> list[int]:
        """Return scope p and, where it has working orders, the books that they could make of it (risk/working.py)."""
        first = int(self.arrays.worked_row[p])
        return [p] if first < 0 else [p, *range(first + 1, first + len(BOOKS))]

    def named(self, p: int) -> Flags:
        """Return (instruments,) True for what scope p holds or has orders in."""
        named: Flags = self.arrays.quantity[p, : len(self.terms)] != 0.0
        named[list(self.working.get(p, ()))] = True
        return named

    def take_worked_rows(self) -> int:
        """Return the first of the rows for the books that working orders could make of one more scope."""
        if not self.worked_free:
            room = len(self.arrays.parent) - self.scope_room
            self._grow(worked=max(2 * room, 4 * len(BOOKS)))
            self.worked_free = list(
                range(len(self.arrays.parent) - self.scope_room - len(BOOKS), room - 1, -len(BOOKS))
            )
        return self.scope_room + self.worked_free.pop()

    def touch(self, i: int) -> None:
        """Mark every scope that holds instrument i, or has orders in it, for measuring."""
        self.dirty.update(self.concerned(i))

    def rebuild_all(self) -> None:
        """Compute the sums of every scope, and of what its orders could make of it, from nothing."""
        for p in range(len(self.scopes)):
            for book in self.books_of(p):
                rebuild(self.arrays, book)
            self.dirty.add(p)

    def _grow(self, instruments: int = 0, scopes: int = 0, worked: int = 0, sources: int = 0) -> None:
        old, room = self.arrays, self.scope_room
        count = max(instruments, len(old.mark))
        self.scope_room = max(scopes, room)
        worked = max(worked, len(old.parent) - room)
        sources = max(sources, len(old.source_ts))
        self.arrays = grow(old, count, self.scope_room, worked, sources, scopes_before=room)
        if instruments:
            window = self.window
            flags = np.zeros((count, window.flags.shape[1]), dtype=np.int8)
            flags[: window.flags.shape[0]] = window.flags
            window.flags = flags
            window.total, window.slow_total = _grown(window.total, count), _grown(window.slow_total, count)


def _grown(square: Matrix, count: int) -> Matrix:
    larger = np.zeros((count, count), dtype=np.float64)
    larger[: square.shape[0], : square.shape[1]] = square
    return larger
