"""The command `selftest`: a marked breach through the real topics of a running daemon, leg by leg."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_CONFIG, EXIT_FAILED

if TYPE_CHECKING:
    from daemon.selftest import Leg


def selftest(
    config: Annotated[
        Path,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Of the daemon, YAML."),
    ],
    url: Annotated[str | None, typer.Option(metavar="URL", help="Its address, such as http://127.0.0.1:9464.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=0.5, max=600.0, help="For each leg, seconds.")] = 10.0,
    answer: Annotated[
        bool,
        typer.Option("--answer/--wait", help="Acknowledge the action itself, or wait for whoever trades (default)."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per leg.")] = False,
) -> None:
    """Drive a test breach through the real topics and the acknowledgements, and say how long each leg takes.

    It writes a loss into the reserved root _selftest-<partition>, which holds nothing and belongs to nobody: its one
    built-in limit throttles that root, and the loss is taken back at the end. Trading systems see the action and
    acknowledge it, as any; no book, no total and no evidence is touched. Needs clock: wall, and the right to
    write to the positions. Exits 1 with the leg that failed.

    \b
    Examples:
      riskd selftest -c limits.yaml                    waits for a trading system to acknowledge
      riskd selftest -c limits.yaml --answer           nobody trades yet: acknowledges itself
      riskd selftest -c limits.yaml --json | jq 'select(.is_ok | not)'
    """
    from config.loader import load_config
    from daemon.cli_status import daemon_address
    from daemon.selftest import Drill
    from daemon.selftest_wire import Wire
    from daemon.state_client import StateError
    from feeds.kafka_inputs import served_partitions
    from sensors.catalogue import SHIPPED

    loaded = load_config(config, SHIPPED.known)
    if loaded.clock != "wall":
        typer.echo("riskd: a self-test needs clock: wall: with clock: event its times would move core time", err=True)
        raise typer.Exit(EXIT_CONFIG)
    is_whole = True
    try:
        address = url if url is not None else daemon_address(config)
        for partition in served_partitions(loaded.kafka):
            with Wire(loaded.kafka, partition) as wire:
                for leg in Drill(loaded, address, partition, wire, timeout, answer).legs():
                    is_whole = is_whole and leg.is_ok
                    _show(leg, as_json=as_json)
    except StateError as error:
        typer.echo(f"riskd: {error}", err=True)
        is_whole = False
    if not is_whole:
        raise typer.Exit(EXIT_FAILED)


def _show(leg: "Leg", *, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        import orjson

        typer.echo(orjson.dumps(asdict(leg)).decode())
        return
    word = "ok    " if leg.is_ok else "FAILED"
    typer.echo(f"{word} partition {leg.partition}  {leg.name:15} {leg.seconds * 1e3:9,.1f} ms  {leg.detail}")
