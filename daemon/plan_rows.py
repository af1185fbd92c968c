"""Actions of a rehearsal as rows: a table where there is room for it, two lines each where its last column has none."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_LAST_MIN = 24  # columns in which a reason can be read
_GAP = 2
_UNDER = (0, 0, 0, 10)


@dataclass(frozen=True, slots=True)
class ActionRows:
    """Rows of as many texts as there are columns; the last one, a reason, may wrap and is never cut off."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns) - 1)]
        if sum(widths) + _GAP * len(widths) + _LAST_MIN > options.max_width:
            for row in self.rows:
                yield Text("  ".join(row[:-1]))
                yield Padding(Text(row[-1]), _UNDER)
            return
        table = table_of(*self.columns)
        for row in self.rows:
            table.add_row(*row)
        yield table


def table_of(*columns: str) -> Table:
    """Return an empty table whose last column alone may wrap."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name != columns[-1])
    return table
