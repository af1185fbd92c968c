"""What may look on while a core decides: it is shown each decision while the state is what it was decided on."""

from typing import Protocol

from enforcement.records import Decision
from risk.state import RiskState


class Witness(Protocol):
    """Looks on; it changes nothing."""

    def see(self, state: RiskState, p: int, decision: Decision) -> None:
        """Take in a decision on scope p; nothing was applied since."""
        ...
