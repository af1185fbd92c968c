"""The answer to a question about an order, as a person reads it."""

import msgspec
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from feeds.order_verdict import units

_COLOURS = {"go": "bold green", "reduced": "bold yellow", "no": "bold red"}
_SAYS = {
    "stops": "stops it", "would_stop": "would, if enforced", "warns": "warns", "no_number": "no number",
    "spared": "spares a reduction",
}  # fmt: skip
Value = float | str | None
_PIPED_WIDTH = 4_000  # nothing is cut in a file or a pipe
_WHOLE_FROM = 100_000.0  # six digits


class _Limit(msgspec.Struct):
    scope: str
    limit: str
    level: str
    says: str
    binds: bool
    at: Value
    before: Value
    whole: Value


class _Seen(msgspec.Struct):
    shard: int
    n: int


class _Answer(msgspec.Struct):
    portfolio: str
    instrument: str
    side: str
    asked: float
    outcome: str
    quantity: float
    reason: str
    trading_state: dict[str, str]
    limits: list[_Limit]
    seen: _Seen


def answer_view(content: bytes) -> RenderableType:
    """Return what to print of an answer in JSON."""
    answer = msgspec.json.decode(content, type=_Answer)
    head = Text.assemble(
        (answer.outcome.upper(), _COLOURS[answer.outcome]),
        f"  {answer.side} {units(answer.quantity)} of {units(answer.asked)} {answer.instrument} for {answer.portfolio}",
    )
    state = f"trading state {answer.trading_state['effective']}; seen after input {answer.seen.n:,}"
    parts: list[RenderableType] = [head, Text(answer.reason), Text(state, style="dim")]
    if answer.limits:
        table = Table(box=None, pad_edge=False)
        for name in ("scope", "limit", "level", "says", "at", "before", "with all of it"):
            table.add_column(name, overflow="fold")  # a name that is cut off names nothing
        for each in answer.limits:
            says = _SAYS.get(each.says, each.says) + (" (binds)" if each.binds else "")
            names = (each.scope, each.limit, each.level, says)
            table.add_row(*names, _number(each.at), _number(each.before), _number(each.whole))
        parts.append(table)
    return Group(*parts)


def print_answer(content: bytes, *, as_json: bool) -> None:
    """Print an answer in JSON on standard output, for a person or as it is."""
    if as_json:
        Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(content.decode())
        return
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_PIPED_WIDTH)
    console.print(answer_view(content))


def _number(value: Value) -> str:
    if not isinstance(value, float):
        return "–" if value is None else value
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:,.6g}"
