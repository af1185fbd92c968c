"""The command `check-order`: may an order go, and if not, how much of it; of a running daemon, or of a recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_FAILED
from daemon.cli_options import recording_path

if TYPE_CHECKING:
    from daemon.order_answer import OrderQuestion


def check_order(
    portfolio: Annotated[str, typer.Argument(help="Path of the portfolio, such as firm/desk.")],
    side: Annotated[str, typer.Argument(metavar="buy|sell", help="What the order does.")],
    quantity: Annotated[float, typer.Argument(help="Units, above 0.")],
    instrument: Annotated[str, typer.Argument(help="Its name in the reference data.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML."),
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="The daemon, such as http://127.0.0.1:9464.")] = None,
    recording: Annotated[
        Path | None,
        typer.Option(metavar="PATH", parser=recording_path, help="Ask a recording or a journal instead."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="N|DATE|TIME", help="With --recording: after this input or moment (UTC).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Ask whether an order may go, and if not, how much of it; nothing is sent and nothing changes.

    VaR, ES, stress, concentration and leverage of every book on the portfolio's path are those with the order filled.
    What reduces a position always goes. Exits 1 where less than the whole order may go, or where there is no answer.

    \b
    Examples:
      riskd check-order firm/desk buy 500 AAPL
      riskd check-order firm/desk sell 500 AAPL --url http://10.0.0.5:9464 --json
      riskd check-order firm/desk buy 500 AAPL --recording out/journal --at 2008-09-12
    """
    if recording is not None and url is not None:
        raise typer.BadParameter("give --recording or --url, not both", param_hint="--url")
    if recording is None and at is not None:
        raise typer.BadParameter("a running daemon is asked as it stands: give --recording too", param_hint="--at")
    from daemon.check_order_text import print_answer
    from daemon.order_answer import OrderQuestion, OrderRefusedError, check_question
    from daemon.state_client import StateError

    if side not in ("buy", "sell"):
        raise typer.BadParameter(f"side must be buy or sell, got {side!r}", param_hint="SIDE")
    question = OrderQuestion(
        portfolio=portfolio, instrument=instrument, side="buy" if side == "buy" else "sell", quantity=quantity
    )
    try:
        check_question(question)
    except OrderRefusedError as refusal:
        raise typer.BadParameter(str(refusal), param_hint="QUANTITY") from None
    try:
        content = _ask(question, config, url) if recording is None else _play(question, recording, config, at)
    except (OrderRefusedError, StateError) as error:
        code = f"{error.code.value}: " if isinstance(error, OrderRefusedError) else ""
        typer.echo(f"riskd: {code}{error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    print_answer(content, as_json=as_json)
    if b'"outcome":"go"' not in content:
        raise typer.Exit(EXIT_FAILED)


def _ask(question: "OrderQuestion", config: Path | None, url: str | None) -> bytes:
    from daemon.check_order_client import ask_daemon
    from daemon.cli_status import daemon_address

    return ask_daemon(url if url is not None else daemon_address(config), question)


def _play(question: "OrderQuestion", recording: Path, config: Path | None, at: str | None) -> bytes:
    from daemon.check_order_moment import CheckPlan, CheckRun
    from daemon.order_answer import answer_json
    from daemon.stress_moment import Moment, parse_moment

    try:
        moment = Moment() if at is None else parse_moment(at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    run = CheckRun(CheckPlan(recording, question, config, moment))
    for _ in run.steps():
        pass
    return answer_json(run.answer())
