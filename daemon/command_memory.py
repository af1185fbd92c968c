"""The ids of commands that counted, so that none counts twice: for as long as a command may be late, and no longer."""

import heapq

from daemon.command_rules import CommandRules
from feeds.events import Command, Halt


class CommandMemory:
    """What was heard: the commands of the last `control.command_age` of core time, those in use, and all halts.

    A halt may be late without bound, so its id is never forgotten; people do not halt often enough for that to matter.
    forgotten_ns : ids of other commands from before this core time are forgotten, so no such command may count any more
    """

    def __init__(self, rules: CommandRules) -> None:
        self.forgotten_ns = 0
        self._rules = rules
        self._known: set[str] = set()
        self._by_age: list[tuple[int, str]] = []  # a heap

    def __len__(self) -> int:
        return len(self._known)

    def knows(self, command_id: str) -> bool:
        """Say whether a command of this id counted, and is not forgotten."""
        return command_id in self._known

    def take(self, event: Command) -> None:
        """Remember a command that counts."""
        assert event.command_id not in self._known, f"command {event.command_id} counted already"
        self._known.add(event.command_id)
        if not isinstance(event, Halt):
            heapq.heappush(self._by_age, (event.ts, event.command_id))

    def forget(self, now_ns: int, age_ns: int) -> None:
        """Forget what is older than `age_ns`; never while a backlog is read, whose commands may be of any age.

        An id that names something in force, or a request that waits, is kept to its end.
        """
        self.forgotten_ns = max(self.forgotten_ns, now_ns - age_ns)
        while self._by_age and self._by_age[0][0] < self.forgotten_ns:
            _, command_id = heapq.heappop(self._by_age)
            if self._rules.is_in_use(command_id):
                heapq.heappush(self._by_age, (now_ns, command_id))
            else:
                self._known.remove(command_id)
