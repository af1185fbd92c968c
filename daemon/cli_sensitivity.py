"""The command `sensitivity`: do the sensors see what they are for?"""

from typing import Annotated

import typer

from daemon.cli_errors import EXIT_FAILED


def sensitivity(
    faults_only: Annotated[
        bool, typer.Option("--faults-only", help="Skip the replay: seconds, but a sensor that claims crises fails.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Try every sensor: injected faults, and the crises that it claims, on 33 years of real closes.

    Prints what belongs under `enforcement` of a configuration. In gradual mode a limit is promoted only where its
    sensor stands there, with every fault met and every claimed crisis tripped, under the model of this release: one
    that never fires has no false positives, but may be blind. Exits 1 where a sensor missed anything.

    \b
    Examples:
      riskd sensitivity > sensitivity.yaml
      riskd sensitivity --faults-only --json
    """
    from daemon.sensitivity import sensitivity_yaml, try_sensors

    missed: list[str] = []

    def say(text: str) -> None:
        typer.echo(text, err=True)
        if text.startswith("MISSED"):
            missed.append(text)

    found = try_sensors(say, with_crises=not faults_only)
    typer.echo(found.model_dump_json(indent=2) if as_json else sensitivity_yaml(found), nl=as_json)
    if missed:
        raise typer.Exit(EXIT_FAILED)
