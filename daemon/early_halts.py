"""Halts that cannot be carried out yet, because a kill switch must not be lost for coming too early."""

from collections.abc import Container

from feeds.events import Halt, Reinstate


class EarlyHalts:
    """Keeps halts of paths that have not come into being, and those that came before the core knew the time.

    The last word on a path counts; a reinstatement takes an early halt back.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Halt] = {}

    def remember(self, event: Halt | Reinstate) -> None:
        """Keep a halt for later, or take it back."""
        self._waiting.pop(event.scope, None)
        if isinstance(event, Halt):
            self._waiting[event.scope] = event

    def due(self, scopes: Container[str]) -> list[Halt]:
        """Return the halts of paths that are there now, in the order in which they came, and keep them no longer."""
        if not self._waiting:
            return []
        return [self._waiting.pop(scope) for scope in list(self._waiting) if scope in scopes]
