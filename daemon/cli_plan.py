"""The command `plan`: two configurations over one recording, and the actions that would appear, vanish, or change."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_options import ForceOption, recording_path

if TYPE_CHECKING:
    from daemon.plan_command import Rehearsal

PIPED_WIDTH = 4_000  # nothing is cut in a file or a pipe


def plan(
    config: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The configuration to try, YAML.")],
    against: Annotated[
        Path,
        typer.Option(metavar="RECORDING", parser=recording_path, help="Recording, folder, journal; equities, crypto."),
    ],
    base: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Compare with; default: the recording's own."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep plan.json, plan.txt and both replays here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plan.json on standard output.")] = False,
    force: ForceOption = False,
) -> None:
    """Rehearse a change of limits: which actions would appear, vanish or change, had it been so in the recording.

    Plays the recording twice, side by side, and compares the actions on both topics. Without --base the other
    configuration is what `riskd replay` would take: that of the journal's own run, of a recording that riskd brings,
    else the default. A journal's slow work is computed anew under both, so that they differ in their settings alone.
    For each limit it tells actions, open time firing, and false positives a week by the slow reference model, with the
    reason where none can be told. Two equal configurations are no difference, and are not played. Of a daemon of
    several shards one journal is played, and the others are named.

    \b
    Examples:
      riskd plan tighter.yaml --against out/journal                    against what ran
      riskd plan tighter.yaml --against equities --out out/plan        with both replays to look into
      riskd plan b.yaml --base a.yaml --against day.jsonl.zst --json | jq '.counts'
    """
    from rich.console import Console

    from daemon.plan_command import Asked, rehearsal

    asked = Asked(config, against, base, out, force)
    screen = Console(stderr=True, highlight=False, markup=False)
    with ExitStack() as stack:
        bars = ExitStack()
        progress = _no_progress
        if screen.is_terminal:
            from daemon.plan_progress import SideProgress

            progress = bars.enter_context(SideProgress(screen, against)).move
        with bars:
            found = stack.enter_context(rehearsal(asked, progress))
        _tell(found, as_json=as_json)


def _no_progress(side: str, bytes_done: int, now_ns: int) -> None:
    """Say nothing: nobody looks on."""


def _tell(found: "Rehearsal", *, as_json: bool) -> None:
    """Print the rehearsal, and write it down where a folder was named; plan.json comes last, in one rename."""
    from rich.console import Console

    from audit.line import canonical_json
    from daemon.plan_command import PLAN_FILE, TEXT_FILE
    from daemon.plan_record import plan_record
    from daemon.plan_text import plan_view

    record, view = canonical_json(plan_record(found)) + b"\n", plan_view(found)
    out = found.asked.out
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        with (out / TEXT_FILE).open("w", encoding="utf-8") as file:
            Console(file=file, highlight=False, markup=False, emoji=False, width=PIPED_WIDTH).print(view)
        part = out / f"{PLAN_FILE}.part"
        part.write_bytes(record)
        part.replace(out / PLAN_FILE)
    if as_json:
        typer.echo(record.decode(), nl=False)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
    console.print(view)
