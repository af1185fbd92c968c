"""The commands `halt`, `reinstate`, `reset-hwm`, `mode`, `approve`, signed, on the control topic; and `keygen`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from daemon.command_sending import Said, say

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Of the daemon, YAML.")
]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes into the audit log.")]
ActorOption = Annotated[str | None, typer.Option(metavar="NAME", help="Who says so; default: the user's name.")]
KeyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The actor's private key: riskd keygen."),
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Print the command; send nothing.")]
ScopeArgument = Annotated[str, typer.Argument(metavar="PORTFOLIO", help="Its path, such as firm/eq.")]
Mode = Literal["monitoring", "gradual", "full"]


def halt(
    scope: ScopeArgument, config: ConfigOption, reason: ReasonOption, actor: ActorOption = None, key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:  # fmt: skip
    """Stop a portfolio and all below it: only cancels and reducing orders, in every mode, until `riskd reinstate`.

    \b
    Example:
      riskd halt firm/eq -c limits.yaml --reason "fat finger on ESZ6" --key ana.pem
    """
    say(Said(config, actor, key, reason, dry_run), "halt", {"scope": scope}, scope=scope)


def reinstate(
    scope: ScopeArgument, config: ConfigOption, reason: ReasonOption,
    limit: Annotated[str | None, typer.Option(metavar="ID", help="One latched limit, or operator_halt.")] = None,
    actor: ActorOption = None, key: KeyOption = None, dry_run: DryOption = False,
) -> None:  # fmt: skip
    """End an operator's halt and latched limits of a portfolio; what still breaches goes on by its own rules.

    \b
    Example:
      riskd reinstate firm/eq -c limits.yaml --reason "books checked" --key ana.pem
    """
    fields: dict[str, object] = {"scope": scope, "limit": limit}
    say(Said(config, actor, key, reason, dry_run), "reinstate", fields, scope=scope)


def reset_hwm(
    scope: ScopeArgument, config: ConfigOption, reason: ReasonOption, actor: ActorOption = None, key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:  # fmt: skip
    """Begin the drawdown of a portfolio anew from its present value."""
    say(Said(config, actor, key, reason, dry_run), "reset_hwm", {"scope": scope}, scope=scope)


def mode(
    mode: Annotated[Mode, typer.Argument(metavar="monitoring|gradual|full", help="What limits may do.")],
    config: ConfigOption,
    reason: ReasonOption,
    limit: Annotated[str | None, typer.Option(metavar="ID", help="Of one limit; default: of all.")] = None,
    scope: Annotated[str | None, typer.Option(metavar="PATH", help="In these portfolios; default: everywhere.")] = None,
    actor: ActorOption = None,
    key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:
    """Change what limits may do: in shadow, by evidence, or all of them; `full` waits for another person.

    It acts at once on breaches under way, both ways, and each portfolio whose state changes is told so.

    \b
    Examples:
      riskd mode monitoring -c limits.yaml --reason "feed is broken" --key ana.pem
      riskd mode full -c limits.yaml --limit var_99 --scope firm/eq --reason "proved in shadow" --key ana.pem
    """
    fields: dict[str, object] = {"mode": mode, "limit": limit, "scope": scope}
    say(Said(config, actor, key, reason, dry_run), "mode", fields, scope=scope, takes_two=mode == "full")


def approve(
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="Id of the command that waits (riskd status).")],
    config: ConfigOption,
    reason: ReasonOption,
    scope: Annotated[str | None, typer.Option(metavar="PATH", help="Leads to its shard.")] = None,
    actor: ActorOption = None,
    key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:
    """Agree, as a second person, to what another one asked for; it acts from then on.

    \b
    Example:
      riskd approve 9f0c... -c limits.yaml --reason "agreed with the desk" --actor bob --key bob.pem
    """
    fields: dict[str, object] = {"approves": command, "scope": scope}
    say(Said(config, actor, key, reason, dry_run), "approve", fields, scope=scope)


def keygen(
    path: Annotated[Path, typer.Argument(dir_okay=False, help="File for the private key; the public one gets .pub.")],
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Whose; default: the file's name.")] = None,
) -> None:
    """Make the Ed25519 key with which a person signs commands, and print what goes into the configuration.

    The private key is readable by its owner alone and never leaves the person; each person has a key of their own.

    \b
    Example:
      riskd keygen ana.pem
    """
    from audit.signing import make_key_files, public_key_path

    key = make_key_files(path)
    typer.echo(f"{path}: private key, for --key; {public_key_path(path)}: public key. In the configuration:", err=True)
    typer.echo(f"control:\n  keys: {{{actor or path.stem}: {key.public_bytes_raw().hex()}}}")
