"""What consumers have said of the actions of one scope: who still owes an acknowledgement, and since when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Result = Literal["applied", "rejected", "partial", "superseded", "expired"]

AWAITED_MAX = 64  # actions of one scope that nobody acknowledges; the first of them keeps its deadline
_REFUSALS = ("rejected", "expired")


class Standing(StrEnum):
    """What an acknowledgement is worth."""

    COUNTS = "counts"
    REPEAT = "repeat"  # this consumer has said the same before
    SUPERSEDED = "superseded"  # a newer action of the scope is out, and is not acknowledged by this
    NOT_NEWER = "not_newer"  # it says superseded, and nothing newer is out
    STRANGER = "stranger"  # the configuration names others for the scope
    NOT_ASKED = "not_asked"  # the action asks for no acknowledgement
    ELSEWHERE = "elsewhere"  # no action of this shard has the id, and it names a root that lives in another one
    UNKNOWN = "unknown"  # no action of this shard has the id


@dataclass(frozen=True, slots=True)
class Said:
    """The last word of one consumer on one action; due_ns: when a partial has to have become more, 0 for others."""

    result: Result
    residual: float | None
    due_ns: int = 0


@dataclass(slots=True)
class Awaited:
    """An action that asks for acknowledgements, and what was said of it, by consumer.

    asked_ns : core time at which it left; due_ns: its `ack_by`
    """

    action_id: str
    asked_ns: int
    due_ns: int
    said: dict[str, Said] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owed:
    """How a scope stands.

    due_ns   : the earliest time at which somebody is late, None where nobody will be
    refusers : consumers that refuse the newest action
    owing    : consumers that have not applied it; empty where none is named and none has: anybody will do
    is_met   : everybody who has to has applied it, or is about to
    is_applied : everybody who has to says that it is applied
    """

    due_ns: int | None
    refusers: tuple[str, ...]
    owing: tuple[str, ...]
    is_met: bool
    is_applied: bool


NOTHING_OWED = Owed(None, (), (), is_met=True, is_applied=False)


@dataclass(slots=True)
class ScopeAcks:
    """One scope: actions without the acknowledgements of all that have to, the newest last.

    awaited : the newest stays when it is acknowledged, because a consumer may take its word back
    newest  : id of the last action that was published, whether or not it asks for anything
    """

    awaited: list[Awaited] = field(default_factory=list)
    newest: str = ""

    def publish(self, action_id: str, *, asked_ns: int, due_ns: int | None) -> None:
        """Take in a published action; one that asks for nothing ends whatever was awaited."""
        self.newest = action_id
        if due_ns is None:
            self.awaited.clear()
            return
        self.awaited.append(Awaited(action_id, asked_ns, due_ns))
        if len(self.awaited) > AWAITED_MAX:
            del self.awaited[1]

    def take(self, action_id: str, consumer: str, said: Said, names: Sequence[str]) -> Standing:
        """Take in what a consumer says of an action of this scope; names: those who have to acknowledge, none: any."""
        if names and consumer not in names:
            return Standing.STRANGER
        awaited = next((each for each in self.awaited if each.action_id == action_id), None)
        if awaited is None:
            return Standing.NOT_ASKED if action_id == self.newest else Standing.SUPERSEDED
        before = awaited.said.get(consumer)
        if before is not None and (before.result, before.residual) == (said.result, said.residual):
            return Standing.REPEAT
        is_newest = awaited is self.awaited[-1]
        if is_newest and said.result == "superseded":
            return Standing.NOT_NEWER
        if before is not None and before.result == said.result == "partial":
            said = Said(said.result, said.residual, before.due_ns)  # the first partial's time runs on
        awaited.said[consumer] = said
        self._forget(names)
        return Standing.COUNTS if is_newest else Standing.SUPERSEDED

    def owed(self, names: Sequence[str]) -> Owed:
        """Return who owes what for the scope's newest action."""
        if not self.awaited:
            return NOTHING_OWED
        newest = self.awaited[-1]
        refusers = tuple(sorted(name for name, said in newest.said.items() if _is_refusal(said)))
        dues = [self._due_ns(name) for name in names] if names else [self._due_of_any()]
        waiting = [due for due in dues if due is not None]
        applied = [name for name, said in newest.said.items() if said.result == "applied"]
        owing = tuple(name for name in names if name not in applied)
        is_applied = not refusers and (not owing if names else bool(applied))
        is_met = not refusers and (all(name in newest.said for name in names) if names else bool(newest.said))
        return Owed(min(waiting, default=None), refusers, owing, is_met, is_applied)

    def postpone(self, due_ns: int) -> None:
        """Give every acknowledgement until `due_ns` at least: nobody could have given one before."""
        for awaited in self.awaited:
            awaited.due_ns = max(awaited.due_ns, due_ns)
            awaited.said = {
                name: Said(said.result, said.residual, max(said.due_ns, due_ns) if said.due_ns else 0)
                for name, said in awaited.said.items()
            }

    def _due_ns(self, name: str) -> int | None:
        """Return when this consumer is late: with the first action after the last that it said anything of."""
        settled = [place for place, awaited in enumerate(self.awaited) if name in awaited.said]
        last = settled[-1] if settled else -1
        if last + 1 < len(self.awaited):
            return self.awaited[last + 1].due_ns
        return self.awaited[last].said[name].due_ns or None

    def _due_of_any(self) -> int | None:
        """Return when all are late, where any one will do."""
        settled = [place for place, awaited in enumerate(self.awaited) if awaited.said]
        last = settled[-1] if settled else -1
        if last + 1 < len(self.awaited):
            return self.awaited[last + 1].due_ns
        said = self.awaited[last].said.values()
        if any(each.result == "applied" for each in said):
            return None
        return max((each.due_ns for each in said), default=0) or None

    def _forget(self, names: Sequence[str]) -> None:
        """Drop the actions that nobody has to say anything of any more, up to the newest."""
        if names:
            firsts = [max((p for p, a in enumerate(self.awaited) if name in a.said), default=-1) for name in names]
            done = min(firsts)
        else:
            done = max((place for place, awaited in enumerate(self.awaited) if awaited.said), default=-1)
        if done > 0:
            del self.awaited[: min(done, len(self.awaited) - 1)]


def _is_refusal(said: Said) -> bool:
    return said.result in _REFUSALS
