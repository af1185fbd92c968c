"""The state machine: inputs in, decisions and numbers out, and nothing else ever touches them."""

from collections.abc import Mapping, Sequence

from config.dump import decision_config_hash
from config.setup import Setup
from daemon.commands import Commands
from daemon.due_timers import fire
from daemon.handlers import Handlers
from daemon.looking import Looking
from daemon.moved_books import MovedBooks
from daemon.outputs import Outputs
from daemon.price_runs import PriceRun, SymbolIndex, collect_run
from daemon.reconfiguring import Reconfiguring
from daemon.report import SourceReport
from daemon.series import Series
from daemon.sources import Sources
from daemon.state_records import state_record
from enforcement.enforcer import Enforcer
from enforcement.evidence import LimitEvidence
from enforcement.moment import Wake
from feeds.configured import Configured
from feeds.events import (
    Ack,
    Assignment,
    CalendarAdded,
    CatchUpEnd,
    Foreign,
    Halt,
    Heartbeat,
    Indicator,
    MadeEvent,
    Outage,
    Reinstate,
    RootHome,
    SlowResult,
    Stop,
    Tick,
)
from feeds.prices import Item, segments
from feeds.record import Input, Record, Rejection, RejectReason
from risk.calendars import FAR_FUTURE_NS
from risk.kernels.prices import DONE, WAKE, run_prices
from risk.portfolios import root_of
from risk.state import RiskState
from sensors.catalogue import SHIPPED, Catalogue

MODEL_VERSION = "2"  # of the numbers; a change of a formula changes it


