"""Options that several commands share, and what their words mean."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.shipped import NAMES, shipped_by_name

SHIPPED_PREFIX = "shipped:"

SpeedOption = Annotated[
    str, typer.Option(metavar="max|Nx", help="As fast as it goes, or N times as fast as events came (1x, 10x).")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Use a folder that holds other files too; only an earlier run's are replaced.")
]


def recording_path(given: str) -> Path:
    """Return the path of a recording that is there, or the one that riskd ships under this name.

    A usage error for what is neither, and for a bare name that is both: `./crypto` means what lies here, and
    `shipped:crypto` what riskd brings.
    """
    shipped = shipped_by_name(given.removeprefix(SHIPPED_PREFIX))
    if shipped is not None and given.startswith(SHIPPED_PREFIX):
        return shipped.recording
    path = Path(given)
    if shipped is not None and path.exists():
        both = f"{given!r} lies here, and riskd ships a recording of this name"
        raise typer.BadParameter(f"{both}: write ./{given} for the one, {SHIPPED_PREFIX}{given} for the other")
    if shipped is not None:
        return shipped.recording
    if not path.exists():
        raise typer.BadParameter(f"path {given!r} does not exist, and riskd ships only {', '.join(NAMES)}")
    return path


RecordingArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDING", parser=recording_path, help="Recording, folder, or journal; or equities, or crypto."
    ),
]


def speed_multiple(text: str) -> float | None:
    """Return the multiple that `--speed` names, None for `max`; a usage error for anything else."""
    from daemon.pace import parse_speed

    try:
        return parse_speed(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--speed") from error
