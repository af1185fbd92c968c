"""Episodes of the limits: from the decision that a level fires to the one that it is clear, and what it asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.limit_rules import BUILT_IN_IDS
from daemon.report_html.run_files import Decided, Published
from enforcement.records import LifeState

DAY_NS = 86_400 * 10**9
_UP = frozenset({LifeState.FIRING, LifeState.LATCHED})


@dataclass(frozen=True, slots=True)
class Episode:
    """One level of one limit in one scope, from firing to clear.

    first     : the decision with which it began: what was asked for, and why
    end_ns    : None where it fires still at the end
    published : the type that left for the trading systems at its beginning; None: nothing did, it would have acted
    """

    first: Decided
    end_ns: int | None
    published: str | None

    @property
    def start_ns(self) -> int:
        """Core time of its beginning."""
        return self.first.ts_decided

    @property
    def is_built_in(self) -> bool:
        """Say whether the limit speaks of data or of a command and not of risk."""
        return self.first.limit in BUILT_IN_IDS

    @property
    def is_enforced(self) -> bool:
        """Say whether its beginning was enforced."""
        return self.published is not None

    def days(self, end_ns: int) -> float:
        """Return how many calendar days it lasted, to `end_ns` where it never cleared."""
        return ((end_ns if self.end_ns is None else self.end_ns) - self.start_ns) / DAY_NS


def find_episodes(decisions: Sequence[Decided], published: Mapping[int, Published]) -> list[Episode]:
    """Return the episodes in the order of their beginnings; `recovering` and `no_data` hold what was."""
    begun: dict[tuple[str, str, str], Decided] = {}
    found: list[Episode] = []

    def close(first: Decided, end_ns: int | None) -> None:
        action = published.get(first.d)
        found.append(Episode(first, end_ns, None if action is None else action.cause.published_type))

    for decision in decisions:
        key = (decision.scope, decision.limit, decision.level)
        if decision.life in _UP:
            begun.setdefault(key, decision)
        elif decision.life is LifeState.OK and key in begun:
            close(begun.pop(key), decision.ts_decided)
    for first in begun.values():
        close(first, None)
    return sorted(found, key=lambda episode: (episode.start_ns, episode.first.d))