class Core:
    """One shard's state machine: `step` is a function of the state and the inputs, whatever their batches."""

    def __init__(
        self, setup: Setup, *, shard: int = 0, compute_slow_work: bool = True, catalogue: Catalogue = SHIPPED,
        keeps_series: bool = False, model_version: str = MODEL_VERSION,
    ) -> None:  # fmt: skip
        self.shard = shard
        self.n = 0
        self._state = RiskState(setup)
        self.moved = MovedBooks(self._state)
        self.enforcer = Enforcer(setup.config, shard, self._state.timers, self, catalogue)
        self.enforcer.config_hash = decision_config_hash(setup.config)
        self.enforcer.model_version = self.enforcer.ladders.model_version = model_version
        self.looking = Looking(self._state, self.enforcer, catalogue, compute_slow_work=compute_slow_work)
        if keeps_series:
            self.looking.series = Series(self._state, self.enforcer, catalogue, shard=shard)
        self.sources = Sources(setup.config.data.sources, self._state.timers, self.enforcer.freshness)
        commands = Commands(self._state, self.looking, self.enforcer, catalogue)
        self._reconfiguring = Reconfiguring(setup, self._state, self.looking, self.enforcer, commands, catalogue)
        self.handlers = Handlers(self._state, self.looking, self.sources, self.enforcer.ladders, commands)
        self._is_wall = setup.config.clock == "wall"
        self._catch_up_until_ns: int | None = None  # while a backlog is caught up with, its events tell the time
        topics = setup.config.kafka.topics
        self._timeless = (topics.reference, topics.control)  # there they do not: both are read ahead of all others
        self._symbol_index = SymbolIndex(self._state.instrument_index)
        for root in setup.config.portfolios:  # the first shard has those of no known home, until another has seen them
            if setup.config.kafka.homes.get(root, 0) == shard:
                self.handlers.list_root(root)

    @property
    def state(self) -> RiskState:
        """All that is known, with every number as of the last input."""
        return self.moved.measure()

    @property
    def setup(self) -> Setup:
        """What the core was built from, or was configured with since."""
        return self._reconfiguring.setup

    @property
    def now_ns(self) -> int:
        """Core time."""
        return self._state.now_ns

    def step(self, inputs: Sequence[Item]) -> Outputs:
        """Apply inputs in order and return what they let out; any batching gives the same in sum."""
        outputs = self.looking.begin()
        for part in segments(inputs):
            self._apply(part)
        return outputs

    def finish(self) -> Outputs:
        """Return what still waits at the end of the inputs: the last rejections of the audit."""
        outputs = self.looking.begin()
        self.looking.flush_rejections()
        return outputs

    def state_records(self) -> list[dict[str, object]]:
        """Return the state record of every scope at this moment, in the order in which they came into being."""
        return [self.state_record(p) for p in range(len(self._state.scopes)) if not self.is_elsewhere(p)]

    def state_record(self, p: int) -> dict[str, object]:
        """Return the state record of one scope at this moment."""
        return state_record(self.state, self.enforcer, p, n=self.n)

    def is_elsewhere(self, p: int) -> bool:
        """Say whether the scope belongs to a root that lives in another shard."""
        return root_of(self._state.scopes[p]) in self.handlers.elsewhere

    @property
    def offsets(self) -> Mapping[str, int]:
        """Offset of the last record that was applied, by "topic-partition"."""
        return self.looking.offsets.by_place

    def source_reports(self) -> dict[str, SourceReport]:
        """Return how each watched source stands at this moment, by name."""
        return self.sources.reports()

    def evidence(self) -> dict[str, LimitEvidence]:
        """Return what speaks for each limit up to this moment: episodes, live time, readiness."""
        return self.enforcer.evidence(self.now_ns)

    @property
    def homes(self) -> Mapping[str, int]:
        """Positions partition of every root that has one here."""
        return self.handlers.homes

    def advance(self, scope: str, start_ns: int, open_ns: int) -> int:
        """Return when `open_ns` of the scope's open time has passed: any calendar that it holds is open."""
        return self.looking.advance_open(scope, start_ns, open_ns)

    def _is_wall_untimed(self) -> bool:
        """Say whether no tick has told the time yet (clock: wall)."""
        return self._is_wall and self.now_ns == 0

    def _tells_time(self, topic: str, ts: int) -> bool:
        """Say whether an event of a backlog moves core time."""
        return self._catch_up_until_ns is not None and ts <= self._catch_up_until_ns and topic not in self._timeless

    def _is_partly_timeless(self, run: PriceRun) -> bool:
        """Say whether a run of a backlog holds a price from after its end, which tells no time."""
        return self._catch_up_until_ns is not None and int(run.ts.max()) > self._catch_up_until_ns

    def _apply(self, inputs: Sequence[Input]) -> None:
        at = 0
        while at < len(inputs):
            run = None if self._is_wall_untimed() else collect_run(self._state, self._symbol_index, inputs, at)
            if run is None or self._is_partly_timeless(run):
                self._single(inputs[at])
                at += 1
            else:
                self._run(inputs, run)
                at = run.stop

    def _run(self, inputs: Sequence[Input], run: PriceRun) -> None:
        """Apply consecutive prices: kernels as far as they go, single steps for the rest."""
        state, looking = self._state, self.looking
        at = 0
        while at < run.count:
            due = state.timers.next_due_ns()
            position, code = run_prices(
                state.arrays, run.instrument, run.kind, run.price, run.low, run.ts, run.source, at, run.count,
                FAR_FUTURE_NS if due is None else due, self._is_wall and self._catch_up_until_ns is None,
            )  # fmt: skip
            applied = position + 1 if code == WAKE else position
            last_n = self.looking.offsets.note_part(inputs, run, run.start + at, run.start + applied)
            self.n = last_n or self.n
            self.moved.is_behind = code == DONE
            if code == DONE:
                return
            if code == WAKE:
                looking.look(n=self.n, cause="price", ts_event=int(run.ts[position]))
            else:
                self._single(inputs[run.start + position])
            at = position + 1

    def _single(self, item: Input) -> None:
        """Apply one input in full generality."""
        record, event, looking = item.record, item.event, self.looking
        if record.n:
            self.n = record.n
        looking.offsets.note(record)
        if isinstance(event, Rejection):
            self._reject(record, event)
            return
        if isinstance(event, MadeEvent | Foreign | Configured):
            self._apply_made(event)
            return
        self.moved.measure()
        refusal = self.handlers.refuse(item)
        if refusal is not None:
            if refusal.reason is RejectReason.UNKNOWN_PORTFOLIO and isinstance(event, (Halt, Reinstate)):
                self.handlers.halts.remember(event)
            self._reject(record, refusal)
            return
        if not self._is_wall:
            self._advance(event.ts)
            self.sources.begin(self.now_ns)
        elif self._tells_time(record.topic, event.ts):
            self._advance(event.ts)
        cause: Wake = self.handlers.apply(item)
        if self._is_wall_untimed():  # nothing is decided before the core knows the time
            return
        if isinstance(event, (Heartbeat, Indicator, Ack)):  # what they freshen is looked at; they are no second price
            cause = "time"
        looking.look(n=self.n, cause=cause, ts_event=event.ts, suspect=self.handlers.was_suspect)
        self._halt_late()

    def _apply_made(self, event: MadeEvent | Foreign | Configured) -> None:
        """Apply an input that riskd made itself."""
        looking = self.looking
        if not isinstance(event, Tick):  # mostly nothing is due
            self.moved.measure()
        match event:
            case Tick():
                self._advance(event.ts)
                self._halt_late()
            case CatchUpEnd():
                self.sources.caught_up(max(event.ts, self.now_ns))
                self._advance(event.ts)
                self._halt_late()
                self._catch_up_until_ns = None
                self.handlers.set_catching_up(False)
                looking.wake_roots()  # also where nothing ever came: an empty daemon never calls a book safe
                looking.look(n=self.n, cause="time", ts_event=event.ts)
                looking.release(n=self.n)
            case CalendarAdded():
                self.handlers.add_calendar(event)
            case Stop():
                looking.flush_rejections()
            case RootHome():
                self.handlers.leave_root(event.root)
                looking.reinstate_left(event.root, event.partition, n=self.n)
                self.handlers.commands.leave_root(event.root, self.n)
                looking.look(n=self.n, cause="other", ts_event=self.now_ns)
            case Assignment():
                self.enforcer.epoch = event.epoch
                self.handlers.set_catching_up(True)
                if self._is_wall:
                    self._catch_up_until_ns = event.catch_up_until
                    self.enforcer.hold()
                    self.sources.catch_up()
            case SlowResult():
                looking.take_result(event)
                looking.look(n=self.n, cause="other", ts_event=self.now_ns)
            case Outage():
                self._advance(event.ts)
                looking.acks.note_outage(is_over=event.is_over, n=self.n)
            case Configured():
                self._reconfiguring.take(event, self.n)
            case Foreign():
                pass

    def _halt_late(self) -> None:
        """Carry out the commands that came before their path or before the time."""
        for halt in self.handlers.halts.due(self._state.scope_index):
            self.moved.measure()
            self.looking.take_command(halt, n=self.n)
        self.handlers.commands.hold_new(self.n)
        self.handlers.early.wake(self.n)

    def _reject(self, record: Record, rejection: Rejection) -> None:
        """Write a refused input down; it may cost trust, and is no confirmation, no beginning and no time."""
        self.moved.measure()
        self.handlers.distrust_named(rejection)
        self.looking.reject(record, rejection)
        if self.now_ns > 0:
            self.looking.look(n=self.n, cause="price", ts_event=self.now_ns, suspect=True)

    def _advance(self, ts: int) -> None:
        """Fire every timer due by `ts`, each at its own due time, then move core time there."""
        target = max(ts, self.now_ns)
        while (due := self._state.timers.pop_due(target)) is not None:
            due_ns, name = due
            self.moved.measure()
            self._state.advance_to(due_ns)
            fire(
                name, due_ns,
                state=self._state, looking=self.looking, handlers=self.handlers, sources=self.sources, n=self.n,
            )  # fmt: skip
        self._state.advance_to(target)
