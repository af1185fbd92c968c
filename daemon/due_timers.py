"""What each timer does when core time reaches it."""

from daemon.ack_desk import TIMER as ACK
from daemon.commands import TIMERS as COMMANDS
from daemon.early_commands import KIND as EARLY
from daemon.handlers import Handlers
from daemon.looking import Looking
from daemon.sources import KIND as SOURCE
from daemon.sources import Sources
from enforcement.ladders import TIMERS as LADDERS
from risk.adjustments import apply_adjustment
from risk.bars import BAR_END, end_bar
from risk.state import RiskState
from risk.trust import check_age
from risk.turnover import TRADED_OUT, forget_traded
from risk.window import DAY_OPEN, ROW_CLOSE, ROW_CUTOFF, base_close, complete_row, open_day

_ON_TIME = {ROW_CLOSE: base_close, ROW_CUTOFF: complete_row, DAY_OPEN: open_day, TRADED_OUT: forget_traded}


def fire(
    name: str, due_ns: int, *, state: RiskState, looking: Looking, handlers: Handlers, sources: Sources, n: int
) -> None:
    """Do what the timer `name` is for, at its own due time, and look at what it has changed.

    n : of the last input that was applied
    """
    kind, _, rest = name.partition("|")
    if kind == "life":
        looking.fire_life(name, due_ns, n=n)
        return
    if kind in LADDERS:
        looking.fire_ladder(name, due_ns)
        return
    if kind == ACK:
        looking.acks.settle(rest, n=n)
        return
    if kind in COMMANDS:
        handlers.commands.timer(name, n)
        return
    if kind == EARLY:
        handlers.early.timer(rest, n)
        return
    rows = state.window.rows_total
    if kind == SOURCE:
        sources.miss(rest)
        looking.wake_roots()
    elif name == BAR_END:
        end_bar(state, due_ns)
    elif name in _ON_TIME:
        _ON_TIME[name](state)
    elif kind == "trust":
        check_age(state, state.instrument_index[rest])
    elif kind == "adjust":
        apply_adjustment(state, *handlers.adjustments.pop(name))
    else:
        raise AssertionError(f"no such timer: {name}")
    is_news = kind == "adjust" or state.window.rows_total != rows
    looking.look(n=n, cause="other" if is_news else "time", ts_event=due_ns)
