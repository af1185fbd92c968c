"""Other limits for scopes that live, by command or by another configuration, and what each change costs."""

from collections.abc import Collection, Sequence
from functools import partial

from config.dump import decision_config_hash
from config.schema import Config, Limit
from daemon.command_records import limits_audit, override_audit
from daemon.looking import Looking
from daemon.takeover import Takeover, ruled_otherwise
from enforcement.enforcer import Enforcer
from enforcement.limits import BoundLimit
from enforcement.overriding import is_as_the_tree, restatement
from enforcement.reasons import ReasonCode
from enforcement.relimiting import retirements
from feeds.events import LimitsCommand
from risk.state import RiskState


class LimitChanges:
    """Keeps the configuration as commands and files have made it."""

    def __init__(self, state: RiskState, looking: Looking, enforcer: Enforcer) -> None:
        self._state, self._looking, self._enforcer = state, looking, enforcer
        self._config = state.config
        self._gone: dict[str, Limit] = {}  # as they were when they went: one that returns otherwise is another limit

    def take(self, event: LimitsCommand, after: Sequence[Limit], approved_by: str | None, n: int) -> set[str]:
        """Put the limits of a command in force in every scope; what breaches a lower level acts at once.

        Return the ids of those that are gone or are not what they were.
        """
        enforcer, now_ns = self._enforcer, self._state.now_ns
        before = enforcer.limits
        reason = f"limits changed by {event.actor}: {event.reason}"
        touched = {limit.id for limit in before if limit not in after}
        self._end_overrides(touched, event.actor, reason)
        hashes = (enforcer.config_hash, self.configure(self._config, after))
        self._looking.write(limits_audit(now_ns, event, before, after, hashes=hashes, approved_by=approved_by))
        self._bring(touched, n, reason)
        self._begin_anew(ruled_otherwise(before, after), before, after, n, reason)
        return touched

    def follow(self, before: Sequence[Limit], taken: Takeover, n: int, reason: str) -> set[str]:
        """Put the limits of a configuration in force that `configure` took in; return as `take` does."""
        touched = {*taken.removed, *taken.changed}
        self._end_overrides(touched, "riskd", reason)
        if tuple(before) != taken.limits:  # also in another order, which is that of evaluation
            self._bring(touched, n, reason)
        self._begin_anew(taken.restarts, before, taken.limits, n, reason)
        return touched

    def configure(self, config: Config, limits: Sequence[Limit]) -> str:
        """Go on with a configuration and these limits in the place of its own; return its hash."""
        enforcement = config.enforcement.model_copy(update={"limits": tuple(limits)})
        self._config = config.model_copy(update={"enforcement": enforcement})
        config_hash = decision_config_hash(self._config)
        self._enforcer.configure(limits, config_hash)
        self._enforcer.orders += 1
        return config_hash

    def _bring(self, touched: Collection[str], n: int, reason: str) -> None:
        """Hold every scope to the limits that are configured now."""
        for scope in list(self._state.scopes):
            wanted = self._enforcer.bound_to(scope)
            self._looking.carry_out(scope, partial(retirements, wanted=wanted, reason=reason), n=n)
            self._looking.relimit(scope, n=n)
            change = partial(
                restatement, concerns=partial(_is_touched, touched), code=ReasonCode.OPERATOR_LIMITS, reason=reason
            )
            self._looking.carry_out(scope, change, n=n)

    def _begin_anew(
        self, ids: Sequence[str], before: Sequence[Limit], after: Sequence[Limit], n: int, reason: str
    ) -> None:
        """Begin the evidence of these limits anew, and of those that return as other limits than they went."""
        kept = {limit.id for limit in after}
        returned = [limit for limit in after if limit.id in self._gone]
        others = ruled_otherwise([self._gone.pop(limit.id) for limit in returned], returned)
        self._gone |= {limit.id: limit for limit in before if limit.id not in kept}
        self._enforcer.ladders.reset((*ids, *others), self._state.now_ns, reason)
        self._looking.tell_ladders()
        if self._state.now_ns > 0:  # nothing is decided before the core knows the time
            self._looking.look(n=n, cause="time", ts_event=self._state.now_ns)

    def _end_overrides(self, touched: Collection[str], actor: str, reason: str) -> None:
        """End exceptions from limits that are not what they were: they were approved for others."""
        overrides = self._enforcer.overrides
        for override in [each for each in overrides.active.values() if each.limit in touched]:
            overrides.end(override.id, reason)
            self._looking.write(override_audit(self._state.now_ns, "ended", override, actor))


def _is_touched(touched: Collection[str], bound: BoundLimit) -> bool:
    return bound.limit.id in touched or is_as_the_tree(bound)
