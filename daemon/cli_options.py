"""Options that several commands share, and what their words mean."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.shipped import NAMES, shipped_by_name

SpeedOption = Annotated[
    str, typer.Option(metavar="max|Nx", help="As fast as it goes, or N times as fast as events came (1x, 10x).")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Use a folder that holds other files too; only an earlier run's are replaced.")
]


def recording_path(given: Path) -> Path:
    """Return the path of a recording that is there, or the one that riskd ships under this name; else a usage error."""
    if given.exists():
        return given
    shipped = shipped_by_name(str(given))
    if shipped is None:
        raise typer.BadParameter(f"path {str(given)!r} does not exist, and riskd ships only {', '.join(NAMES)}")
    return shipped.recording


def speed_multiple(text: str) -> float | None:
    """Return the multiple that `--speed` names, None for `max`; a usage error for anything else."""
    from daemon.pace import parse_speed

    try:
        return parse_speed(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--speed") from error
