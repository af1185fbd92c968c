"""The command `status`: a running daemon at a glance, refreshed on a terminal."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_FAILED

if TYPE_CHECKING:
    from daemon.state_client import Answer

REFRESH_EVERY_S = 1.0
PIPED_WIDTH = 160  # nobody's screen cuts it


def status(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Its configuration, YAML."),
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Its address, such as http://127.0.0.1:9464.")] = None,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--once", help="Refresh every second, or show once. Default: refresh on a terminal."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the /state document once.")] = False,
) -> None:
    """Show what fired and why, then books, data, service and evidence of a running daemon.

    It asks the daemon's HTTP address: that of --url, else of --config, else the default, on this machine. Exits 1 where
    nothing answers, or where the daemon is still recovering.

    \b
    Examples:
      riskd status                                    refreshes until Ctrl-C
      riskd status --config limits.yaml --once
      riskd status --url http://10.0.0.5:9464 --json | jq '.states[].limits[] | select(.life == "firing")'
    """
    if config is not None and url is not None:
        raise typer.BadParameter("give --config or --url, not both", param_hint="--url")
    if as_json and watch:
        raise typer.BadParameter("prints once", param_hint="--json")
    from daemon.state_client import StateError, ask_state

    try:
        address = url if url is not None else daemon_address(config)
        answer = ask_state(address)
    except StateError as error:
        typer.echo(f"riskd: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if as_json:
        typer.echo(answer.content)
    elif watch or (watch is None and sys.stdout.isatty()):
        _watch(address, answer)
    else:
        _show(answer)


def daemon_address(config: Path | None) -> str:
    """Return the HTTP address of a daemon with this configuration, or with the default one, on this machine."""
    from config.loader import load_config
    from config.schema import HttpConfig
    from daemon.state_client import url_of
    from sensors.catalogue import SHIPPED

    return url_of(HttpConfig() if config is None else load_config(config, SHIPPED.known).http)


def _show(answer: "Answer") -> None:
    from rich.console import Console

    from daemon.status_view import status_view

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
    console.print(status_view(answer.document, width=console.width))


def _watch(address: str, answer: "Answer") -> None:
    """Refresh until Ctrl-C; a daemon that went away is said so over what it last told."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from daemon.state_client import StateError, ask_state
    from daemon.status_view import status_view

    console = Console(highlight=False, markup=False, emoji=False)
    trouble = Text()
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                view = status_view(answer.document, width=console.width, height=console.height)
                live.update(Group(trouble, view) if trouble else view, refresh=True)
                time.sleep(REFRESH_EVERY_S)
                try:
                    answer, trouble = ask_state(address), Text()
                except StateError as error:
                    trouble = Text(f"{error}\nbelow is what it last said", style="bold white on red")
    except KeyboardInterrupt:
        return
