"""The commands that look and change nothing of the core's: check, journal cat, topics create."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_CONFIG, EXIT_FAILED

if TYPE_CHECKING:
    from config.schema import Config, Limit

# Plain help: it reads the same in a pipe, and building it needs none of the heavy imports.
journal_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look into a journal.")
topics_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The topics on Kafka.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")]


# A group of one command would otherwise become that command itself.
@journal_app.callback()
def _journal() -> None:
    """Look into a journal."""


@topics_app.callback()
def _topics() -> None:
    """The topics on Kafka."""


def check(
    config: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Configuration, YAML.")],
    show: Annotated[bool, typer.Option("--show", help="Print the full configuration that it expands to.")] = False,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="Say what a start over this journal would do."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a configuration without connecting to anything.

    Every fault comes with its file, line and path; exit 78 if there is one. Limits of sensors that this release does
    not evaluate are named, because a limit that nobody watches must not look like one that holds. With --journal it
    says what a start with the file would change, whose evidence begins anew, and exits 1 where it would be refused.

    \b
    Examples:
      riskd check limits.yaml
      riskd check limits.yaml --journal out/journal     before a restart with an edited file
      riskd check limits.yaml --show     the short form, written out in full
      riskd check limits.yaml --json
    """
    from audit.line import canonical_json
    from config.dump import dump_full
    from config.faults import ConfigError
    from config.loader import load_config
    from enforcement.limits import unwatched_limits
    from sensors.catalogue import SHIPPED

    try:
        loaded = load_config(config, SHIPPED.known)
    except ConfigError as error:
        if as_json:
            faults = [
                {"file": f.file, "path": f.path, "line": f.line, "column": f.column, "message": f.message}
                for f in error.faults
            ]
            typer.echo(canonical_json({"ok": False, "faults": faults, "unwatched": []}).decode())
        else:
            count = len(error.faults)
            typer.echo("\n".join([*map(str, error.faults), f"{config}: {count} fault{'s' if count != 1 else ''}"]))
        raise typer.Exit(EXIT_CONFIG) from None
    unwatched = unwatched_limits(loaded, SHIPPED)
    starts = _Starts([], [], False) if journal is None else _starts(config, journal)
    if as_json:
        limits = [{"id": limit.id, "sensor": limit.sensor, "metric": limit.metric} for limit in unwatched]
        told: dict[str, object] = {"ok": not starts.is_refused, "faults": [], "unwatched": limits}
        if journal is not None:
            told["starts"] = starts.records
        typer.echo(canonical_json(told).decode())
    else:
        if show:
            typer.echo(dump_full(loaded).rstrip())
        _warn(loaded, unwatched)
        watched = len(loaded.enforcement.limits) - len(unwatched)
        typer.echo(f"{config}: good; {watched} limits watched, {len(unwatched)} not", err=show)
        for line in starts.lines:
            typer.echo(line, err=show)
    if starts.is_refused:
        raise typer.Exit(EXIT_FAILED)


@dataclass(frozen=True, slots=True)
class _Starts:
    """What starts over a journal's shards would do: for scripts, for people, and whether one would be refused."""

    records: list[dict[str, object]]
    lines: list[str]
    is_refused: bool


def _starts(config: Path, journal: Path) -> _Starts:
    from daemon.start_preview import preview_lines, preview_record, start_previews
    from daemon.wiring import build_setup

    previews = start_previews(journal, build_setup(config))
    return _Starts(
        [preview_record(each) for each in previews],
        [line for each in previews for line in preview_lines(each)],
        any(each.is_refused for each in previews),
    )


def _warn(config: "Config", unwatched: Sequence["Limit"]) -> None:
    """Say on standard error what is no fault, and not what its writer will expect."""
    from feeds.kafka_properties import exposed_secrets

    for limit in unwatched:
        what = f"{limit.sensor} {limit.metric}"
        typer.echo(f"warning: limit {limit.id} is not watched: this release has no sensor for {what}", err=True)
    if config.control.keys and config.control.deployment is None:
        what = "a command signed for another riskd with the same keys is good here, too"
        typer.echo(f"warning: control.deployment is not set: {what}", err=True)
    for text in exposed_secrets(config.kafka):
        typer.echo(f"warning: {text}", err=True)
    if len(config.enforcement.limits) == len(unwatched):
        typer.echo("warning: no limit is watched: riskd will measure, and ask for nothing", err=True)


@journal_app.command("cat")
def journal_cat(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Journal folder.")],
    from_n: Annotated[int, typer.Option("--from", metavar="N", min=0, help="Begin with input n.")] = 0,
) -> None:
    """Print a journal as envelopes, one JSON object a line.

    What it prints is a recording: `riskd replay` plays it.

    \b
    Examples:
      riskd journal cat out/journal | head
      riskd journal cat out/journal --from 1200345 | head -1
      riskd journal cat out/journal > day.jsonl
    """
    from feeds.journal_reader import envelopes

    for line in envelopes(directory, from_n):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


@topics_app.command("create")
def topics_create(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML.")
    ],
    market_data_partitions: Annotated[int, typer.Option(min=1, help="Partitions of market data.")] = 1,
    positions_partitions: Annotated[int, typer.Option(min=1, help="Partitions of positions, and so of actions.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Create riskd's topics with the partitions and clean-up that they need; nothing that exists is changed.

    Exits 1 where an existing topic differs from what riskd needs, and says how.

    \b
    Examples:
      riskd topics create --config limits.yaml
      riskd topics create --config limits.yaml --market-data-partitions 8
    """
    from audit.line import canonical_json
    from config.loader import load_config
    from feeds.kafka_preflight import check_connection
    from feeds.kafka_topics import create_topics
    from sensors.catalogue import SHIPPED

    loaded = load_config(config, SHIPPED.known)
    check_connection(loaded.kafka)
    outcomes = create_topics(
        loaded.kafka,
        market_data_partitions=market_data_partitions,
        positions_partitions=positions_partitions,
        pretrade=loaded.pretrade,
    )
    if as_json:
        topics = [{"name": o.name, "created": o.created, "difference": o.difference} for o in outcomes]
        typer.echo(canonical_json({"topics": topics}).decode())
    else:
        for outcome in outcomes:
            state = "created" if outcome.created else "exists" if outcome.difference is None else "differs"
            typer.echo(f"{state:8} {outcome.name}" + (f": {outcome.difference}" if outcome.difference else ""))
    if any(outcome.difference is not None for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)
