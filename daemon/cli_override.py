"""The commands `override` and `override-end`: exceptions for a time, and their end before it."""

import time
from typing import Annotated, Literal

import typer

from daemon.cli_commands import ActorOption, ConfigOption, DryOption, KeyOption, ReasonOption
from daemon.command_sending import Said, duration_ns, say

State = Literal["ACTIVE", "THROTTLED", "REDUCING", "HALTED"]


def override(
    scope: Annotated[str, typer.Argument(metavar="PORTFOLIO", help="A path, or a glob such as firm/**.")],
    config: ConfigOption,
    reason: ReasonOption,
    lasts: Annotated[str, typer.Option("--for", metavar="4h", help="How long: 30m, 4h, 2d.")],
    limit: Annotated[str | None, typer.Option(metavar="ID", help="Whose level, or whose actions.")] = None,
    to: Annotated[float | None, typer.Option("--to", metavar="VALUE", help="Another level, in its unit.")] = None,
    level: Annotated[str | None, typer.Option(metavar="NAME", help="Which, where the limit has several.")] = None,
    suppress: Annotated[bool, typer.Option("--suppress", help="Keep the limit's actions back; it decides on.")] = False,
    pin: Annotated[
        State | None, typer.Option(metavar="ACTIVE|THROTTLED|REDUCING|HALTED", help="Hold at this state.")
    ] = None,
    actor: ActorOption = None,
    key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:
    """Make an exception for a time: another level (--to), no actions (--suppress), or a state (--pin).

    A higher level and --pin ACTIVE wait for another person (riskd approve). It ends by itself: what then breaches acts
    at that moment. Hard limits are raised within bounds only, and neither suppressed nor pinned away.

    \b
    Examples:
      riskd override firm/eq --limit var_99 --to 3000000 --for 4h -c limits.yaml --reason "expiry" --key ana.pem
      riskd override "firm/eq/**" --limit var_95 --suppress --for 30m -c limits.yaml --reason "bad closes" --key ana.pem
      riskd override firm --pin REDUCING --for 2h -c limits.yaml --reason "results tonight" --key ana.pem
    """
    kinds = {"limit_increase": to is not None, "suppress": suppress, "pin_state": pin is not None}
    chosen = [kind for kind, is_chosen in kinds.items() if is_chosen]
    if len(chosen) != 1:
        raise typer.BadParameter("one of --to, --suppress and --pin must be given", param_hint="--to")
    if (limit is None) != (pin is not None):
        raise typer.BadParameter("--to and --suppress are of a --limit, and --pin is of none", param_hint="--limit")
    fields: dict[str, object] = {
        "kind": chosen[0], "scope": scope, "expires_at": time.time_ns() + duration_ns(lasts, "--for"), "limit": limit,
        "level": level, "value": to, "state": pin,
    }  # fmt: skip
    said = Said(config, actor, key, reason, dry_run)
    say(said, "override", fields, scope=scope, takes_two=pin == "ACTIVE" or _raises(said, limit, level, to))


def override_end(
    override_id: Annotated[str, typer.Argument(metavar="OVERRIDE", help="Id of its command (riskd status).")],
    config: ConfigOption,
    reason: ReasonOption,
    scope: Annotated[str | None, typer.Option(metavar="PATH", help="Leads to its shard.")] = None,
    actor: ActorOption = None,
    key: KeyOption = None,
    dry_run: DryOption = False,
) -> None:
    """End an override before its time, or take back one that waits for an approval.

    \b
    Example:
      riskd override-end 9f0c... -c limits.yaml --reason "no longer needed" --key ana.pem
    """
    fields: dict[str, object] = {"override_id": override_id, "scope": scope}
    say(Said(config, actor, key, reason, dry_run), "override_end", fields, scope=scope)


def _raises(said: Said, limit: str | None, level: str | None, to: float | None) -> bool:
    """Say whether the value is over the level that this configuration has, so that it takes two people."""
    if to is None:
        return False
    from config.loader import load_config
    from sensors.catalogue import SHIPPED

    limits = load_config(said.config, SHIPPED.known).enforcement.limits
    levels = [each for one in limits if one.id == limit for each in one.levels if level in (None, each.name)]
    return any(to > each.at for each in levels)
