"""The command `riskd`: its commands, their help, and the exit codes 0 done, 1 failed, 2 usage, 78 bad configuration."""

import sys
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_audit import audit_app
from daemon.cli_check_order import check_order
from daemon.cli_commands import approve, halt, keygen, mode, reinstate, reset_hwm
from daemon.cli_demo import demo
from daemon.cli_errors import EXIT_USAGE, exit_code, known_errors
from daemon.cli_evidence import evidence
from daemon.cli_explain import explain
from daemon.cli_help import SectionedGroup
from daemon.cli_inspect import check, journal_app, topics_app
from daemon.cli_label import label
from daemon.cli_limits import limits
from daemon.cli_options import ForceOption, RecordingArgument, SpeedOption, speed_multiple
from daemon.cli_override import override, override_end
from daemon.cli_plan import plan
from daemon.cli_record import record
from daemon.cli_report import report
from daemon.cli_selftest import selftest
from daemon.cli_sensitivity import sensitivity
from daemon.cli_status import status
from daemon.cli_stress import stress
from daemon.numba_cache import use_numba_cache

# Plain help: it reads the same in a pipe, and building it needs none of the heavy imports.
app = typer.Typer(
    name="riskd",
    cls=SectionedGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(journal_app, name="journal")
app.add_typer(audit_app, name="audit")
app.add_typer(topics_app, name="topics")
for _command in (halt, reinstate, mode, override, approve, limits, keygen):
    app.command()(_command)
app.command("override-end")(override_end)
app.command("reset-hwm")(reset_hwm)
app.command()(demo)
app.command()(check)
app.command()(check_order)
app.command()(evidence)
app.command()(explain)
app.command()(label)
app.command()(plan)
app.command()(record)
app.command()(report)
app.command()(selftest)
app.command()(sensitivity)
app.command()(status)
app.command()(stress)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"riskd {package_version('riskd')}")
        raise typer.Exit


@app.callback()
def riskd(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Real-time risk and enforcement: VaR, ES, stress and limits after every event.

    \b
    Start here:
      riskd demo                              33 years of real prices, three books, a broker of its own
      riskd replay out.jsonl --out out/mine   a recording of yours, offline
      riskd report out.jsonl                  what happened, for people: one page of HTML
      riskd check limits.yaml                 is my configuration right?
      riskd run --config limits.yaml          the daemon, on Kafka

    Exit codes: 0 done; 1 the check failed or the run broke; 2 usage; 78 bad configuration.
    """


@app.command()
def replay(
    recording: RecordingArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the outputs.")],
    config: ConfigOption = None,
    speed: SpeedOption = "max",
    states: Annotated[
        str | None, typer.Option(metavar="1d|1h|...", help="Write every scope's state once per period of core time.")
    ] = None,
    states_at: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Write it after these inputs: a list of n."),
    ] = None,
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Inputs a step; it changes no output.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json on standard output.")] = False,
    with_report: Annotated[
        bool, typer.Option("--report", help="Also write report.html, for people; series.jsonl is what it is made from.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Play a recording or a journal through the core, offline.

    Writes actions.jsonl, shadow.jsonl, decisions.jsonl, states.jsonl, deadletter.jsonl, audit/ and summary.json. The
    same recording and configuration give the same bytes. A journal brings its own configuration; --config overrides
    it. A recording is .jsonl, .jsonl.gz, .jsonl.zst, or a folder of them.

    \b
    Examples:
      riskd replay crypto --out out/crypto                a recording that riskd brings, with its own limits
      riskd replay day.jsonl.zst --config limits.yaml --out out/day
      riskd replay out/journal --out out/again            the live run once more
      riskd replay day.jsonl --out out/day --states 1h    with the risk numbers of every hour
      riskd replay day.jsonl --out out/day --json | jq .fired_by_year
      riskd replay day.jsonl --out out/day --report     and a page for people
    """
    period_ns, points, multiple = _period_ns(states), _states_at(states_at), speed_multiple(speed)
    from daemon.replay import ReplayPlan
    from daemon.replay_command import run_replay
    from daemon.replay_files import REPORT_FILE

    plan = ReplayPlan(
        recording=recording,
        out=out,
        config=config,
        batch=batch,
        states_every_ns=period_ns,
        states_at=points,
        speed=multiple,
        keeps_series=with_report,
        force=force,
    )
    if with_report:
        from daemon.report_command import check_packages, write_page

        check_packages()
    run_replay(plan, as_json=as_json)
    if with_report:
        write_page(out, out / REPORT_FILE)
        typer.echo(f"  {REPORT_FILE:18} the report that a person reads", err=True)


@app.command()
def run(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML.")
    ],
) -> None:
    """Run the daemon: Kafka in, actions out, /metrics and /healthz beside it.

    It journals every batch before anything leaves, and after a restart goes on from its journal. SIGTERM ends it
    after the batch at hand.

    \b
    Examples:
      riskd topics create --config limits.yaml
      riskd run --config limits.yaml
    """
    from daemon.live import run as run_live

    run_live(config)


def _period_ns(text: str | None) -> int | None:
    """Return a period of `--states` in ns."""
    if text is None:
        return None
    from pydantic import TypeAdapter, ValidationError

    from config.durations import DurationNs

    try:
        period: int = TypeAdapter(DurationNs).validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(message, param_hint="--states") from error
    if period < 1:
        raise typer.BadParameter(f"period must be above 0, got {text}", param_hint="--states")
    return period


def _states_at(path: Path | None) -> tuple[int, ...]:
    """Return the list of n of `--states-at`."""
    if path is None:
        return ()
    from daemon.states_at import read_states_at

    try:
        return read_states_at(path)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--states-at") from error


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code; `arguments` default to those of the process."""
    if not __debug__:
        typer.echo("riskd: refuses to start under python -O: its assertions guard what must never go wrong", err=True)
        sys.exit(EXIT_USAGE)
    use_numba_cache()
    try:
        app(arguments)
    except SystemExit:  # how every command that was carried out ends
        raise
    except known_errors() as error:
        typer.echo(f"riskd: {error}", err=True)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
