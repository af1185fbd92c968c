"""What a person sees of the demo: a table that moves on a terminal, and one line a year where there is none."""

import io

from rich.console import Console
from rich.live import Live

from daemon.demo_daemon import ShardView, StateDocument
from daemon.demo_screen import LineScreen, Moment, TableScreen
from daemon.demo_table import ActionView, StateView
from daemon.firing import year_start_ns

HALT = ActionView(seq=1, scope="firm", type="halt", trading_state="HALTED", reason="day loss over 1m", ts_decided=0)


def moment(core_time_ns: int, *shadow: ActionView) -> Moment:
    state = StateView(scope="firm", trust="fresh", nav=23_400_000.0, metrics={}, limits=[])
    shard = ShardView(n=1_234, core_time_ns=core_time_ns, outbox=0, audit_waiting=0)
    return Moment(StateDocument([shard], [state]), shadow, 0.5)


def test_a_line_is_printed_for_each_year_that_has_ended() -> None:
    file = io.StringIO()
    screen = LineScreen(Console(file=file, width=200))
    screen.show(moment(0))
    screen.show(moment(year_start_ns(1990), HALT))
    screen.show(moment(year_start_ns(1990) + 1, HALT))
    assert file.getvalue() == ""
    screen.show(moment(year_start_ns(1991)))
    screen.show(moment(year_start_ns(1991) + 1))
    assert file.getvalue() == "1990     1,234 inputs     2 shadow actions  NAV firm 23.4m\n"


def test_of_an_intraday_recording_a_line_is_printed_for_each_minute() -> None:
    file = io.StringIO()
    screen = LineScreen(Console(file=file, width=200), is_intraday=True)
    for second in (0, 59, 60, 61):
        screen.show(moment(year_start_ns(2024) + second * 10**9))
    assert file.getvalue() == "2024-01-01 00:00     1,234 inputs     0 shadow actions  NAV firm 23.4m\n"


def test_the_table_of_an_intraday_recording_shows_the_time_of_day() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=160, height=50)
    with Live(console=console, auto_refresh=False) as live:
        TableScreen(live, "", is_intraday=True).show(moment(year_start_ns(2024) + 61 * 10**9, HALT))
    assert "2024-01-01 00:01:01" in file.getvalue()
    assert "00:00:00" in file.getvalue()  # when the halt was decided


def test_the_table_shows_the_books_the_last_actions_and_where_the_metrics_are() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=160, height=50)
    with Live(console=console, auto_refresh=False) as live:
        screen = TableScreen(live, "127.0.0.1:9464")
        screen.show(moment(0))
        screen.show(moment(year_start_ns(2008), HALT))
    shown = file.getvalue()
    for expected in ("2008-01-01", "1,234 inputs", "127.0.0.1:9464/metrics", "23.4m", "HALTED", "day loss over 1m"):
        assert expected in shown
