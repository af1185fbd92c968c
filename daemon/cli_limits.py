"""The command `limits`: puts the limits of another configuration file in force while the daemon runs."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_commands import ActorOption, ConfigOption, DryOption, KeyOption, ReasonOption
from daemon.command_sending import Said, say


def limits(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A configuration with the new limits.")
    ],
    config: ConfigOption,
    reason: ReasonOption,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this limit of it; again for each. Default: all.")
    ] = None,
    actor: ActorOption = None,
    key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:
    """Replace the limits of a running daemon by those of a file, or single ones of them.

    The file is read as `riskd check` reads it; nothing but its limits is taken. What is unchanged keeps its life, a
    changed limit gathers its evidence anew, a stage lower, and loses its overrides. What loosens (a level up, a milder
    action, a limit gone) waits for another person. The journal carries it through restarts; put it into the daemon's
    own file, too: the next change of the limits there takes the place of all that commands have made of them.

    \b
    Examples:
      riskd limits new.yaml -c limits.yaml --reason "review of November" --key ana.pem
      riskd limits new.yaml -c limits.yaml --limit var_99 --reason "tighter" --key ana.pem
    """
    from config.limit_list import loosened, merged
    from config.loader import load_config
    from sensors.catalogue import SHIPPED

    before = load_config(config, SHIPPED.known).enforcement.limits
    after = load_config(file, SHIPPED.known).enforcement.limits
    if limit is not None:
        unknown = [name for name in limit if name not in {each.id for each in after}]
        if unknown:
            raise typer.BadParameter(f"{file} has no limit {', '.join(unknown)}", param_hint="--limit")
        after = tuple(each for each in after if each.id in limit)
    written = [
        each.model_dump(mode="json", by_alias=True, exclude_none=True, context={"durations": "text"}) for each in after
    ]
    whole = merged(before, after) if limit is not None else after
    fields: dict[str, object] = {"limits": written, "merge": limit is not None}
    said = Said(config, actor, key, reason, dry_run)
    say(said, "limits", fields, scope=None, takes_two=bool(loosened(before, whole)))
