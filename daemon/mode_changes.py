"""Carries out changes of modes, by command or by another configuration: who is told, never what is decided."""

from collections.abc import Callable, Collection
from functools import partial

from config.schema import Mode
from daemon.command_records import mode_audit
from daemon.looking import Looking
from enforcement.enforcer import Enforcer
from enforcement.limits import matches, may_match_below
from enforcement.modes import ModeOrder
from enforcement.overriding import is_as_the_tree, is_of_mode, restatement
from enforcement.reasons import ReasonCode
from feeds.events import ModeCommand
from risk.state import RiskState


class ModeChanges:
    """Turns the modes of living scopes, and has them say anew what acts."""

    def __init__(self, state: RiskState, looking: Looking, enforcer: Enforcer) -> None:
        self._state, self._looking, self._enforcer = state, looking, enforcer

    def take(self, event: ModeCommand, approved_by: str | None, n: int) -> None:
        """Carry out a command."""
        order = ModeOrder(event.mode, event.limit, event.scope, event.command_id)
        who = event.actor if approved_by is None else f"{event.actor} and {approved_by}"
        reason = f"mode {event.mode} by {who}: {event.reason}"
        self._turn(
            order, lambda: self._enforcer.modes.take(order), n,
            actor=event.actor, approved_by=approved_by, told=event.reason, reason=reason,
        )  # fmt: skip

    def follow(self, mode: Mode, limits: Collection[str], n: int, reason: str) -> None:
        """Go on with the mode of a configuration.

        limits : ids of those whose own mode it has changed
        """
        modes = self._enforcer.modes
        if mode != modes.configured or modes.replaced_by(mode, limits):
            order = ModeOrder(mode, None, None, "")
            self._turn(
                order, lambda: modes.configure(mode, limits), n,
                actor="riskd", approved_by=None, told=reason, reason=reason,
            )  # fmt: skip

    def _turn(
        self, order: ModeOrder, change: Callable[[], tuple[ModeOrder, ...]], n: int, *, actor: str,
        approved_by: str | None, told: str, reason: str,
    ) -> None:  # fmt: skip
        enforcer, now_ns = self._enforcer, self._state.now_ns
        before = enforcer.ladders.climbing()
        replaced = change()
        enforcer.orders += 1
        after = enforcer.ladders.climbing()
        turned = [(*unit, climbs) for unit, climbs in after.items() if before[unit] != climbs]
        enforcer.ladders.turn_mode(now_ns)
        self._looking.write(
            mode_audit(now_ns, order, replaced, actor=actor, approved_by=approved_by, reason=told, turned=turned)
        )
        for scope in list(self._state.scopes):
            if order.scope is None or matches(order.scope, scope):
                concerns = is_of_mode(order.limit)
            elif "/" not in scope and may_match_below(order.scope, scope):
                concerns = is_as_the_tree  # what is built in acts where anything under the root does
            else:
                continue
            change_of_scope = partial(restatement, concerns=concerns, code=ReasonCode.OPERATOR_MODE, reason=reason)
            self._looking.carry_out(scope, change_of_scope, n=n)
