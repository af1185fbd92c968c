"""The command `riskd demo`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli_options import ForceOption, speed_multiple
from daemon.shipped import EQUITIES, shipped_by_name


class BrokerChoice(StrEnum):
    """What the demo may play through."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


class RecordingChoice(StrEnum):
    """What the demo may play."""

    EQUITIES = "equities"
    CRYPTO = "crypto"


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where its files go.")] = Path("out/demo"),
    broker: Annotated[
        BrokerChoice,
        typer.Option(help="embedded: inside this process; kafka: Apache Kafka, fetched once (extra `kafka`)."),
    ] = BrokerChoice.EMBEDDED,
    recording: Annotated[
        RecordingChoice,
        typer.Option(help="equities: 33 years of closes; crypto: eleven minutes of quotes, after a simulated history."),
    ] = RecordingChoice.EQUITIES,
    speed: Annotated[
        str | None,
        typer.Option(metavar="max|Nx", help="Default: paced to about 45 s on a terminal, max elsewhere."),
    ] = None,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Leave broker and riskd running afterwards, until Ctrl-C.")
    ] = False,
    report: Annotated[
        bool, typer.Option(help="Write report.html at the end, from the run's journal: half a minute more.")
    ] = True,
    force: ForceOption = False,
) -> None:
    """Play 33 years of real closes of 20 US stocks, or eleven minutes of coins, through a broker into the daemon.

    Three books of one firm trade from 1990 to 2022, or four around a midnight; the table shows their value, VaR,
    stress, drawdown and leverage, and how far each limit is used. At the end: whether every record is accounted for,
    what fired when, what stayed silent, and a report that a person reads.

    \b
    Examples:
      riskd demo
      riskd demo --speed max --out /tmp/demo
      riskd demo --recording crypto                quotes and trades of an intraday book
      riskd demo --broker kafka --keep-running     on Apache Kafka, to look around in
    """
    from daemon.demo import DemoPlan, run_demo

    run_demo(
        DemoPlan(
            out=out,
            broker=broker.value,
            speed=None if speed is None else speed_multiple(speed),
            is_paced=speed is None,
            force=force,
            keep_running=keep_running,
            shipped=shipped_by_name(recording.value) or EQUITIES,
            report=report,
        )
    )
