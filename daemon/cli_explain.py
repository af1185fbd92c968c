"""The command `explain`: why an action was published, recomputed from its inputs, and whether the bytes match."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_FAILED
from daemon.cli_options import recording_path

if TYPE_CHECKING:
    from daemon.explain_command import Explanation
    from daemon.explain_sources import Asked

PIPED_WIDTH = 4_000  # a path is never broken: someone greps for it


def explain(
    action_id: Annotated[
        str, typer.Argument(metavar="ACTION_ID", help="Its id, or at least 4 digits of its beginning.")
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Of the daemon, YAML."),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help="Journal; default: the daemon's.")
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(
            metavar="R", parser=recording_path, help="Play a recording instead, under --config; or equities, crypto."
        ),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help="Audit log; default: the run's.")
    ] = None,
    actions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, help="Also compare a replay's actions.jsonl, shadow.jsonl or folder."
        ),
    ] = None,
    from_topic: Annotated[bool, typer.Option("--from-topic", help="Also compare the records on the topics.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")] = False,
) -> None:
    """Say why an action was published, from its inputs, and whether every record of it has the bytes that they give.

    It plays the journal up to the input that made the action, and shows that input, the limit, the numbers of the book
    with their statuses, components, targets and what meeting them would do, and the episode with its labels. Then it
    holds the recomputed bytes against the audit log, whose chain it follows, and against files and topics where asked.
    Exits 0 only where all bytes are the same and one record was there to compare. A raw recording cannot tell epoch,
    n and offsets of a run: these are named, and are no match.

    \b
    Examples:
      riskd explain 1d1e59f5 --config limits.yaml --from-topic
      riskd explain 1d1e59f5 --journal out/demo/journal --actions out/demo
      riskd explain 1d1e59f5 --recording equities --audit out/eq/audit --actions out/eq
      riskd explain 1d1e59f5 --config limits.yaml --json | jq '.actions[0].state.metrics'
    """
    if journal is not None and recording is not None:
        raise typer.BadParameter("give --journal or --recording, not both", param_hint="--recording")
    from daemon.explain_sources import Asked

    asked = Asked(_checked(action_id), config, journal, recording, audit, actions, from_topic)
    explanation = _explained(asked)
    if as_json:
        from audit.line import canonical_json
        from daemon.explain_record import explanation_record

        typer.echo(canonical_json(explanation_record(explanation)).decode())
    else:
        _show(explanation)
    if not explanation.is_match:
        raise typer.Exit(EXIT_FAILED)


def _checked(action_id: str) -> str:
    """Return the id in small letters; a usage error where it is none."""
    from daemon.explain_claims import is_id_or_prefix

    wanted = action_id.lower()
    if not is_id_or_prefix(wanted):
        raise typer.BadParameter(f"an id has 4 to 32 hex digits, got {action_id!r}", param_hint="ACTION_ID")
    return wanted


def _explained(asked: "Asked") -> "Explanation":
    """Explain, with a progress bar by bytes read where a person looks on."""
    from rich.console import Console

    from daemon.explain_command import explain as explain_action
    from daemon.explain_progress import InputProgress

    screen = Console(stderr=True, highlight=False, markup=False)
    if not screen.is_terminal:
        return explain_action(asked)
    with InputProgress(screen) as progress:
        return explain_action(asked, progress.opened)


def _show(explanation: "Explanation") -> None:
    from rich.console import Console

    from daemon.explain_text import explanation_view

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
    console.print(explanation_view(explanation))
