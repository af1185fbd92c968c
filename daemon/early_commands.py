"""Commands of a backlog whose time has not come: the control topic is read ahead of all others (clock: wall).

They are carried out, or refused, at their own time among the events of the backlog, so that an override of a book that
has not come into being yet is no error, and none is in force before it was asked for.
"""

from daemon.command_rules import Ruled
from daemon.commands import Commands
from daemon.looking import Looking
from daemon.refusals import Refusals
from feeds.record import Record
from risk.state import RiskState

KIND = "command"  # what the names of their timers begin with, up to a bar


class EarlyCommands:
    """Those that wait: all of them before the core knows the time, then each by a timer at its own."""

    def __init__(self, state: RiskState, looking: Looking, commands: Commands, refusals: Refusals) -> None:
        self._state, self._looking, self._commands, self._refusals = state, looking, commands, refusals
        self._waiting: dict[str, tuple[Record, Ruled]] = {}
        self._heard = 0

    def take(self, record: Record, event: Ruled, *, is_early: bool) -> None:
        """Carry out a command that was not refused, or keep it for its time."""
        if not is_early:
            self._commands.take(event, record.n)
            return
        self._heard += 1  # at one time the first heard comes first
        name = f"{self._heard:012d}"
        self._waiting[name] = (record, event)
        if self._state.now_ns > 0:
            self._state.timers.arm(f"{KIND}|{name}", event.ts)

    def wake(self, n: int) -> None:
        """Once the core knows the time: carry out what is due, and set a timer for what is not."""
        if not self._waiting or self._state.now_ns == 0:
            return
        in_order = sorted(self._waiting.items(), key=lambda item: (item[1][1].ts, item[0]))
        for name, (_, event) in in_order:  # partitions of the topic were read one after the other
            if self._refusals.is_early(event):
                self._state.timers.arm(f"{KIND}|{name}", event.ts)
            else:
                self._state.timers.cancel(f"{KIND}|{name}")
                self.timer(name, n)

    def timer(self, name: str, n: int) -> None:
        """Carry out the command whose time has come."""
        record, event = self._waiting.pop(name)
        refusal = self._refusals.refuse_in_time(event)
        if refusal is not None:
            self._looking.reject(record, refusal)
            return
        self._commands.take(event, n)
