"""What only the core can refuse, because it depends on its state; nothing is changed here."""

import math

from daemon.command_memory import CommandMemory
from daemon.command_rules import CommandRules, Ruled
from daemon.terms import terms_of
from enforcement.ladders import Ladders
from feeds.events import (
    Ack,
    Adjustment,
    Approve,
    Close,
    Command,
    Event,
    Fill,
    FillCancel,
    Halt,
    Heartbeat,
    Indicator,
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
from feeds.record import Input, Record, Rejection, RejectReason
from feeds.signature import refuse_deployment, refuse_signature
from risk.calendars import ordinal_of_iso
from risk.marks import refuse_price
from risk.portfolios import root_of
from risk.positions import is_late_fill
from risk.state import RiskState

_EPOCH_ORDINAL = 719_163  # 1970-01-01
_DAY_NS = 86_400 * 10**9
_EAST_NS = 14 * 3600 * 10**9  # the earliest that a date begins anywhere, before its midnight UTC
_POSITION_EVENTS = (Position, PositionsSnapshot, Fill, FillCancel, Order, Nav)


class Refusals:
    """The checks that come before an event is applied: the first that fails names the reason."""

    def __init__(self, state: RiskState, ladders: Ladders, rules: CommandRules) -> None:
        self._state = state
        self._ladders = ladders
        self._rules = rules
        self.homes: dict[str, int] = {}  # positions partition by root
        self._commands = CommandMemory(rules)
        self.catching_up = False  # core time is that of the events until the partitions are at their ends

    def refuse(self, item: Input) -> Rejection | None:
        """Return why the input may not be applied, or None; remembers which partition a root belongs to."""
        record, event, state = item.record, item.event, self._state
        config = state.config
        assert isinstance(event, Event), event  # ticks and the like are nothing to refuse
        ts = event.ts
        told = config.clock == "wall" and state.now_ns > 0 and not self.catching_up  # a tick has told the time of now
        if told and ts > state.now_ns + config.data.max_ahead:
            ahead = f"ts must be at most {config.data.max_ahead} ns over core time {state.now_ns}, got {ts}"
            return Rejection(RejectReason.TOO_FAR_AHEAD, ahead)
        if isinstance(event, _POSITION_EVENTS):
            root = root_of(event.portfolio)
            home = self.homes.get(root, record.partition)
            if home != record.partition:
                detail = f"root {root} belongs to partition {home}, got {record.partition}"
                return Rejection(RejectReason.WRONG_PARTITION, detail)
            refusal = self._refuse_contents(record, event)
            if refusal is None:  # a refused record gives no root its home
                self.homes[root] = record.partition
            return refusal
        return self._refuse_contents(record, event)

    def _refuse_contents(self, record: Record, event: Event) -> Rejection | None:
        match event:
            case Quote() | Trade():
                return self._price(record, event)
            case Close():
                return self._close(event)
            case Position() | Order():
                return self._unknown_instrument(event.instrument)
            case PositionsSnapshot():
                return self._snapshot(event)
            case Fill():
                return self._fill(event)
            case FillCancel():
                return self._cancel(event)
            case Nav():
                return self._nav(event)
            case Instrument():
                return self._instrument(event)
            case Adjustment():
                return self._unknown_instrument(event.instrument)
            case Command():
                return self._command(record, event)
            case Heartbeat() | Indicator() | Ack():
                return None
            case _:
                raise AssertionError(f"no such event: {type(event).__name__}")

    def _unknown_instrument(self, name: str) -> Rejection | None:
        if name in self._state.instrument_index:
            return None
        return Rejection(RejectReason.UNKNOWN_INSTRUMENT, f"no instrument {name!r} in the reference data", name)

    def _price(self, record: Record, event: Quote | Trade) -> Rejection | None:
        if unknown := self._unknown_instrument(event.instrument):
            return unknown
        i = self._state.instrument_index[event.instrument]
        low = event.bid if isinstance(event, Quote) else event.price
        source = self._state.source(record.topic, record.partition)
        reason = refuse_price(self._state, i, low=low, ts=event.ts, source=source)
        if reason is None:
            return None
        floor = self._state.terms[i].floor
        detail = (
            f"price must be above {floor}, got {low}" if reason != "LATE" else f"ts {event.ts} is older than the last"
        )
        return Rejection(RejectReason(reason), detail, event.instrument)

    def _close(self, event: Close) -> Rejection | None:
        if unknown := self._unknown_instrument(event.instrument):
            return unknown
        floor = self._state.terms[self._state.instrument_index[event.instrument]].floor
        if not event.price > floor:
            detail = f"price must be above {floor}, got {event.price}"
            return Rejection(RejectReason.PRICE_OUT_OF_BOUNDS, detail, event.instrument)
        begins = (ordinal_of_iso(event.date) - _EPOCH_ORDINAL) * _DAY_NS - _EAST_NS
        if begins > event.ts:
            detail = f"date must have begun somewhere at ts {event.ts}, got {event.date}"
            return Rejection(RejectReason.TOO_FAR_AHEAD, detail, event.instrument)
        return None

    def _snapshot(self, event: PositionsSnapshot) -> Rejection | None:
        for item in event.items:
            if unknown := self._unknown_instrument(item.instrument):
                return unknown
            if item.portfolio != event.portfolio and not item.portfolio.startswith(event.portfolio + "/"):
                detail = f"items must lie under {event.portfolio}, got {item.portfolio}"
                return Rejection(RejectReason.OUT_OF_BOUNDS, detail)
        return None

    def _fill(self, event: Fill) -> Rejection | None:
        if unknown := self._unknown_instrument(event.instrument):
            return unknown
        floor = self._state.terms[self._state.instrument_index[event.instrument]].floor
        if not event.price > floor:
            detail = f"price must be above {floor}, got {event.price}"
            return Rejection(RejectReason.PRICE_OUT_OF_BOUNDS, detail, event.instrument)
        if is_late_fill(self._state, event.ts):
            detail = f"fill_id is remembered for {self._state.config.data.fill_memory} ns, ts {event.ts} is older"
            return Rejection(RejectReason.LATE_FILL, detail)
        seen = self._state.fills.get(root_of(event.portfolio), {}).get(event.fill_id)
        if seen is not None and seen.key != fill_key(event):
            detail = f"fill_id {event.fill_id!r} came before with other contents"
            return Rejection(RejectReason.DUPLICATE_FILL_ID, detail)
        return None

    def _cancel(self, event: FillCancel) -> Rejection | None:
        if event.fill_id in self._state.fills.get(root_of(event.portfolio), {}):
            return None
        return Rejection(
            RejectReason.UNKNOWN_FILL, f"no fill {event.fill_id!r} of {root_of(event.portfolio)} is remembered"
        )

    def _nav(self, event: Nav) -> Rejection | None:
        if not math.isnan(self._state.rates.get(event.currency, math.nan)):
            return None
        return Rejection(RejectReason.UNKNOWN_CURRENCY, f"no rate from {event.currency} to the base currency is known")

    def _instrument(self, event: Instrument) -> Rejection | None:
        if event.kind == "fx" and (event.base is None or event.quote is None):
            detail = "an fx pair must name base and quote"
            return Rejection(RejectReason.MISSING_FIELD, detail, event.instrument)
        i = self._state.instrument_index.get(event.instrument)
        has_price = i is not None and not math.isnan(self._state.arrays.mark[i])
        if i is not None and has_price and (term := self._state.terms[i].clashes_with(terms_of(event))) is not None:
            detail = f"{term} may not change once the instrument has a price"
            return Rejection(RejectReason.REFERENCE_CONFLICT, detail, event.instrument)
        if event.contract == "inverse" and event.settle_currency is None and event.base is None:
            detail = "an inverse contract must name settle_currency or base, the coin that it settles in"
            return Rejection(RejectReason.MISSING_FIELD, detail, event.instrument)
        return None

    def is_early(self, event: Event) -> bool:
        """Say whether a command of a backlog is read before its time has come, or before the core knows the time."""
        state = self._state
        is_backlog = state.now_ns == 0 or (self.catching_up and event.ts > state.now_ns)
        return state.config.clock == "wall" and is_backlog

    def refuse_in_time(self, event: Ruled) -> Rejection | None:
        """Return why a command that was early may not be carried out now that its time has come, or None."""
        return self._rules.refuse(event, self._state.now_ns)

    def _command(self, record: Record, event: Command) -> Rejection | None:
        if self._commands.knows(event.command_id):
            detail = f"command_id {event.command_id!r} came before"
            return Rejection(RejectReason.DUPLICATE_COMMAND, detail)
        state, control = self._state, self._state.config.control
        if (why := refuse_signature(control, actor=event.actor, sig=event.sig, payload=record.payload)) is not None:
            return Rejection(RejectReason.BAD_SIGNATURE, why)
        if (why := refuse_deployment(control, event.deployment)) is not None:
            return Rejection(RejectReason.WRONG_DEPLOYMENT, why)
        if not self.catching_up:
            self._commands.forget(state.now_ns, control.command_age)
        oldest_ns = self._commands.forgotten_ns
        if event.ts < oldest_ns and not isinstance(event, Halt):  # nobody wants a kill switch to be too late
            detail = f"ts must be from {oldest_ns} on, because a command may be {control.command_age} ns late at most"
            return Rejection(RejectReason.STALE_COMMAND, f"{detail}, got {event.ts}")
        refusal = self._refuse_command(event)
        if refusal is None:
            self._commands.take(event)
        return refusal

    def _refuse_command(self, event: Command) -> Rejection | None:
        match event:
            case Label():
                return self._label(event)
            case ModeCommand() | Override() | OverrideEnd() | Approve() | LimitsCommand():
                at_ns = max(self._state.now_ns, event.ts if self._state.config.clock == "event" else 0)
                return None if self.is_early(event) else self._rules.refuse(event, at_ns)
            case Halt() | Reinstate() | ResetHwm() if event.scope not in self._state.scope_index:
                later = "; it is halted as soon as it does" if isinstance(event, Halt) else ""
                detail = f"no portfolio {event.scope!r} has come into being{later}"
                return Rejection(RejectReason.UNKNOWN_PORTFOLIO, detail)
            case _:
                return None

    def _label(self, event: Label) -> Rejection | None:
        if event.cause is not None and event.verdict != "false":
            detail = f"cause belongs to the verdict false, got {event.cause} with {event.verdict}"
            return Rejection(RejectReason.OUT_OF_BOUNDS, detail)
        unit = self._ladders.find(event.episode_id)
        if unit is None:
            return Rejection(RejectReason.UNKNOWN_EPISODE, f"no episode {event.episode_id!r} has begun")
        if event.scope not in (None, unit.scope):
            detail = f"episode {event.episode_id!r} is of {unit.scope}, got scope {event.scope}"
            return Rejection(RejectReason.UNKNOWN_EPISODE, detail)
        return None


def fill_key(event: Fill) -> tuple[str, str, str, float, float, str | None]:
    """Return what makes two fills with one id the same fill."""
    return event.portfolio, event.instrument, event.side, event.quantity, event.price, event.order_id
