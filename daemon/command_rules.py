"""Which commands on overrides, modes and approvals are refused, and which take two people; nothing is changed here."""

from collections.abc import Iterator

import msgspec

from config.control import OverrideConfig
from config.limit_list import LimitListError, loosened, merged, read_limits
from config.limit_rules import check_limit
from config.schema import Level, Limit
from config.sensor_facts import KnownSensors
from enforcement.approvals import Approvals
from enforcement.builtin import BUILTIN_IDS
from enforcement.enforcer import Enforcer
from enforcement.limits import level_at, matches
from feeds.events import Approve, LimitsCommand, ModeCommand, Override, OverrideEnd
from feeds.record import Rejection, RejectReason
from risk.portfolios import root_of
from risk.state import RiskState

Asking = Override | ModeCommand | LimitsCommand  # what may take two people
Ruled = Override | OverrideEnd | ModeCommand | LimitsCommand | Approve
_GLOB = "*?["


class CommandRules:
    """The checks that depend on limits, scopes, and on what is in force or waits; `at_ns`: core time of the command."""

    def __init__(self, state: RiskState, enforcer: Enforcer, approvals: Approvals[Asking], known: KnownSensors) -> None:
        self._state, self._enforcer, self._approvals, self._known = state, enforcer, approvals, known

    @property
    def _bounds(self) -> OverrideConfig:
        return self._state.config.control.overrides

    def refuse(self, event: Ruled, at_ns: int) -> Rejection | None:
        """Return why the command may not be carried out, or None."""
        match event:
            case Approve():
                return self._approve(event, at_ns)
            case OverrideEnd():
                return self._end(event, at_ns)
            case ModeCommand():
                return next(self._mode_faults(event), None) or self._unsigned(event)
            case Override():
                return next(self._override_faults(event, at_ns), None) or self._unsigned(event)
            case LimitsCommand():
                try:
                    self.limits_of(event)
                except LimitListError as error:
                    return Rejection(RejectReason.BAD_LIMITS, str(error))
                return self._unsigned(event)

    def takes_two(self, event: Asking) -> bool:
        """Say whether the command loosens so much that another person has to agree; it was not refused."""
        match event:
            case ModeCommand():
                return event.mode == "full"
            case LimitsCommand():
                return bool(loosened(self._enforcer.limits, self.limits_of(event)))
            case Override(kind="limit_increase"):
                limit = self._enforcer.limit(event.limit or "")
                assert limit is not None, f"override {event.command_id} was not checked"
                assert event.value is not None, f"override {event.command_id} was not checked"
                return event.value > level_of(limit, event.level).at
            case Override(kind="suppress"):
                return self._bounds.suppress_needs_approval
            case Override():
                return event.state == "ACTIVE"

    def limits_of(self, event: LimitsCommand) -> tuple[Limit, ...]:
        """Return the limits that there are after the command; raises LimitListError where it is no list of limits."""
        named = read_limits([msgspec.json.decode(each) for each in event.limits], self._known)
        return merged(self._enforcer.limits, named) if event.merge else named

    def is_in_use(self, command_id: str) -> bool:
        """Say whether a command waits for its approval, or is an override in force."""
        return command_id in self._approvals.waiting or command_id in self._enforcer.overrides.active

    def scopes_of(self, pattern: str) -> list[str]:
        """Return the scopes of this shard that are there and that a path or glob names."""
        left = self._enforcer.freshness.left
        return [scope for scope in self._state.scopes if matches(pattern, scope) and root_of(scope) not in left]

    def _approve(self, event: Approve, at_ns: int) -> Rejection | None:
        if event.sig is None:
            return Rejection(
                RejectReason.BAD_SIGNATURE, "an approval must be signed, also where allow_unsigned is true"
            )
        refused = self._approvals.refuse(event.approves, event.actor, at_ns)
        if refused is not None:
            reason = RejectReason.SAME_ACTOR if refused.is_own else RejectReason.UNKNOWN_COMMAND
            return Rejection(reason, refused.detail)
        return self.refuse(self._approvals.waiting[event.approves].command, at_ns)  # much may have changed since

    def _end(self, event: OverrideEnd, at_ns: int) -> Rejection | None:
        overrides, known = self._enforcer.overrides, event.override_id
        active, waiting = overrides.active.get(known), self._approvals.waiting.get(known)
        ends_ns = active.expires_ns if active is not None else waiting.lapses_ns if waiting is not None else at_ns
        if ends_ns > at_ns:  # timers that are due by then fire before the command, and after this check
            return None
        own = "its time is over" if active is not None or waiting is not None else "nobody asked for it of late"
        why = overrides.ended.get(known) or self._approvals.closed.get(known) or own
        return Rejection(RejectReason.UNKNOWN_COMMAND, f"no override {known!r} is in force or waits: {why}")

    def _unsigned(self, event: Asking) -> Rejection | None:
        if event.sig is not None or not self.takes_two(event):
            return None
        detail = "what takes two people must be signed by both, also where allow_unsigned is true"
        return Rejection(RejectReason.BAD_SIGNATURE, detail)

    def _mode_faults(self, event: ModeCommand) -> Iterator[Rejection]:
        if event.limit is not None:
            limit = self._enforcer.limit(event.limit)
            if limit is None:
                yield self._unknown_limit(event.limit)
            elif limit.hard:
                yield _out(f"hard limit {limit.id} acts in every mode")
            elif limit.pinned_shadow:
                yield _out(f"limit {limit.id} is pinned in shadow by the configuration")
        if event.scope is not None:
            yield from self._scope_faults(event.scope, event.limit)

    def _override_faults(self, event: Override, at_ns: int) -> Iterator[Rejection]:
        yield from _field_faults(event)
        if event.limit is not None:
            limit = self._enforcer.limit(event.limit)
            if limit is None:
                yield self._unknown_limit(event.limit)
            else:
                yield from self._limit_faults(event, limit)
        yield from self._scope_faults(event.scope, event.limit)
        if event.expires_at <= at_ns:
            yield _out(f"expires_at must be after core time {at_ns}, got {event.expires_at}")
        longest_ns = self._bounds.length_max
        if event.expires_at - at_ns > longest_ns:
            yield _out(f"an override may last {longest_ns} ns at most, got {event.expires_at - at_ns} ns to expires_at")

    def _limit_faults(self, event: Override, limit: Limit) -> Iterator[Rejection]:
        if event.kind == "suppress":
            if limit.hard:
                yield _out(f"hard limit {limit.id} may not be suppressed")
            return
        names = [level.name for level in limit.levels]
        if event.level not in (names if len(names) > 1 else [None, *names]):
            yield _out(f"level must be one of {', '.join(names)} of limit {limit.id}, got {event.level!r}")
            return
        level, value = level_of(limit, event.level), event.value
        assert value is not None, "its absence is a fault of its own"
        if value == level.at:
            yield _out(f"value must be another than the level of {limit.id}, {level.at:g}, got {value:g}")
        most = self._bounds.hard_increase_max * level.at
        if limit.hard and value > most:
            yield _out(f"hard limit {limit.id} may be raised to {most:g} at most, got {value:g}")
        changed = limit.model_copy(update={"levels": (level_at(level, value),)})
        for _, message in check_limit(changed, self._known):
            yield _out(f"limit {limit.id}: {message}")

    def _scope_faults(self, scope: str, limit: str | None) -> Iterator[Rejection]:
        covered = self.scopes_of(scope)
        if not covered:
            what = "portfolio matches" if any(each in scope for each in _GLOB) else "portfolio is called"
            yield Rejection(RejectReason.UNKNOWN_PORTFOLIO, f"no {what} {scope!r}")
        known = None if limit is None else self._enforcer.limit(limit)
        if known is not None and not any(matches(known.scope, each) for each in covered):
            detail = f"limit {limit} is on {known.scope}, which is no portfolio of {scope!r}"
            yield Rejection(RejectReason.UNKNOWN_PORTFOLIO, detail)

    @staticmethod
    def _unknown_limit(name: str) -> Rejection:
        if name in BUILTIN_IDS:
            return _out(f"limit {name} is built in: no command changes it")
        return Rejection(RejectReason.UNKNOWN_LIMIT, f"no limit {name!r} is configured")


def _field_faults(event: Override) -> Iterator[Rejection]:
    """Yield fields that the kind needs and has not, and those that are of another kind."""
    needed = {"limit_increase": ("limit", "value"), "suppress": ("limit",), "pin_state": ("state",)}[event.kind]
    allowed = (*needed, "level") if event.kind == "limit_increase" else needed
    for name in ("limit", "level", "value", "state"):
        if name in needed and getattr(event, name) is None:
            yield Rejection(RejectReason.MISSING_FIELD, f"{name} is required of an override {event.kind}")
        if name not in allowed and getattr(event, name) is not None:
            yield _out(f"{name} does not belong to an override {event.kind}, got {getattr(event, name)!r}")


def level_of(limit: Limit, name: str | None) -> Level:
    """Return the level that a command means: without a name the only one."""
    return limit.levels[0] if name is None else next(each for each in limit.levels if each.name == name)


def _out(detail: str) -> Rejection:
    return Rejection(RejectReason.OUT_OF_BOUNDS, detail)
