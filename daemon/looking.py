"""What follows every event: measure what it touched, let the enforcer look, compute slow work, write it all down."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from daemon.ack_desk import AckDesk
from daemon.audit_records import action_audit, backtest_audit, decision_audit, row_audits
from daemon.episode_tests import EpisodeTests
from daemon.input_offsets import InputOffsets
from daemon.outputs import Outputs
from daemon.rejection_counts import RejectionCounts
from daemon.series import Series
from daemon.slow_results import result_of
from daemon.stress_records import stress_audit
from daemon.witness import Witness
from enforcement.enforcer import Enforcer
from enforcement.episodes import Label
from enforcement.follow_ups import CATCH_UP
from enforcement.moment import Moment, Wake
from enforcement.overriding import Changes
from enforcement.records import Action, Effect, Outcome
from feeds.events import Halt, Reinstate, SlowResult
from feeds.record import Record, Rejection
from risk.book import Book
from risk.calendars import advance_open
from risk.measures import Measures
from risk.measuring import doze, input_digest, is_scope_quoted, measure_dirty, measures_of, prepare_scope, rouse
from risk.portfolios import root_of
from risk.scope_book import ScopeBook
from risk.slow_work import apply_result, compute, due_requests
from risk.state import RiskState
from risk.stress_result import StressResult
from risk.stress_work import watch
from risk.tail_result import TailResult
from risk.verification_work import VerificationResult
from risk.window import complete_backtest
from sensors.catalogue import SHIPPED, Catalogue


class Looking:
    """The core's second half: from touched scopes to outputs."""

    def __init__(
        self, state: RiskState, enforcer: Enforcer, catalogue: Catalogue = SHIPPED, *, compute_slow_work: bool
    ) -> None:
        self._state = state
        self._enforcer = enforcer
        self._computes = compute_slow_work
        self.outputs = Outputs()
        self.offsets = InputOffsets()
        self._rows_seen = 0
        self._session_seen = state.window.session
        self._rejections = RejectionCounts()
        self.series: Series | None = None
        self.witness: Witness | None = None
        self.tests = EpisodeTests(state, enforcer.ladders, catalogue)
        self.acks = AckDesk(state, enforcer, self)

    def begin(self) -> Outputs:
        """Start a new set of outputs and return it."""
        self.outputs = Outputs()
        return self.outputs

    def add_scopes(self, scopes: Sequence[int], *, listed: bool = False) -> None:
        """Bind limits to scopes that have come into being."""
        for p in scopes:
            path = self._state.scopes[p]
            prepare_scope(self._state, p)
            self._enforcer.add_scope(path, is_root=root_of(path) == path, listed=listed)
            self._watch(p)

    def wake_roots(self) -> None:
        """Have the next look see every root: what is told of a source is told of all."""
        count = len(self._state.scopes)
        self._state.arrays.woken[:count][self._state.arrays.parent[:count] < 0] = 1

    def leave_root(self, root: str) -> None:
        """Note that another shard restricts the root, and gathers the evidence of its limits."""
        self._enforcer.freshness.left.add(root)
        self.write({"ts": self._state.now_ns, "kind": "unwatch", "root": root})
        self.wake_roots()

    def look(self, *, n: int, cause: Wake, ts_event: int, suspect: bool = False) -> None:
        """Measure what is dirty, evaluate what is woken, and apply slow work directly after what asked for it."""
        state = self._state
        if state.window.session != self._session_seen:  # a halt is called to mind with the first price of a session
            self._session_seen = state.window.session
            for p in np.flatnonzero(state.arrays.dozing).tolist():
                rouse(state, p, self._enforcer.wake_levels(state.scopes[p]))
        measure_dirty(state)
        new_row = state.window.rows_total != self._rows_seen
        exceptions = complete_backtest(state) if new_row else []
        self._rows_seen = state.window.rows_total
        self._evaluate(n, cause, ts_event, suspect=suspect, new_row=new_row)
        while requests := due_requests(state):
            if not self._computes:
                self.outputs.requests += requests
                break
            for request in requests:
                self._apply(compute(request))
            measure_dirty(state)
            self._evaluate(n, "other", ts_event, suspect=False, new_row=False)
        if new_row:
            for record in (*row_audits(state), *(backtest_audit(state, exception) for exception in exceptions)):
                self.write(record)
            self._complete_row()
            if self.series is not None:
                self.outputs.series += self.series.row()

    def fire_life(self, name: str, due_ns: int, *, n: int) -> None:
        """Hand a timer of a breach life to the enforcer."""
        p = self._state.scope_index[self._enforcer.scope_of_timer(name)]
        moment = self._moment(p, n, "time", due_ns, suspect=False, new_row=False)
        self._take(p, self._enforcer.timer(name, due_ns, measures_of(self._state, p), self._book(p), moment))

    def fire_ladder(self, name: str, due_ns: int) -> None:
        """Hand a timer of the ladders to them: the daily look, or a number that has been INVALID for too long."""
        self._enforcer.ladders.timer(name, due_ns)
        self._write_down(self.tests.told())

    def take_label(self, label: Label) -> None:
        """Take in what a person said of an episode; write it down, and what followed from it at once."""
        self._write_down(self.tests.label(label))

    def take_command(self, event: Halt | Reinstate, *, n: int) -> None:
        """Carry out an operator's halt or reinstatement."""
        p = self._state.scope_index[event.scope]
        measures, moment = self.measures_and_moment(p, n, event.ts)
        if isinstance(event, Halt):
            outcomes = self._enforcer.halt(event.scope, measures, moment, actor=event.actor, reason=event.reason)
        else:
            outcomes = self._enforcer.reinstate(
                event.scope, measures, moment, actor=event.actor, reason=event.reason, limit=event.limit
            )
        self._take(p, outcomes)

    def carry_out(self, scope: str, changes: Changes, *, n: int) -> None:
        """Publish what a command on modes or overrides changes in a scope."""
        p = self._state.scope_index[scope]
        self._take(p, self._enforcer.carry_out(scope, changes, *self.measures_and_moment(p, n, self._state.now_ns)))

    def rebind(self, scope: str, *, n: int) -> None:
        """Hold a scope against the levels that overrides ask for now; the next look sees it."""
        self._hold_to(scope, n, self._enforcer.rebind)

    def relimit(self, scope: str, *, n: int) -> None:
        """Hold a scope to the limits that are configured now; the next look sees it."""
        self._hold_to(scope, n, self._enforcer.relimit)

    def tell_ladders(self) -> None:
        """Write down what the ladders have told."""
        self._write_down(self.tests.told())

    def write(self, record: dict[str, object]) -> None:
        """Write a record into the audit."""
        self._flush_before()
        self.outputs.audit.append(record)

    def reinstate_left(self, root: str, home: int, *, n: int) -> None:
        """End what an operator halted here of a root that lives in another shard, which has the halt itself."""
        state = self._state
        for p, path in enumerate(state.scopes):
            if root_of(path) == root:
                reason = f"{root} lives in positions partition {home}"
                measures, moment = self.measures_and_moment(p, n, state.now_ns)
                self._take(p, self._enforcer.reinstate(path, measures, moment, actor="riskd", reason=reason))

    def release(self, *, n: int) -> None:
        """Let out what the catch-up kept back: the final state of every scope that changed."""
        for action in self._enforcer.release(self._state.now_ns):
            self.let_out(action, ts=self._state.now_ns)
        self.acks.resume(CATCH_UP, n=n)

    def take_result(self, event: SlowResult) -> None:
        """Apply a journaled result of slow work; one that nothing waits for changes nothing."""
        self._apply(result_of(event, self._state.scope_index[event.scope]))

    def reject(self, record: Record, rejection: Rejection) -> None:
        """Write down a refused input: whole for the dead letters, counted by reason and second for the audit."""
        self.outputs.rejections.append((record, rejection))
        self._flush_before()
        self._rejections.add(rejection.reason, self._state.now_ns)

    def flush_rejections(self) -> None:
        """Write the counts that wait into the audit."""
        self.outputs.audit += self._rejections.take(self._state.now_ns)

    def advance_open(self, scope: str, start_ns: int, open_ns: int) -> int:
        """Return when `open_ns` of time with any calendar of the scope open has passed since `start_ns`."""
        state = self._state
        p = state.scope_index[scope]
        held = np.flatnonzero(state.named(p))
        codes = sorted({state.terms[i].calendar for i in held} or {state.base_calendar.code})
        return advance_open(tuple(state.calendars[code] for code in codes), start_ns, open_ns)

    def _evaluate(self, n: int, cause: Wake, ts_event: int, *, suspect: bool, new_row: bool) -> None:
        state = self._state
        for p in np.flatnonzero(state.arrays.woken[: len(state.scopes)]).tolist():
            state.arrays.woken[p] = 0
            moment = self._moment(p, n, cause, ts_event, suspect=suspect, new_row=new_row)
            measures = measures_of(state, p)
            outcomes = self._enforcer.evaluate(state.scopes[p], measures, self._book(p), moment)
            self._write_down(self.tests.told())
            self._take(p, outcomes)
            if state.arrays.alive[p] == 1:
                doze(state, p, self._enforcer.bands(state.scopes[p], measures, moment))

    def _complete_row(self) -> None:
        """Look at what became of models and episodes, and verify the trips of the day that has ended."""
        requests, lines = self.tests.complete_row()
        self._write_down(lines)
        if not self._computes:
            self.outputs.requests += requests
            return
        for request in requests:
            self._apply(compute(request))

    def _apply(self, result: TailResult | StressResult | VerificationResult) -> None:
        if isinstance(result, VerificationResult):
            self._write_down(self.tests.take(result))
        elif apply_result(self._state, result) and isinstance(result, StressResult):
            self.write(stress_audit(self._state, result))

    def _moment(self, p: int, n: int, cause: Wake, ts_event: int, *, suspect: bool, new_row: bool) -> Moment:
        state = self._state
        return Moment(
            n=n, ts=state.now_ns, cause=cause, suspect=suspect, ask_quoted=partial(is_scope_quoted, state, p),
            rows=state.window.rows_total, new_row=new_row, session=state.window.session,
            offsets=self.offsets.sorted, ask_digest=partial(input_digest, state, p), ts_event=ts_event,
        )  # fmt: skip

    def measures_and_moment(self, p: int, n: int, ts_event: int) -> tuple[Measures, Moment]:
        """Return what a command finds in a scope."""
        return measures_of(self._state, p), self._moment(p, n, "other", ts_event, suspect=False, new_row=False)

    def _hold_to(
        self, scope: str, n: int, work: Callable[[str, Measures, Callable[[], Book], Moment], list[Outcome]]
    ) -> None:
        p = self._state.scope_index[scope]
        measures, moment = self.measures_and_moment(p, n, self._state.now_ns)
        outcomes = work(scope, measures, self._book(p), moment)
        self._watch(p)
        self.tell_ladders()
        self._take(p, outcomes)
        self._state.arrays.woken[p] = 1

    def _watch(self, p: int) -> None:
        """Wake the scope at the levels that its limits have now."""
        arrays, path = self._state.arrays, self._state.scopes[p]
        arrays.wake[p, :] = self._enforcer.wake_levels(path)
        watch(self._state, p, arrays.wake[p])
        arrays.alive[p] = int(self._enforcer.alive(path))

    def _book(self, p: int) -> Callable[[], Book]:
        return partial(ScopeBook, self._state, p)

    def _take(self, p: int, outcomes: list[Outcome]) -> None:
        state, outputs = self._state, self.outputs
        for outcome in outcomes:
            outputs.decisions.append(outcome.decision)
            self.tests.note(p, outcome.decision)
            self.write(decision_audit(outcome.decision))
            if self.witness is not None:
                self.witness.see(state, p, outcome.decision)
            if self.series is not None:
                outputs.series += self.series.book(p, outcome.decision)
            for action in (outcome.enforced, outcome.shadow):
                if action is not None:
                    self.let_out(action)
        path = state.scopes[p]
        outputs.dirty.add(path)
        state.arrays.alive[p] = int(self._enforcer.alive(path))
        if state.arrays.dozing[p] == 1:
            rouse(state, p, self._enforcer.wake_levels(path))
        for above in state.path_of(p)[1:] if outcomes else ():
            seen = self.measures_and_moment(above, outcomes[-1].decision.inputs.n, state.now_ns)
            if settled := self._enforcer.settle(state.scopes[above], *seen, self._book(above)):
                self._take(above, settled)

    def let_out(self, action: Action, *, ts: int | None = None) -> None:
        """Publish an action; ts: when it leaves, where that is not the time of its decision."""
        is_enforced = action.effect is Effect.ENFORCED
        (self.outputs.actions if is_enforced else self.outputs.shadow).append(action)
        self.write(action_audit(action, "actions" if is_enforced else "shadow", ts=ts))
        if is_enforced:
            self.acks.arm(action.scope)

    def _write_down(self, lines: list[dict[str, object]]) -> None:
        """Write down what became of evidence, in order."""
        for line in lines:
            self.write(line)
            if "scope" in line:
                self.outputs.dirty.add(str(line["scope"]))

    def _flush_before(self) -> None:
        if self._rejections.is_over(self._state.now_ns):
            self.flush_rejections()
