"""The command `evidence`: what speaks for each limit, as a running daemon has it or as an audit log alone tells it."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_errors import EXIT_FAILED


def evidence(
    from_audit: Annotated[
        Path | None,
        typer.Option("--from-audit", metavar="DIR", exists=True, file_okay=False, help="An audit folder."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Of the daemon to ask, YAML."),
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Its address, such as http://127.0.0.1:9464.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show what speaks for each limit: false episodes, live weeks, rates, E, D, stage, and what a promotion lacks.

    With --from-audit everything is recomputed from the log's decisions, labels and looks by a code of its own, no
    daemon asked; it exits 1 where the log was changed, or where a step that it holds is not that of the formulas.
    Without it a running daemon is asked, as `riskd status` does.

    \b
    Examples:
      riskd evidence --config limits.yaml
      riskd evidence --from-audit logs/risk_audit
      riskd evidence --from-audit out/demo/audit --json | jq '.[].limits[] | select(.stage != "FULL") | .lacks'
    """
    if from_audit is not None and (config is not None or url is not None):
        raise typer.BadParameter("asks no daemon: leave out --config and --url", param_hint="--from-audit")
    if from_audit is None:
        _ask(config, url, as_json=as_json)
        return
    import orjson

    from daemon.evidence_command import examination_record, examination_text, examine

    found = examine(from_audit)
    if as_json:
        typer.echo(orjson.dumps([examination_record(each) for each in found], option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo("\n\n".join(examination_text(each) for each in found))
    if not all(each.is_sound for each in found):
        raise typer.Exit(EXIT_FAILED)


def _ask(config: Path | None, url: str | None, *, as_json: bool) -> None:
    """Show what a running daemon says of its limits."""
    import orjson
    from msgspec import to_builtins

    from daemon.cli_status import PIPED_WIDTH, daemon_address
    from daemon.state_client import StateError, ask_state

    if config is not None and url is not None:
        raise typer.BadParameter("give --config or --url, not both", param_hint="--url")
    try:
        document = ask_state(url if url is not None else daemon_address(config)).document
    except StateError as error:
        typer.echo(f"riskd: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if as_json:
        found = {shard.shard: to_builtins(shard.evidence) for shard in document.shards}
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
        return
    from rich.console import Console

    from daemon.status_evidence import evidence_table

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
    console.print(evidence_table(document.shards, width=console.width))
