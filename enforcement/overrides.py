"""Exceptions that operators made for a time: another level, an action kept back, a state that is held."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from config.schema import Limit
from enforcement.builtin import BUILTIN_IDS
from enforcement.limits import matches
from enforcement.records import TradingState

OverrideKind = Literal["limit_increase", "suppress", "pin_state"]
ENDED_MAX = 1_000  # overrides of which it is remembered how they ended, the last ones
KINDS: tuple[OverrideKind, ...] = ("limit_increase", "suppress", "pin_state")


@dataclass(frozen=True, slots=True)
class Override:
    """One exception; its id is the command's that asked for it.

    scope       : a path or a glob; a parent's exception is the parent's own, and a state that it holds holds below it
    began_ns    : core time at which it came into force; it ends at expires_ns
    limit, level, value : of a limit_increase, `value` in the metric's unit; of a suppress the limit alone
    state       : of a pin_state
    approved_by : the second person, None where none was needed; is_signed: the first one signed
    """

    id: str
    kind: OverrideKind
    scope: str
    began_ns: int
    expires_ns: int
    actor: str
    reason: str
    limit: str | None = None
    level: str | None = None
    value: float | None = None
    state: TradingState | None = None
    approved_by: str | None = None
    is_signed: bool = True

    def covers(self, scope: str) -> bool:
        """Say whether the scope is one of its own."""
        return matches(self.scope, scope)

    @property
    def restricts(self) -> bool:
        """Whether it holds a scope at a state that restricts."""
        return self.kind == "pin_state" and self.state is not TradingState.ACTIVE


class Overrides:
    """All that are in force, by id, in the order in which they began; `ended`: how those before them ended.

    left : roots that live in another shard, which has overrides of its own
    """

    def __init__(self) -> None:
        self.left: set[str] = set()
        self.active: dict[str, Override] = {}
        self.ended: dict[str, str] = {}

    def begin(self, override: Override) -> None:
        """Put an override in force."""
        assert override.id not in self.active, f"override {override.id} is in force already"
        self.active[override.id] = override

    def end(self, override_id: str, how: str) -> Override:
        """Put it out of force; `how` in words, such as "it expired"."""
        self.ended[override_id] = how
        if len(self.ended) > ENDED_MAX:
            del self.ended[next(iter(self.ended))]
        return self.active.pop(override_id)

    def level_override(self, limit: Limit, level: str, scope: str) -> Override | None:
        """Return what replaces a level in a scope: the lowest of those under the configured level, else the latest.

        What tightens is never undone by what loosens: it has to be ended by its own name.
        """
        found = [each for each in self._of("limit_increase", scope) if (each.limit, each.level) == (limit.id, level)]
        configured = next(each.at for each in limit.levels if each.name == level)
        tighter = [each for each in found if _value(each) < configured]
        if tighter:
            return min(tighter, key=_value)
        return found[-1] if found else None

    def suppression(self, limit: Limit, scope: str) -> Override | None:
        """Return what keeps back the actions of a limit in a scope; those of hard and built-in limits nothing does."""
        if limit.hard or limit.id in BUILTIN_IDS or not self.active:
            return None
        named = [each for each in self._of("suppress", scope) if each.limit == limit.id]
        pinned = [each for each in self._of("pin_state", scope) if not each.restricts]
        found = named or pinned
        return found[-1] if found else None

    def pin(self, state: TradingState, scope: str) -> Override | None:
        """Return the override that holds the scope itself at a state for longest, None where none does."""
        found = [each for each in self._of("pin_state", scope) if each.state is state]
        return max(found, key=lambda each: each.expires_ns, default=None)

    def _of(self, kind: OverrideKind, scope: str) -> Iterator[Override]:
        if scope.split("/", 1)[0] in self.left:
            return iter(())
        return (each for each in self.active.values() if each.kind == kind and each.covers(scope))


def _value(override: Override) -> float:
    assert override.value is not None, f"override {override.id} is of a level and has no value"
    return override.value
