"""What each event does to the risk state; the checks have been made before."""

from collections.abc import Mapping
from typing import Literal

from daemon.command_records import command_audit
from daemon.commands import Commands
from daemon.early_commands import EarlyCommands
from daemon.early_halts import EarlyHalts
from daemon.looking import Looking
from daemon.refusals import Refusals, fill_key
from daemon.sources import Sources
from daemon.terms import terms_of
from enforcement import episodes
from enforcement.ladders import Ladders
from feeds.events import (
    Ack,
    Adjustment,
    Approve,
    CalendarAdded,
    Close,
    Command,
    Fill,
    FillCancel,
    Halt,
    Heartbeat,
    Instrument,
    Label,
    LimitsCommand,
    ModeCommand,
    Nav,
    Order,
    Override,
    OverrideEnd,
    Position,
    PositionsSnapshot,
    Quote,
    Reinstate,
    ResetHwm,
    Trade,
)  # fmt: skip
from feeds.record import Input, Rejection
from risk.adjustments import apply_adjustment, in_todays_units
from risk.calendars import ordinal_of_iso
from risk.currency import refresh_paths
from risk.instruments import Terms, coin_name, coin_of, write_terms
from risk.kernels.prices import QUOTE, TRADE
from risk.marks import apply_price, distrust, revalue
from risk.nav import apply_nav, reset_high_water
from risk.portfolios import ensure_scope, leaf_for, make_known, refresh_nav_known, root_of
from risk.positions import apply_fill, apply_snapshot, cancel_fill, reduce_order, set_order, set_position, split_since
from risk.shocks import bind_instrument
from risk.state import Fill as RememberedFill
from risk.state import RiskState, WorkingOrder
from risk.trust import count_missing, refresh_flags, wake_source
from risk.turnover import add_traded, take_back
from risk.window import await_instrument, record_close, start_window
from risk.working import refresh_instrument

_DISTRUSTED = frozenset({"CROSSED_QUOTE", "NOT_FINITE", "PRICE_OUT_OF_BOUNDS"})


