"""The command `stress`: what would ruin the books of a recording at one moment."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_errors import EXIT_FAILED
from daemon.cli_options import RecordingArgument


def stress(
    recording: RecordingArgument,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="N|DATE|TIME", help="Books after this input or moment (UTC); else at the end.")
    ] = None,
    portfolio: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="Only this portfolio; may be given again.")
    ] = None,
    crisis: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this crisis, even one after the moment; may be given again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")] = False,
) -> None:
    """Stress the books of a recording or a journal as they stood at one moment.

    Reverse: how many times each scenario must come for a loss of 10 % of NAV, and the most plausible move of the market
    for one of 25 %. Correlation: VaR 99 % where all correlations rise, or turn against the book. Crises: the book
    bought and held through each crisis that the recording has seen. Shares and libraries: `stress:` and `scenarios:`
    of the configuration. Exits 1 where a crisis that is named has no history there.

    \b
    Examples:
      riskd stress equities --at 2008-09-12                         a recording that riskd brings
      riskd stress day.jsonl.zst --config limits.yaml
      riskd stress out/journal --at 2008-09-12 --portfolio firm/desk
      riskd stress out/journal --at 2007-06-29 --crisis gfc_2008    with hindsight
      riskd stress out/journal --json | jq '.scopes[].correlation.worst'
    """
    from daemon.stress_command import run_stress
    from daemon.stress_moment import Moment, StressError, StressPlan, parse_moment

    try:
        moment = Moment() if at is None else parse_moment(at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    plan = StressPlan(recording, config, moment, tuple(portfolio or ()), tuple(crisis or ()))
    try:
        run_stress(plan, as_json=as_json)
    except StressError as error:
        typer.echo(f"riskd: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
