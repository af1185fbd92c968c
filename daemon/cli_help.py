"""`riskd --help`: the commands under headings, in the order in which a newcomer needs them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from typer.core import TyperGroup

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("See it", ("demo", "replay", "report")),
    ("Run it", ("check", "topics", "run", "status", "selftest", "record")),
    ("Ask it", ("check-order", "explain", "stress", "plan")),
    ("Evidence", ("evidence", "label", "sensitivity")),
    (
        "Command it",
        ("keygen", "halt", "reinstate", "mode", "override", "override-end", "limits", "approve", "reset-hwm"),
    ),
    ("Records", ("journal", "audit")),
)
OTHERS = "Others"
_INDENT = 6  # of a row and around its text, as the library counts it


class _Formatter(Protocol):
    """As much of the library's own as is used here; its type is private to it."""

    @property
    def width(self) -> int: ...

    def section(self, name: str) -> AbstractContextManager[None]: ...

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None: ...


class SectionedGroup(TyperGroup):
    """The top group. A command that no section names stands under "Others", so none is ever left out."""

    def format_commands(self, ctx: object, formatter: _Formatter) -> None:  # noqa: ARG002 - the library's signature
        """Write the rows of each section, their texts in one column."""
        names_wide = max(len(name) for name in self.commands)
        named = {name for _, names in SECTIONS for name in names}
        others = tuple(name for name in self.commands if name not in named)
        for heading, names in (*SECTIONS, (OTHERS, others)):
            rows = [
                (name.ljust(names_wide), self.commands[name].get_short_help_str(formatter.width - _INDENT - names_wide))
                for name in names
                if name in self.commands and not self.commands[name].hidden
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)
