"""The demo's live view: portfolios, how far each limit is used, and the last actions, as one rich renderable."""

from collections.abc import Mapping, Sequence

import msgspec
from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daemon.screen_text import LIFE_STYLES, SHOWN_MAX, STATE_STYLES, beyond, money, percent, times
from daemon.state_views import NumberView, Shown, as_float
from daemon.summary import iso_time
from enforcement.builtin import BUILTIN_IDS

_BAR_CELLS = 12
_WIDE = 90  # columns that all of a portfolio's numbers need
_FIXED_LINES = 15  # headings, rules and blank lines of the whole view
_LIMITS_MIN = 3
_ACTIONS_MAX = 8


class LimitView(msgspec.Struct, frozen=True):
    """One level of one limit of a state record."""

    limit: str
    level: str
    life: str
    utilisation: Shown


class ActionView(msgspec.Struct, frozen=True):
    """What the screen shows of an action, and its number on its topic."""

    seq: int
    scope: str
    type: str
    trading_state: str
    reason: str
    ts_decided: int


class StateView(msgspec.Struct, frozen=True):
    """What the table shows of a state record; its other fields are left aside."""

    scope: str
    trust: str
    nav: Shown
    metrics: dict[str, NumberView]
    limits: list[LimitView]


def read_states(states: Sequence[Mapping[str, object]]) -> list[StateView]:
    """Return what the table needs of the core's state records."""
    return msgspec.convert(states, type=list[StateView])


def demo_view(
    states: Sequence[StateView],
    shadow_states: Mapping[str, str],
    recent: Sequence[ActionView],
    *,
    now_ns: int,
    n: int,
    done_ratio: float,
    address: str = "",
    is_intraday: bool = False,
    width: int = 120,
    height: int = 50,
) -> RenderableType:
    """Return the whole view at core time `now_ns`, for a terminal of this size; `recent` are the last shadow actions.

    Where the limits do not all fit, those that are nearest to firing are shown.
    """
    head = Text.assemble(
        ("riskd demo  ", "bold"),
        (iso_time(now_ns)[: 19 if is_intraday else 10].replace("T", " "), "bold cyan"),
        f"   {n:,} inputs   monitoring: only hard limits act" + (f"   http://{address}/metrics" if address else ""),
    )
    bar = Table.grid()  # a bar by itself ends without a new line
    bar.add_row(ProgressBar(total=1.0, completed=min(done_ratio, 1.0), width=min(78, width)))
    free = height - _FIXED_LINES - len(states)
    actions_max = min(max(free - _LIMITS_MIN, 1), _ACTIONS_MAX)
    limits_max = max(free - actions_max, _LIMITS_MIN)
    return Group(
        head,
        bar,
        _portfolios(states, shadow_states, is_wide=width >= _WIDE),
        _limits(states, limits_max),
        _actions(recent[-actions_max:], is_intraday=is_intraday),
    )


def _portfolios(states: Sequence[StateView], shadow_states: Mapping[str, str], *, is_wide: bool) -> Table:
    table = Table(title="Portfolios", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    left = {"book", "trust", "shadow"}
    only_wide = {"ES 99", "trust"}
    names = ("book", "NAV", "VaR 99", "ES 99", "stress", "drawdown", "leverage", "trust", "shadow")
    for name in names:
        if is_wide or name not in only_wide:
            table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    for state in states:
        shadow = shadow_states.get(state.scope, "ACTIVE")
        cells: dict[str, str | Text] = {
            "book": state.scope,
            "NAV": money(state.nav),
            "VaR 99": money(_metric(state, "var_99")),
            "ES 99": money(_metric(state, "es_99")),
            "stress": money(_metric(state, "worst_loss")),
            "drawdown": percent(_metric(state, "drawdown")),
            "leverage": times(_metric(state, "gross_leverage")),
            "trust": state.trust,
            "shadow": Text(shadow, style=STATE_STYLES.get(shadow, "")),
        }
        table.add_row(*(cells[name] for name in names if is_wide or name not in only_wide))
    return table


def _limits(states: Sequence[StateView], rows_max: int) -> Table:
    table = Table(title="Limits", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("book", "limit", "level", "used", "", "life"):
        table.add_column(name, justify="right" if name == "used" else "left", no_wrap=True)
    rows = [(state.scope, limit) for state in states for limit in state.limits if _is_worth_a_row(limit)]
    nearest = sorted(range(len(rows)), key=lambda i: (rows[i][1].life == "ok", -_used(rows[i][1])))[:rows_max]
    for scope, limit in (rows[i] for i in sorted(nearest)):
        used = as_float(limit.utilisation)
        style = LIFE_STYLES.get(limit.life, "")
        cells = round(min(_used(limit), 1.0) * _BAR_CELLS)
        bar = Text("█" * cells + "·" * (_BAR_CELLS - cells), style=style)
        share = f"{_used(limit):.0%}" if abs(used) < SHOWN_MAX else beyond(used)
        table.add_row(scope, limit.limit, limit.level, share, bar, Text(limit.life, style=style))
    return table


def _is_worth_a_row(limit: LimitView) -> bool:
    """The built-in limits are shown only when they speak."""
    return limit.life != "ok" or limit.limit not in BUILTIN_IDS


def _used(limit: LimitView) -> float:
    """Return the utilisation, at least 0; 0 where there is no number."""
    used = as_float(limit.utilisation)
    return used if used > 0 else 0.0


def _actions(recent: Sequence[ActionView], *, is_intraday: bool) -> Table:
    table = Table(title="Last actions (shadow: what it would have done)", title_justify="left", box=None)
    when = slice(11, 19) if is_intraday else slice(0, 10)
    for name in ("time" if is_intraday else "date", "book", "type", "why"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=64 if name == "why" else None)
    for action in recent:
        style = STATE_STYLES.get(action.trading_state, "")
        table.add_row(iso_time(action.ts_decided)[when], action.scope, Text(action.type, style=style), action.reason)
    return table


def _metric(state: StateView, name: str) -> Shown:
    metric = state.metrics.get(name)
    return None if metric is None else metric.value
