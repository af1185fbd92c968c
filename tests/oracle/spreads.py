"""Relative spreads of every quote that was accepted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Spreads:
    """By instrument, oldest first: how many rows were complete then, and (ask − bid) / mid."""

    seen: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def take(self, name: str, bid: float, ask: float, rows_complete: int) -> None:
        middle = 0.5 * (bid + ask)
        self.seen.setdefault(name, []).append((rows_complete, 2.0 * (middle - bid) / middle))
