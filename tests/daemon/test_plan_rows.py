"""Rows of a rehearsal on terminals of any width: a reason is never cut off."""

import pytest
from rich.console import Console

from daemon.plan_rows import ActionRows

COLUMNS = ("when", "topic", "scope", "limit", "type", "why")
WHY = "gross leverage 1.00x: the targets moved with the book"
ROWS = [("2024-08-09T00:03:35Z", "shadow", "firm/momentum", "momentum_leverage hard", "reduce_position", WHY)]


@pytest.mark.parametrize(("width", "is_table"), [(80, False), (100, False), (130, True), (4_000, True)])
def test_every_word_is_there_at_every_width(width: int, is_table: bool) -> None:
    console = Console(width=width)
    with console.capture() as printed:
        console.print(ActionRows(COLUMNS, ROWS))
    text = printed.get()
    assert "…" not in text
    assert all(word in text.split() for cell in ROWS[0] for word in cell.split())
    assert max(map(len, text.splitlines())) <= width
    assert ("when" in text) is is_table
