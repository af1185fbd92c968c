"""Carries out the command `limits`: other limits for scopes that live, with what each change costs in evidence."""

from collections.abc import Sequence
from functools import partial

from config.dump import decision_config_hash
from config.schema import Limit
from daemon.command_records import limits_audit, override_audit
from daemon.looking import Looking
from enforcement.enforcer import Enforcer
from enforcement.limits import BoundLimit
from enforcement.overriding import is_as_the_tree, restatement
from enforcement.reasons import ReasonCode
from enforcement.relimiting import retirements
from feeds.events import LimitsCommand
from risk.state import RiskState

# A mode is no rule of the number: it changes who is told, not what the evidence is about.
_NO_RULE: dict[str, object] = {"mode": None, "rule_name": None}


class LimitChanges:
    """Keeps the configuration as the commands have made it; that of the journal's beginning stays what it was."""

    def __init__(self, state: RiskState, looking: Looking, enforcer: Enforcer) -> None:
        self._state, self._looking, self._enforcer = state, looking, enforcer
        self._config = state.config

    def take(self, event: LimitsCommand, after: Sequence[Limit], approved_by: str | None, n: int) -> set[str]:
        """Put the limits in force in every scope; what breaches a lower level acts at once.

        Return the ids of those that are gone or are not what they were.
        """
        enforcer, now_ns = self._enforcer, self._state.now_ns
        before = enforcer.limits
        reason = f"limits changed by {event.actor}: {event.reason}"
        touched = {limit.id for limit in before if limit not in after}
        self._end_overrides(touched, event.actor, reason)
        hashes = (enforcer.config_hash, self._configure(after))
        enforcer.orders += 1
        self._looking.write(limits_audit(now_ns, event, before, after, hashes=hashes, approved_by=approved_by))
        for scope in list(self._state.scopes):
            wanted = enforcer.bound_to(scope)
            self._looking.carry_out(scope, partial(retirements, wanted=wanted, reason=reason), n=n)
            self._looking.relimit(scope, n=n)
            change = partial(
                restatement, concerns=partial(_is_touched, touched), code=ReasonCode.OPERATOR_LIMITS, reason=reason
            )
            self._looking.carry_out(scope, change, n=n)
        enforcer.ladders.reset(_ruled_otherwise(before, after), now_ns, reason)
        self._looking.tell_ladders()
        self._looking.look(n=n, cause="time", ts_event=now_ns)
        return touched

    def _configure(self, limits: Sequence[Limit]) -> str:
        """Take the limits into the configuration; return its hash."""
        enforcement = self._config.enforcement.model_copy(update={"limits": tuple(limits)})
        self._config = self._config.model_copy(update={"enforcement": enforcement})
        config_hash = decision_config_hash(self._config)
        self._enforcer.configure(limits, config_hash)
        return config_hash

    def _end_overrides(self, touched: set[str], actor: str, reason: str) -> None:
        """End exceptions from limits that are not what they were: they were approved for others."""
        overrides = self._enforcer.overrides
        for override in [each for each in overrides.active.values() if each.limit in touched]:
            overrides.end(override.id, reason)
            self._looking.write(override_audit(self._state.now_ns, "ended", override, actor))


def _is_touched(touched: set[str], bound: BoundLimit) -> bool:
    return bound.limit.id in touched or is_as_the_tree(bound)


def _ruled_otherwise(before: Sequence[Limit], after: Sequence[Limit]) -> list[str]:
    """Return the ids of limits whose evidence begins anew: those that speak of another thing now."""
    old = {limit.id: limit.model_copy(update=_NO_RULE) for limit in before}
    return [limit.id for limit in after if limit.id in old and old[limit.id] != limit.model_copy(update=_NO_RULE)]
