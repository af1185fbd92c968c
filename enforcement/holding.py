"""What a catch-up keeps back: of each scope only the final state leaves, so that nobody acts on an old order."""

from dataclasses import dataclass

from enforcement.effects import Standing
from enforcement.merge import Merged
from enforcement.records import Decision, Effect


@dataclass(frozen=True, slots=True)
class Held:
    """What one topic is to be told of one scope.

    before   : what the topic holds of the scope
    merged   : what it will hold; the last decision that changed it, and what that limit may do
    """

    effect: Effect
    before: Merged
    merged: Merged
    decision: Decision
    standing: Standing


class Holding:
    """Keeps the newest state by topic and scope while `is_on`."""

    def __init__(self) -> None:
        self.is_on = False
        self._held: dict[tuple[Effect, str], Held] = {}

    def keep(self, effect: Effect, before: Merged, merged: Merged, decision: Decision, standing: Standing) -> None:
        """Keep what would have left; a newer state of the scope takes its place."""
        kept = self._held.get((effect, decision.scope))
        self._held[effect, decision.scope] = Held(
            effect, before if kept is None else kept.before, merged, decision, standing
        )

    def forget(self, effect: Effect, scope: str) -> None:
        """Drop what waits for a scope, because its newest state leaves now."""
        self._held.pop((effect, scope), None)

    def end(self) -> list[Held]:
        """Stop keeping back; return what changed meanwhile, in the order of the decisions."""
        self.is_on = False
        changed = [held for held in self._held.values() if held.merged != held.before]
        self._held.clear()
        return sorted(changed, key=lambda held: (held.decision.d, held.effect))
