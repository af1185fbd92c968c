"""Requests that wait for a second person, and what became of those that do no longer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Command = TypeVar("Command")
CLOSED_MAX = 1_000  # requests of which it is remembered what became of them, the last ones


@dataclass(frozen=True, slots=True)
class Request(Generic[Command]):
    """A command that acts once another actor approves it; core time, ns: after lapses_ns nobody can."""

    command_id: str
    actor: str
    command: Command
    asked_ns: int
    lapses_ns: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an approval is none: `is_own` where the one who asked approves, else there is nothing to approve."""

    is_own: bool
    detail: str


class Approvals(Generic[Command]):
    """Requests by the id of their command, in the order in which they were made; closed: why it is none any more."""

    def __init__(self) -> None:
        self.waiting: dict[str, Request[Command]] = {}
        self.closed: dict[str, str] = {}

    def ask(self, request: Request[Command]) -> None:
        """Take in a request; its id was never used before."""
        assert request.command_id not in self.waiting, f"request {request.command_id} waits already"
        self.waiting[request.command_id] = request

    def refuse(self, command_id: str, actor: str, at_ns: int) -> Refused | None:
        """Return why `actor` may not approve the command at core time `at_ns`, None where they may."""
        request = self.waiting.get(command_id)
        if request is None:
            why = self.closed.get(command_id, "no command of this id asked for an approval of late")
            return Refused(False, f"nothing to approve under {command_id!r}: {why}")
        if at_ns >= request.lapses_ns:
            return Refused(False, f"nothing to approve under {command_id!r}: nobody approved it in time")
        if actor == request.actor:
            return Refused(True, f"{command_id!r} must be approved by another person than {actor!r}, who asked for it")
        return None

    def close(self, command_id: str, why: str) -> Request[Command]:
        """Let a request wait no longer, and remember why: "it was approved by bob"."""
        self.closed[command_id] = why
        if len(self.closed) > CLOSED_MAX:
            del self.closed[next(iter(self.closed))]
        return self.waiting.pop(command_id)
