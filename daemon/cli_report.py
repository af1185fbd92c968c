"""The command `riskd report`."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_options import recording_path


def report(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            parser=recording_path,
            help="Folder of `riskd replay --report`, a recording, or a journal; or equities, or crypto.",
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page goes; default report.html, in the folder given.")
    ] = None,
) -> None:
    """Write the report that a person reads: one HTML file, complete in itself, without any script.

    What happened in each crisis, which limit spoke first, what it asked for and would have saved; VaR and ES against
    P&L, limits, actions, stress, contributions and data trust. A recording or a journal is replayed first. Needs the
    extra `report`.

    \b
    Examples:
      riskd report out/day                          a replay made with --report
      riskd report day.jsonl.zst -c limits.yaml     a recording of yours
      riskd report out/journal --out out/run.html   the live run, from its journal
      riskd report crypto                           a recording that riskd brings
    """
    from daemon.report_command import run_report

    run_report(source, config, out)
