"""Carries out commands on overrides, modes and approvals: at once or once a second person agrees, and to their end."""

from collections.abc import Collection
from functools import partial

from daemon.command_records import approval_audit, override_audit
from daemon.command_rules import Asking, CommandRules, Ruled, level_of
from daemon.limit_changes import LimitChanges
from daemon.looking import Looking
from daemon.mode_changes import ModeChanges
from daemon.summary import iso_time
from enforcement.approvals import Approvals, Request
from enforcement.enforcer import Enforcer
from enforcement.overrides import Override as InForce
from enforcement.overriding import is_kept_back, is_over_configured, pin_changes, restatement
from enforcement.reasons import ReasonCode
from enforcement.records import TradingState
from feeds.events import Approve, LimitsCommand, ModeCommand, Override, OverrideEnd
from risk.measuring import measures_of
from risk.portfolios import root_of
from risk.state import RiskState
from sensors.catalogue import Catalogue

EXPIRY, REMINDER, LAPSE = "override_expiry", "override_reminder", "approval_lapse"
TIMERS = (EXPIRY, REMINDER, LAPSE)  # what their names begin with, up to a bar and the id of the command


class Commands:
    """What waits and what is in force, of one shard; `rules` say what may be carried out at all."""

    def __init__(self, state: RiskState, looking: Looking, enforcer: Enforcer, catalogue: Catalogue) -> None:
        self._state, self._looking, self._enforcer = state, looking, enforcer
        self.approvals: Approvals[Asking] = Approvals()
        self.rules = CommandRules(state, enforcer, self.approvals, catalogue.known)
        self.limits = LimitChanges(state, looking, enforcer)
        self.modes = ModeChanges(state, looking, enforcer)
        self._scopes_held = 0  # scopes that were there when pins were last looked at

    def take(self, event: Ruled, n: int) -> None:
        """Carry out a command that was not refused, or have it wait for an approval; n: of its input."""
        match event:
            case Approve():
                request = self._close(event.approves, f"it was approved by {event.actor}", "approved", event.actor)
                self._act(request.command, event.actor, n)
            case OverrideEnd():
                if event.override_id in self.approvals.waiting:
                    self._close(event.override_id, f"it was withdrawn by {event.actor}", "withdrawn", event.actor)
                else:
                    self._end(event.override_id, f"it was ended by {event.actor}: {event.reason}", event.actor, n)
            case _ if self.rules.takes_two(event):
                self._ask(event)
            case _:
                self._act(event, None, n)

    def timer(self, name: str, n: int) -> None:
        """Carry out a timer of `TIMERS`."""
        kind, _, command_id = name.partition("|")
        match kind:
            case "override_expiry":
                self._end(command_id, "it expired", None, n)
            case "override_reminder":
                self._remind(self._enforcer.overrides.active[command_id], n)
            case _:
                self._close(command_id, "nobody approved it in time", "lapsed", None)

    def hold_new(self, n: int) -> None:
        """Hold scopes that have come into being at the state that an override of their path asks for."""
        scopes, first = self._state.scopes, self._scopes_held
        self._scopes_held = len(scopes)
        for scope in scopes[first:]:
            for override in self._enforcer.overrides.active.values():
                if override.restricts and override.covers(scope):
                    self._pin(scope, override, self._reason_of(override), n)

    def leave_root(self, root: str, n: int) -> None:
        """Hold the scopes of a root no longer: it lives in another shard, which has heard the same commands."""
        for scope in [each for each in self._state.scopes if root_of(each) == root]:
            for override in self._enforcer.overrides.active.values():
                if override.restricts and override.covers(scope):
                    self._pin(scope, override, f"{root} lives in another shard", n)

    def _ask(self, event: Asking) -> None:
        now_ns = self._state.now_ns
        lapses_ns = now_ns + self._state.config.control.approve_within
        if isinstance(event, Override):
            lapses_ns = min(lapses_ns, event.expires_at)
        request = Request(event.command_id, event.actor, event, now_ns, lapses_ns)
        self.approvals.ask(request)
        self._state.timers.arm(f"{LAPSE}|{event.command_id}", lapses_ns)
        self._looking.write(approval_audit(now_ns, "requested", request, event.actor))

    def _close(self, command_id: str, why: str, change: str, by: str | None) -> Request[Asking]:
        self._state.timers.cancel(f"{LAPSE}|{command_id}")
        request = self.approvals.close(command_id, why)
        self._looking.write(approval_audit(self._state.now_ns, change, request, by))
        return request

    def _act(self, event: Asking, approved_by: str | None, n: int) -> None:
        match event:
            case ModeCommand():
                self.modes.take(event, approved_by, n)
            case Override():
                self._begin(event, approved_by, n)
            case LimitsCommand():
                touched = self.limits.take(event, self.rules.limits_of(event), approved_by, n)
                why = f"it was overtaken by {event.command_id}, with which {event.actor} changed the limits"
                self.overtake(touched, why, event.actor)

    def overtake(self, touched: Collection[str], why: str, by: str) -> None:
        """Close what waits for an approval and was asked for while limits were others: nobody agrees to the old ones,
        or undoes by a list of yesterday what was tightened today. Timers of overrides that are over end, too.

        touched : ids of limits that are gone or are not what they were; by: who changed them
        """
        for command_id, request in list(self.approvals.waiting.items()):
            if isinstance(request.command, LimitsCommand) or request.command.limit in touched:
                self._close(command_id, why, "overtaken", by)
        for name in self._enforcer.overrides.ended:
            for kind in (EXPIRY, REMINDER):
                self._state.timers.cancel(f"{kind}|{name}")

    def disown(self, actors: Collection[str], why: str) -> None:
        """Close what waits for an approval and was asked for by people whose keys are not what they were."""
        for command_id, request in list(self.approvals.waiting.items()):
            if request.actor in actors:
                self._close(command_id, why, "overtaken", "riskd")

    def _begin(self, event: Override, approved_by: str | None, n: int) -> None:
        now_ns, limit = self._state.now_ns, self._enforcer.limit(event.limit or "")
        level = level_of(limit, event.level).name if event.kind == "limit_increase" and limit is not None else None
        state = None if event.state is None else TradingState(event.state)
        override = InForce(
            event.command_id, event.kind, event.scope, now_ns, event.expires_at, event.actor, event.reason, event.limit,
            level, event.value, state, approved_by, event.sig is not None,
        )  # fmt: skip
        self._enforcer.overrides.begin(override)
        length_ns = event.expires_at - now_ns
        self._state.timers.arm(f"{EXPIRY}|{override.id}", event.expires_at)
        reminder_ns = event.expires_at - min(self._state.config.control.overrides.reminder, length_ns // 2)
        self._state.timers.arm(f"{REMINDER}|{override.id}", reminder_ns)
        self._looking.write(override_audit(now_ns, "begun", override, event.actor))
        self._apply(override, self._reason_of(override), n)

    def _end(self, override_id: str, how: str, by: str | None, n: int) -> None:
        override = self._enforcer.overrides.end(override_id, how)
        for kind in (EXPIRY, REMINDER):
            self._state.timers.cancel(f"{kind}|{override_id}")
        change = "expired" if by is None else "ended"
        self._looking.write(override_audit(self._state.now_ns, change, override, by))
        self._apply(override, f"override {override_id} is over: {how}", n)

    def _remind(self, override: InForce, n: int) -> None:
        """Write down that an override ends soon, and what would act without it."""
        would_act = [scope for scope in self.rules.scopes_of(override.scope) if self._would_act(scope, override)]
        self._looking.write(override_audit(self._state.now_ns, "reminder", override, None, over_level_in=would_act))
        if override.kind == "limit_increase" or override.restricts:
            return
        for scope in self.rules.scopes_of(override.scope):
            self._restate(scope, override, f"override {override.id} ends at {iso_time(override.expires_ns)}", n)

    def _would_act(self, scope: str, override: InForce) -> bool:
        """Say whether a limit would act in the scope, or act again, if the override ended now."""
        if override.restricts:
            return False
        bounds = [each for each in self._enforcer.bound_limits(scope) if override.limit in (None, each.limit.id)]
        if override.kind == "limit_increase":
            measures = measures_of(self._state, self._state.scope_index[scope])
            return any(is_over_configured(bound, measures) for bound in bounds)
        kept_back = {bound.limit.id for bound in bounds if is_kept_back(override)(bound)}
        return any(active.limit in kept_back for active in self._enforcer.published(scope)[1].active)

    def _apply(self, override: InForce, reason: str, n: int) -> None:
        """Let the scopes of an override follow its beginning or its end."""
        self._enforcer.orders += 1
        for scope in self.rules.scopes_of(override.scope):
            if override.kind == "limit_increase":
                self._looking.rebind(scope, n=n)
            elif override.restricts:
                self._pin(scope, override, reason, n)
            else:
                self._restate(scope, override, reason, n)
        self._looking.look(n=n, cause="time", ts_event=self._state.now_ns)

    def _pin(self, scope: str, override: InForce, reason: str, n: int) -> None:
        change = partial(
            pin_changes, ladders=self._enforcer.ladders, overrides=self._enforcer.overrides, override_id=override.id,
            reason=reason,
        )  # fmt: skip
        self._looking.carry_out(scope, change, n=n)

    def _restate(self, scope: str, override: InForce, reason: str, n: int) -> None:
        change = partial(
            restatement, concerns=is_kept_back(override), code=ReasonCode.OPERATOR_OVERRIDE, reason=reason,
            override_id=override.id,
        )  # fmt: skip
        self._looking.carry_out(scope, change, n=n)

    @staticmethod
    def _reason_of(override: InForce) -> str:
        what = {
            "suppress": f"actions of {override.limit} are kept back",
            "pin_state": "nothing but hard limits acts here" if not override.restricts else f"held at {override.state}",
            "limit_increase": f"{override.limit} is held against {override.value}",
        }[override.kind]
        who = _both(override.actor, override.approved_by)
        return f"{what} until {iso_time(override.expires_ns)} by {who}: {override.reason}"


def _both(actor: str, approved_by: str | None) -> str:
    return actor if approved_by is None else f"{actor} and {approved_by}"
