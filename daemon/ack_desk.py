"""Brings acknowledgements, deadlines and outages to the follow-ups of the enforcer, and lets out what comes of them."""

from dataclasses import replace
from typing import Protocol

from config.acks import AcksConfig
from daemon.ack_books import CoreBooks
from daemon.ack_records import ack_audit, follow_up_audit
from daemon.ack_watch import AckWatch
from daemon.outputs import Outputs
from daemon.witness import Witness
from enforcement.acks import Standing
from enforcement.enforcer import Enforcer
from enforcement.follow_ups import OUTAGE, Ack
from enforcement.follow_words import FOLLOW_UP_LIMITS, FollowUp
from enforcement.moment import Moment
from enforcement.records import Action
from feeds import events
from risk.measures import Measures
from risk.portfolios import root_of
from risk.state import RiskState

TIMER = "ack"  # "ack|scope": the next deadline of an acknowledgement


class Bench(Protocol):
    """What lets things out, and knows the moment."""

    outputs: Outputs
    witness: Witness | None

    def measures_and_moment(self, p: int, n: int, ts_event: int) -> tuple[Measures, Moment]:
        """Return how a scope stands after input n."""
        ...

    def let_out(self, action: Action) -> None:
        """Publish an action."""
        ...

    def write(self, record: dict[str, object]) -> None:
        """Write a record into the audit."""
        ...


class AckDesk:
    """The acknowledgements of one shard; `watch` holds positions against what was applied."""

    def __init__(self, state: RiskState, enforcer: Enforcer, bench: Bench) -> None:
        self._state, self._enforcer, self._follow_ups, self._bench = state, enforcer, enforcer.follow_ups, bench
        self._books = CoreBooks(state)
        self.watch = AckWatch(state, self._books, enforcer.follow_ups.effects)

    def take(self, event: events.Ack, *, n: int) -> None:
        """Take in an acknowledgement, and what follows from it at once."""
        ack = Ack(event.action_id, event.consumer, event.result, event.residual)
        taken = self._follow_ups.take(ack, self._state.now_ns)
        if taken.standing is Standing.UNKNOWN and event.scope is not None:
            is_here = root_of(event.scope) in self._state.scope_index
            taken = taken if is_here else replace(taken, standing=Standing.ELSEWHERE)
        self._bench.outputs.acks.append(taken)
        self._bench.write(ack_audit(self._state.now_ns, taken))
        if taken.scope is not None:
            self.settle(taken.scope, n=n)

    def settle(self, scope: str, *, n: int) -> None:
        """Tell what is to be told of a scope now, and wait for its next deadline."""
        while (told := self._follow_ups.settle(scope, self._state.now_ns, self._books)) is not None:
            self._tell(told, n)
        self.arm(scope)

    def settle_touched(self, *, n: int) -> None:
        """Tell what positions and orders of this event contradict, and what conforms by them."""
        touched, self.watch.touched = self.watch.touched, []
        for scope in touched:
            self.settle(scope, n=n)

    def reinstate(self, event: events.Reinstate, *, n: int) -> None:
        """End what followed the scope's actions, or the part of it that the command names."""
        limits = FOLLOW_UP_LIMITS if event.limit is None else (event.limit,)
        self._follow_ups.reinstate(event.scope, limits, f"reinstated by {event.actor}: {event.reason}")
        self.settle(event.scope, n=n)

    def arm(self, scope: str) -> None:
        """Wait for the next deadline of a scope, where there is one."""
        due_ns = self._follow_ups.due_ns(scope)
        if due_ns is None:
            self._state.timers.cancel(f"{TIMER}|{scope}")
        else:
            self._state.timers.arm(f"{TIMER}|{scope}", max(due_ns, self._state.now_ns))

    def note_outage(self, *, is_over: bool, n: int) -> None:
        """Take in that nothing can pass to or from consumers, so that no deadline runs out, or that it can again."""
        if is_over:
            self.resume(OUTAGE, n=n)
            return
        self._follow_ups.suspended.add(OUTAGE)
        for scope in self._follow_ups.scopes:
            self.arm(scope)

    def configure(self, config: AcksConfig) -> None:
        """Go on with other settings."""
        self._follow_ups.configure(config)
        for scope in self._follow_ups.scopes:
            self.arm(scope)

    def resume(self, why: str, *, n: int) -> None:
        """Take in that acknowledgements can come again: everybody has the whole time from now on."""
        self._follow_ups.resume(why, self._state.now_ns)
        for scope in list(self._follow_ups.scopes):
            self.settle(scope, n=n)

    def _tell(self, told: FollowUp, n: int) -> None:
        p = self._state.scope_index[told.scope]
        action = self._enforcer.follow(told, *self._bench.measures_and_moment(p, n, self._state.now_ns))
        outputs = self._bench.outputs
        outputs.follow_ups.append(told)
        outputs.dirty.add(told.scope)
        self._bench.write(
            follow_up_audit(self._state.now_ns, told, action, self._follow_ups.effects.contradicted(told.scope))
        )
        if action is not None:
            self._bench.let_out(action)
            if self._bench.witness is not None:
                self._bench.witness.follow(self._state, p, action)