class Handlers:
    """Applies events one by one; `adjustments` are those that wait for their ex time, by timer name."""

    def __init__(
        self, state: RiskState, looking: Looking, sources: Sources, ladders: Ladders, commands: Commands
    ) -> None:
        self._state = state
        self._looking = looking
        self._sources = sources
        self.commands = commands
        self._refusals = Refusals(state, ladders, commands.rules)
        self.early = EarlyCommands(state, looking, commands, self._refusals)
        self.adjustments: dict[str, tuple[int, int, float, float]] = {}
        self._adjustments_heard = 0
        self.was_suspect = False
        self.halts = EarlyHalts()
        self.elsewhere: set[str] = set()  # listed roots that live in another shard

    def list_root(self, root: str) -> None:
        """Bring a configured root into being: unknown until its snapshot."""
        self._looking.add_scopes(ensure_scope(self._state, root), listed=True)

    def leave_root(self, root: str) -> None:
        """Restrict a listed root no longer: another shard has seen its positions, and restricts it by what it knows."""
        self.elsewhere.add(root)
        self._looking.leave_root(root)
        make_known(self._state, root)

    @property
    def homes(self) -> Mapping[str, int]:
        """Positions partition of every root that was seen."""
        return self._refusals.homes

    def set_catching_up(self, catching_up: bool) -> None:
        """Note that an assignment has begun to be caught up with, or that it is (clock: wall)."""
        self._refusals.catching_up = catching_up

    def refuse(self, item: Input) -> Rejection | None:
        """Return why the input may not be applied, or None."""
        return self._refusals.refuse(item)

    def distrust_named(self, rejection: Rejection) -> None:
        """A bad price lowers the trust of the instrument it names until its next good one."""
        i = self._state.instrument_index.get(rejection.instrument or "")
        if i is not None and rejection.reason.value in _DISTRUSTED:
            distrust(self._state, i)

    def add_calendar(self, event: CalendarAdded) -> None:
        """Take in the sessions of a calendar that an instrument is about to name."""
        self._state.add_calendar(event.code, event.dates, event.opens, event.closes)

    def apply(self, item: Input) -> Literal["price", "other"]:
        """Apply an input that was not refused; return what it is to a confirmation."""
        watch = self._looking.acks.watch
        watch.before(item.event)
        is_price = self._apply(item)
        watch.after(item.event)
        self._looking.acks.settle_touched(n=item.record.n)
        return is_price

    def _apply(self, item: Input) -> Literal["price", "other"]:
        record, event, state = item.record, item.event, self._state
        self.was_suspect = False
        if state.window.session < 0 and state.now_ns > 0:  # before the first tick (clock: wall) it is 1970
            start_window(state, state.now_ns)
        source = state.source(record.topic, record.partition)
        state.arrays.source_ts[source] = max(state.now_ns, int(state.arrays.source_ts[source]))
        wake_source(state, source)
        if isinstance(event, Command):
            self._looking.write(command_audit(state.now_ns, event))
        match event:
            case Quote():
                return self._price(event, QUOTE, (event.bid + event.ask) / 2.0, event.bid, source)
            case Trade():
                return self._price(event, TRADE, event.price, event.price, source)
            case Close():
                i = state.instrument_index[event.instrument]
                price = event.price * split_since(state, i, event.ts)  # a late close is told in old units
                record_close(state, i, ordinal_of_iso(event.date), price, event.ts)
            case Position():
                self._position(event)
            case PositionsSnapshot():
                self._snapshot(event)
            case Fill():
                self._fill(event)
            case FillCancel():
                cancel_fill(state, root_of(event.portfolio), event.fill_id, event.ts)
                take_back(state, root_of(event.portfolio), event.fill_id)
            case Order():
                self._order(event)
            case Nav():
                self._nav(event)
            case Instrument():
                self._instrument(event)
            case Adjustment():
                self._adjustment(event)
            case ResetHwm():
                reset_high_water(state, state.scope_index[event.scope])
            case Halt() | Reinstate() if state.now_ns == 0:  # before the first tick (clock: wall)
                self.halts.remember(event)
            case Halt() | Reinstate():
                self._looking.take_command(event, n=record.n)
                if isinstance(event, Reinstate):
                    self._looking.acks.reinstate(event, n=record.n)
            case Ack():
                self._looking.acks.take(event, n=record.n)
            case Label():
                self._looking.take_label(label_of(event, state.now_ns))
            case ModeCommand() | Override() | OverrideEnd() | Approve() | LimitsCommand():
                self.early.take(record, event, is_early=self._refusals.is_early(event))
            case Heartbeat():
                if self._sources.hear(event.source, event.ts, state.now_ns):
                    self._looking.wake_roots()
            case _:
                pass  # indicators tell the time
        return "other"

    def _price(self, event: Quote | Trade, kind: int, mid: float, low: float, source: int) -> Literal["price"]:
        i = self._state.instrument_index[event.instrument]
        apply_price(self._state, i, kind=kind, mid=mid, low=low, ts=event.ts, source=source)
        self.was_suspect = i in self._state.quarantine
        return "price"

    def _leaf(self, path: str) -> int:
        """Return the leaf that holds something from now on."""
        leaf, new = leaf_for(self._state, path)
        self._looking.add_scopes(new)
        if new or leaf in self._state.only_ordered:
            self._state.only_ordered.discard(leaf)
            refresh_nav_known(self._state, leaf)
        return leaf

    def _position(self, event: Position) -> None:
        leaf = self._leaf(event.portfolio)
        as_of = event.ts if event.as_of is None else event.as_of
        set_position(self._state, leaf, self._state.instrument_index[event.instrument], event.quantity, as_of)

    def _snapshot(self, event: PositionsSnapshot) -> None:
        state = self._state
        self._looking.add_scopes(ensure_scope(state, event.portfolio))
        items = []
        for item in event.items:
            self._leaf(item.portfolio)
        for item in event.items:  # a path may have become a parent by a later item
            items.append((self._leaf(item.portfolio), state.instrument_index[item.instrument], item.quantity))
        apply_snapshot(state, event.portfolio, event.ts if event.as_of is None else event.as_of, items)
        if root_of(event.portfolio) == event.portfolio:
            make_known(state, event.portfolio)

    def _fill(self, event: Fill) -> None:
        state = self._state
        leaf = self._leaf(event.portfolio)
        signed = event.quantity if event.side == "buy" else -event.quantity
        i = state.instrument_index[event.instrument]
        remembered = RememberedFill(event.ts, leaf, i, signed, event.price, fill_key(event), booked=True)
        is_new = event.fill_id not in state.fills.get(root_of(event.portfolio), {})
        apply_fill(state, event.fill_id, remembered)
        if is_new:
            add_traded(state, event.fill_id, leaf, i, event.quantity, event.price, event.ts)
        if is_new and event.order_id is not None:
            reduce_order(state, root_of(event.portfolio), event.order_id, remembered)

    def _order(self, event: Order) -> None:
        leaf, new = leaf_for(self._state, event.portfolio)
        self._looking.add_scopes(new)
        if leaf in new:
            self._state.only_ordered.add(leaf)  # an order is no position: its V need not be known
        signed = event.open_quantity if event.side == "buy" else -event.open_quantity
        order = WorkingOrder(leaf, self._state.instrument_index[event.instrument], signed, event.ts)
        set_order(self._state, root_of(event.portfolio), event.order_id, order)

    def _nav(self, event: Nav) -> None:
        state = self._state
        self._looking.add_scopes(ensure_scope(state, event.portfolio))
        rate = state.rates[event.currency]
        flow = 0.0 if event.flow is None else event.flow
        apply_nav(state, state.scope_index[event.portfolio], event.nav * rate, flow * rate)

    def _instrument(self, event: Instrument) -> None:
        terms = terms_of(event)
        coin = coin_of(terms)
        self._put(terms)
        if coin is not None and coin_name(coin) not in self._state.instrument_index:
            self._put(Terms(coin_name(coin), "cash", coin, terms.calendar, lot=terms.lot))

    def _put(self, terms: Terms) -> None:
        """Add or replace reference data and everything that hangs on it."""
        state = self._state
        i = state.instrument_index.get(terms.name)
        before = None if i is None else state.terms[i]
        if i is not None:
            terms = in_todays_units(state, i, terms)
        if i is None:
            i = state.add_instrument(terms)
            if terms.kind == "cash":
                state.arrays.mark[i] = state.window.level[i] = 1.0
                state.window.in_row[i] = True
        state.terms[i], state.bars.funded[i] = terms, terms.is_funded
        write_terms(state.arrays, i, terms, state.config.liquidity)
        if terms.kind == "fx" or terms.currency not in state.paths:
            refresh_paths(state)
        bind_instrument(state, i)
        if before != terms:
            revalue(state, i, float(state.arrays.mark[i]))
            count_missing(state, i)
            refresh_flags(state, i)
            if before is not None:
                refresh_instrument(state, i)
                state.rebuild_all()
        await_instrument(state, i)

    def _adjustment(self, event: Adjustment) -> None:
        state = self._state
        i = state.instrument_index[event.instrument]
        cash = 0.0 if event.cash is None else event.cash
        if event.ex_ts <= state.now_ns:
            apply_adjustment(state, i, event.ex_ts, event.price_factor, cash)
            return
        self._adjustments_heard += 1  # never used twice; of two for one moment the first heard fires first
        name = f"adjust|{event.instrument}|{event.ex_ts}|{self._adjustments_heard:012d}"
        self.adjustments[name] = (i, event.ex_ts, event.price_factor, cash)
        state.timers.arm(name, event.ex_ts)


def label_of(event: Label, ts: int) -> episodes.Label:
    """Return the label of a command at core time `ts`."""
    return episodes.Label(
        ts, event.episode_id, event.verdict, event.cause, event.actor, event.reason, event.command_id,
        event.confidence, event.outcome_known,
    )  # fmt: skip
