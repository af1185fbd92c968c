"""The command `label`: what a person says of an episode, written to the control topic."""

import getpass
import time
import uuid
from pathlib import Path
from typing import Annotated, Literal

import typer

VERDICTS: dict[str, tuple[str, str | None]] = {
    "true": ("true", None),
    "false": ("false", None),
    "data-error": ("false", "data_error"),
    "model-error": ("false", "model_error"),
    "benign": ("false", "benign_approved"),
    "duplicate": ("false", "duplicate"),
    "unresolved": ("unresolved", None),
}
Verdict = Literal["true", "false", "data-error", "model-error", "benign", "duplicate", "unresolved"]


def label(
    episode: Annotated[str, typer.Argument(metavar="EPISODE", help="Its id, as decisions and actions carry it.")],
    config: Annotated[
        Path,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Of the daemon, YAML."),
    ],
    verdict: Annotated[Verdict, typer.Option(metavar="|".join(VERDICTS), help="What the episode was.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes into the audit log.")],
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Who says so; default: the user's name.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The actor's private Ed25519 key, PEM."),
    ] = None,
    scope: Annotated[
        str | None, typer.Option(metavar="PATH", help="Its scope; needed where a process has several shards.")
    ] = None,
    confidence: Annotated[float | None, typer.Option(metavar="P", min=0.0, max=1.0, help="How sure, 0 to 1.")] = None,
    outcome_known: Annotated[
        bool | None,
        typer.Option("--outcome-known/--outcome-unknown", help="Whether you had seen what came afterwards."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the command; send nothing.")] = False,
) -> None:
    """Say whether an episode was true or false: the loop that promotion and demotion live by.

    False means: the asserted condition was false on verified data (data-error, model-error), or true but covered by an
    exemption that was approved before (benign). That nothing bad came later is no reason. A label is appended, never
    edited; a later one takes its place, and `unresolved` takes it back. The daemon refuses one of no known episode
    (dead-letter topic).

    \b
    Examples:
      riskd label 1d1e59f5f194c282ba1a5409bbe8a5f6 -c limits.yaml --verdict true --reason "rates moved" --key ana.pem
      riskd label 05e5453aa1157c93e2633de9add4dc03 -c limits.yaml --verdict data-error --reason "bad tick in ESZ6"
    """
    from audit.signing import read_signing_key
    from config.loader import load_config
    from feeds.control_sender import command_payload, send_command
    from sensors.catalogue import SHIPPED

    said, cause = VERDICTS[verdict]
    command = {
        "type": "label", "ts": time.time_ns(), "actor": actor or getpass.getuser(), "reason": reason,
        "command_id": uuid.uuid4().hex, "episode_id": episode, "scope": scope, "verdict": said, "cause": cause,
        "confidence": confidence, "outcome_known": outcome_known,
    }  # fmt: skip
    payload = command_payload(command, None if key is None else read_signing_key(key))
    kafka = load_config(config, SHIPPED.known).kafka
    if dry_run:
        typer.echo(payload.decode())
        return
    partition, offset = send_command(kafka, payload, scope=scope)
    typer.echo(f"{kafka.topics.control}[{partition}] {offset}: {episode} is {verdict}, command {command['command_id']}")
