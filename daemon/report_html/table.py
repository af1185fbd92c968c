"""A table of the report as words: nothing here knows HTML."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: words, and how it looks beside them.

    kind : "", "good", "bad", "warn", "mute": a colour that only repeats what the words say
    bar  : share of the cell's width that a bar fills, None for none
    """

    text: str
    kind: str = ""
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `words` columns from the left are words, the others numbers."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 1
