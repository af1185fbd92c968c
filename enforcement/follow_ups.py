"""What follows an enforced action: acknowledgements that stay away, and positions that contradict them.

It stands behind the publisher: decisions are the same in every mode, and what was published is not.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from config.acks import AcksConfig
from config.schema import ActionType
from enforcement.acks import Owed, Result, Said, ScopeAcks, Standing
from enforcement.contradictions import Books
from enforcement.effectiveness import Effectiveness
from enforcement.follow_words import ACTION_ACKNOWLEDGED, ENFORCEMENT_EFFECTIVE, LEVEL, FollowUp, FollowUpKind
from enforcement.limits import matches
from enforcement.merge import Demand, merge, severity
from enforcement.moment import OpenTime
from enforcement.reasons import ReasonCode
from enforcement.records import Action, HaltParams, Params, ReduceParams

CATCH_UP, OUTAGE = "catch_up", "outage"  # while nobody can acknowledge
REMEMBERED_MAX = 64  # ids of a scope; an acknowledgement of an older action is of an unknown one

Why = Literal["silent", "refused", "partial"]
_ASKS = ("throttle", "reduce_position", "halt")


@dataclass(frozen=True, slots=True)
class Ack:
    """What a consumer says of an action."""

    action_id: str
    consumer: str
    result: Result
    residual: float | None = None


@dataclass(frozen=True, slots=True)
class AckTaken:
    """What became of an acknowledgement; `scope` and `latency_ns` (from its action to it, core time) where known."""

    ack: Ack
    standing: Standing
    scope: str | None
    latency_ns: int | None


@dataclass(slots=True)
class Missing:
    """An acknowledgement that is missing: since when, why, and when that was told last."""

    since_ns: int
    why: Why
    told_ns: int
    is_stepped: bool


@dataclass(slots=True)
class Followed:
    """One scope: base is its last action by a decision, last its last of any kind."""

    acks: ScopeAcks = field(default_factory=ScopeAcks)
    base: Action | None = None
    last: Action | None = None
    missing: Missing | None = None
    untold: FollowUp | None = None  # of a reinstatement
    count: int = 0  # follow-ups so far: part of their ids
    remembered: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_MAX))


class FollowUps:
    """Every scope of one shard.

    effects   : of what consumers say they have applied
    suspended : reasons for which nobody can acknowledge now: nothing is missing before all of them have ended
    """

    def __init__(self, config: AcksConfig, opens: OpenTime) -> None:
        self._config, self._opens = config, opens
        self._scopes: dict[str, Followed] = {}
        self._asked: dict[str, tuple[str, int]] = {}  # scope and time of each remembered action, by its id
        self._names: dict[str, tuple[str, ...]] = {}
        self._heard: set[str] = set()  # roots in which an acknowledgement has counted
        self.suspended: set[str] = set()
        self.effects = Effectiveness(config, opens)

    def configure(self, config: AcksConfig) -> None:
        """Go on with other settings; deadlines that run stay what consumers were told."""
        self._config = config
        self._names.clear()
        self.effects.configure(config)

    @property
    def scopes(self) -> Iterable[str]:
        """Scopes of which an action was published, in the order in which that happened first."""
        return self._scopes

    def names_for(self, scope: str) -> tuple[str, ...]:
        """Return the consumers that have to acknowledge actions of the scope; none: any will do."""
        if scope not in self._names:
            found = (each.names for each in self._config.consumers if matches(each.scope, scope))
            self._names[scope] = next(found, ())
        return self._names[scope]

    def ack_by(self, kind: ActionType, asked_ns: int) -> int | None:
        """Return when an enforced action of this type has to be acknowledged, None where it need not be."""
        return asked_ns + self._config.within if kind in _ASKS else None

    def publish(self, action: Action, *, asked_ns: int, is_follow_up: bool) -> None:
        """Take in an action that was published as enforced."""
        followed = self._scopes.setdefault(action.scope, Followed())
        followed.acks.publish(action.action_id, asked_ns=asked_ns, due_ns=action.ack_by)
        if len(followed.remembered) == REMEMBERED_MAX:
            del self._asked[followed.remembered[0]]
        followed.remembered.append(action.action_id)
        self._asked[action.action_id] = (action.scope, asked_ns)
        followed.last = action
        if is_follow_up:
            followed.count += 1
        else:
            followed.base = action
            self.effects.publish(action)
            if action.type not in _ASKS:
                followed.missing = None

    def demands(self, scope: str, demands: list[Demand], *, may_exceed: bool) -> list[Demand]:
        """Return what follows asks for beside the scope's own enforced demands.

        may_exceed : one of them is of a limit in FULL, so that more than a throttle may be asked for
        """
        followed, asked = self._scopes.get(scope), self.effects.demands(scope)
        if followed is None or followed.missing is None or not followed.missing.is_stepped or not may_exceed:
            return asked
        stepped = self._stepped(merge(demands).type)
        if stepped is None:
            return asked
        return [Demand(ACTION_ACKNOWLEDGED, LEVEL, followed.missing.since_ns, *stepped), *asked]

    def take(self, ack: Ack, now_ns: int) -> AckTaken:
        """Take in an acknowledgement at core time `now_ns`; whatever it says, it is a value and no error."""
        found = self._asked.get(ack.action_id)
        if found is None:
            return AckTaken(ack, Standing.UNKNOWN, None, None)
        scope, asked_ns = found
        due_ns = 0
        if ack.result == "partial":
            due_ns = self._opens.advance(scope, now_ns, self._config.partial_within)
        said = Said(ack.result, ack.residual, due_ns)
        standing = self._scopes[scope].acks.take(ack.action_id, ack.consumer, said, self.names_for(scope))
        if standing in (Standing.COUNTS, Standing.SUPERSEDED):
            self._heard.add(_root(scope))
        return AckTaken(ack, standing, scope, now_ns - asked_ns)

    def settle(self, scope: str, now_ns: int, books: Books) -> FollowUp | None:
        """Return what is to be told of the scope now, None where nothing is; there may be more to tell after it."""
        followed = self._scopes.get(scope)
        if followed is None or followed.base is None or CATCH_UP in self.suspended:
            return None
        if followed.untold is not None:
            told, followed.untold = followed.untold, None
            return told
        owed = followed.acks.owed(self.names_for(scope))
        if owed.is_applied and followed.last is not None:
            self.effects.acknowledge(followed.last, now_ns)
        if (changed := self.effects.settle(scope, now_ns, books)) is not None:
            return changed
        return None if self.suspended else self._settle_acks(scope, followed, owed, now_ns)

    def _settle_acks(self, scope: str, followed: Followed, owed: Owed, now_ns: int) -> FollowUp | None:
        """Return whether an acknowledgement is missing, still is, or has come."""
        missing = followed.missing
        assert followed.base is not None, f"no action of {scope} was published"
        is_late = owed.due_ns is not None and owed.due_ns <= now_ns
        if missing is None:
            if not (owed.refusers or is_late):
                return None
            why: Why = "refused" if owed.refusers else "partial" if owed.is_met else "silent"
            followed.missing = Missing(now_ns, why, now_ns, self._is_stepping(scope))
            return self._missing(scope, followed, owed, now_ns, "missing")
        if owed.is_applied or (missing.why == "silent" and owed.is_met and not is_late):
            followed.missing = None
            reason = f"acknowledged: {followed.base.reason}"
            return FollowUp(
                "acknowledged", scope, followed.acks.newest, reason, None,
                requires_ack=not owed.is_applied, is_loud=False,
            )  # fmt: skip
        if self._repeats_at(scope, missing) is not None and now_ns >= missing.told_ns + self._config.repeat_every:
            missing.told_ns = now_ns
            return self._missing(scope, followed, owed, now_ns, "repeat")
        return None

    def reinstate(self, scope: str, limits: Sequence[str], reason: str) -> None:
        """End what these of FOLLOW_UP_LIMITS ask for, because a person says so; `settle` tells it."""
        followed = self._scopes.get(scope)
        if followed is None:
            return
        if ENFORCEMENT_EFFECTIVE in limits:
            followed.untold = self.effects.reinstate(scope, reason) or followed.untold
        if ACTION_ACKNOWLEDGED in limits and followed.missing is not None:
            followed.missing = None
            followed.acks.awaited.clear()
            code = ReasonCode.OPERATOR_REINSTATE
            followed.untold = FollowUp(
                "reinstated", scope, followed.acks.newest, reason, code, requires_ack=False, is_loud=False
            )

    def due_ns(self, scope: str) -> int | None:
        """Return when the scope has to be settled without any input, None where it need not be."""
        followed = self._scopes.get(scope)
        if followed is None or CATCH_UP in self.suspended:
            return None
        dues = [self.effects.due_ns(scope)]
        if not self.suspended:
            owed = followed.acks.owed(self.names_for(scope))
            dues.append(self._repeats_at(scope, followed.missing) if followed.missing is not None else owed.due_ns)
        return min((due for due in dues if due is not None), default=None)

    def resume(self, why: str, now_ns: int) -> None:
        """End a reason for which nobody could acknowledge: everybody has the whole time from now on."""
        self.suspended.discard(why)
        for followed in self._scopes.values():
            followed.acks.postpone(now_ns + self._config.within)

    def base(self, scope: str) -> Action:
        """Return the scope's last action by a decision; there is one."""
        base = self._scopes[scope].base
        assert base is not None, f"no action of {scope} was published"
        return base

    def count(self, scope: str) -> int:
        """Return how many follow-ups of the scope there were."""
        return self._scopes[scope].count

    def followed(self, scope: str) -> Followed:
        """Return how a scope stands of which an action was published."""
        return self._scopes[scope]

    def awaiting(self) -> list[str]:
        """Return the scopes whose last action asks for an acknowledgement, or is contradicted."""
        return [
            scope
            for scope, followed in self._scopes.items()
            if followed.acks.awaited or self.effects.contradicted(scope)
        ]

    def _missing(self, scope: str, followed: Followed, owed: Owed, now_ns: int, kind: FollowUpKind) -> FollowUp:
        assert followed.missing is not None, f"no acknowledgement of {scope} is missing"
        assert followed.base is not None, f"no action of {scope} was published"
        who = ", ".join(owed.owing) or "anybody"
        late_s = (now_ns - followed.missing.since_ns) / 10**9
        match followed.missing.why:
            case "refused":
                text = f"refused by {', '.join(owed.refusers)}" if owed.refusers else "refused"
            case "partial":
                text = f"only partly carried out by {who} for too long"
            case "silent":
                text = f"not acknowledged by {who} in time"
        since = f" for {late_s:g} s" if kind == "repeat" else ""
        reason = f"{text}{since}: {followed.base.reason}"
        return FollowUp(kind, scope, followed.acks.newest, reason, ReasonCode.ACK_MISSING, owed.owing)

    def _is_stepping(self, scope: str) -> bool:
        """Say whether a missing acknowledgement tightens: where a consumer is named, or was ever heard of."""
        return self._config.on_missing != "warn" and self._is_expected(scope)

    def _is_expected(self, scope: str) -> bool:
        return bool(self.names_for(scope)) or _root(scope) in self._heard

    def _repeats_at(self, scope: str, missing: Missing) -> int | None:
        return missing.told_ns + self._config.repeat_every if self._is_expected(scope) else None

    def _stepped(self, kind: ActionType) -> tuple[ActionType, Params] | None:
        """Return what a missing acknowledgement of this type asks for; a halt has nothing above it."""
        if severity(kind) < severity("throttle"):
            return None
        if kind == "throttle" and self._config.on_missing == "escalate":
            return "reduce_position", ReduceParams(())
        return "halt", HaltParams("increasing" if kind != "halt" else "none", flatten=False)


def _root(scope: str) -> str:
    return scope.split("/", 1)[0]
