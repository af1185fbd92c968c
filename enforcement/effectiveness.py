"""Whether actions that consumers say they applied have their effect: what contradicts them, and what that asks for."""

from collections.abc import Iterator

from config.acks import AcksConfig
from enforcement.contradictions import Books, Due, Moved, Ordered, Watch, due_of, restricts
from enforcement.follow_words import ENFORCEMENT_EFFECTIVE, FOLLOW_UP_LIMITS, LEVEL, FollowUp, FollowUpKind
from enforcement.merge import Demand
from enforcement.moment import OpenTime
from enforcement.reasons import ReasonCode
from enforcement.records import Action, HaltParams, NoParams

Told = tuple[tuple[str, str, str], bool]  # what a contradiction is of, and whether it is grave

_NAMED_MAX = 3


class Effectiveness:
    """The watched scopes of one shard: those that a record restricts which every consumer says it has applied."""

    def __init__(self, config: AcksConfig, opens: OpenTime) -> None:
        self._config, self._opens = config, opens
        self._watches: dict[str, Watch] = {}
        self._since: dict[str, int] = {}  # of scopes that positions contradict, core time
        self._told: dict[str, frozenset[Told]] = {}  # contradictions that were told, by scope
        self._grave: set[str] = set()  # scopes of which one was more than a missed share that hurts nobody

    def configure(self, config: AcksConfig) -> None:
        """Go on with other settings."""
        self._config = config

    def watched(self, root: str) -> Iterator[str]:
        """Yield the scopes of a root that are watched."""
        return (scope for scope in self._watches if scope.split("/", 1)[0] == root)

    def contradicted(self, scope: str) -> tuple[str, ...]:
        """Return what contradicts the scope's actions, in words."""
        watch = self._watches.get(scope)
        return () if watch is None else tuple(each.text for each in watch.found.values())

    def publish(self, action: Action) -> None:
        """Take in an action by a decision: what it does not ask for any more is not watched any more."""
        watch = self._watches.get(action.scope)
        if watch is None:
            return
        watch.is_over = not restricts(action, FOLLOW_UP_LIMITS)
        watch.forgive(action.scope, Due() if watch.is_over else due_of(action))
        if watch.is_over and not watch.found and action.scope not in self._since:  # else `settle` tells the end first
            del self._watches[action.scope]

    def acknowledge(self, action: Action, now_ns: int) -> None:
        """Take in that everybody who has to says that a record is applied; a second word of it changes nothing."""
        watch = self._watches.get(action.scope)
        if (watch is not None and watch.action_id == action.action_id) or not restricts(action, FOLLOW_UP_LIMITS):
            return
        if watch is None or watch.is_over:
            found = {} if watch is None else watch.found
            watch = Watch(now_ns, now_ns + self._config.grace, action.action_id, found=found)
            self._watches[action.scope] = watch
        watch.action_id, watch.due, watch.is_patient = action.action_id, due_of(action), True
        watch.due_ns = self._due_ns(action.scope, now_ns) if watch.due.is_any else 0

    def judge(self, event: Moved | Ordered, now_ns: int) -> None:
        """Take in what happened in a book, for every watched scope above it."""
        for scope, watch in self._watches.items():
            if not watch.is_over and (event.book == scope or event.book.startswith(f"{scope}/")):
                watch.judge(event, now_ns)

    def settle(self, scope: str, now_ns: int, books: Books) -> FollowUp | None:
        """Return what is to be told now: contradictions that are new, or that there are none any more."""
        watch = self._watches.get(scope)
        if watch is None:
            return None
        if 0 < watch.due_ns <= now_ns:
            watch.meet(scope, books)
            watch.due_ns = 0 if watch.is_patient else self._due_ns(scope, now_ns)
        watch.conform(scope.split("/", 1)[0], books)
        told = self._told.get(scope, frozenset())
        self._told[scope] = found = frozenset((key, each.is_grave) for key, each in watch.found.items())
        if found - told:
            self._since.setdefault(scope, now_ns)
            if any(each.is_grave for each in watch.found.values()):
                self._grave.add(scope)
            return FollowUp(
                "ineffective", scope, watch.action_id, self._words(watch), ReasonCode.ENFORCEMENT_INEFFECTIVE
            )
        if told and not watch.found:
            return self._end(scope, watch, "conforms", "positions and orders conform again", None)
        return None

    def reinstate(self, scope: str, reason: str) -> FollowUp | None:
        """End what positions contradict, because a person says so; None where nothing does."""
        watch = self._watches.get(scope)
        if watch is None or scope not in self._since:
            return None
        watch.found.clear()
        watch.due_ns = 0
        self._told[scope] = frozenset()
        return self._end(scope, watch, "reinstated", reason, ReasonCode.OPERATOR_REINSTATE)

    def demands(self, scope: str) -> list[Demand]:
        """Return what contradictions ask for."""
        since_ns = self._since.get(scope)
        if since_ns is None:
            return []
        if self._config.on_ineffective == "warn" or scope not in self._grave:
            return [Demand(ENFORCEMENT_EFFECTIVE, LEVEL, since_ns, "warn", NoParams())]
        return [Demand(ENFORCEMENT_EFFECTIVE, LEVEL, since_ns, "halt", HaltParams("increasing", flatten=False))]

    def due_ns(self, scope: str) -> int | None:
        """Return when a scope has to be settled: its targets have to be met, or an end is to be told (0: at once)."""
        watch = self._watches.get(scope)
        if watch is None:
            return None
        return 0 if scope in self._since and not watch.found else watch.due_ns or None

    def _end(self, scope: str, watch: Watch, kind: FollowUpKind, reason: str, code: ReasonCode | None) -> FollowUp:
        del self._since[scope]
        self._grave.discard(scope)
        if watch.is_over:
            del self._watches[scope]
        return FollowUp(kind, scope, watch.action_id, reason, code, is_loud=False)

    def _due_ns(self, scope: str, now_ns: int) -> int:
        return self._opens.advance(scope, now_ns, self._config.targets_within)

    @staticmethod
    def _words(watch: Watch) -> str:
        texts = [each.text for each in watch.found.values()]
        more = f" and {len(texts) - _NAMED_MAX} more" if len(texts) > _NAMED_MAX else ""
        return f"applied, and contradicted: {'; '.join(texts[-_NAMED_MAX:])}{more}"
