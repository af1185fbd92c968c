"""What may look on while a core decides: it is shown each decision while the state is what it was decided on."""

from typing import Protocol

from enforcement.records import Action, Decision
from risk.state import RiskState


class Witness(Protocol):
    """Looks on; it changes nothing."""

    def see(self, state: RiskState, p: int, decision: Decision) -> None:
        """Take in a decision on scope p; nothing was applied since."""
        ...

    def follow(self, state: RiskState, p: int, action: Action) -> None:
        """Take in a record that follows an earlier action of scope p (decision 0032); no decision is made with it."""
        ...
