"""What the demo tells at its end: what to try next, and where to look while it keeps running."""

import sys
from pathlib import Path

from rich.console import Console

from config.schema import KafkaConfig
from daemon.demo_folder import DemoFolder
from daemon.shipped import EQUITIES, Shipped


def print_lines(text: str) -> None:
    """Print plain text on standard output, as it is."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def next_steps(folder: DemoFolder, shipped: Shipped = EQUITIES) -> str:
    """Return the commands that go on from the demo's files."""
    riskd, recording, config = _command(), shipped.name, _shown(shipped.config)
    out = folder.path
    return "\n".join(
        (
            "",
            "What to try next:",
            f"  {riskd} audit verify {folder.audit}",
            "      is the audit log as it was written?",
            f"  {riskd} replay {folder.journal} --out {out}-again",
            "      the run once more from its journal: the same decisions, byte for byte",
            f"  {riskd} replay {recording} --out {out}-raw",
            "      the same without a broker",
            f"  {riskd} check {config} --show",
            "      the limits, written out in full; copy the file, change one, and replay with --config",
        )
    )


def addresses(kafka: KafkaConfig, http: str, folder: DemoFolder) -> str:
    """Return where to look while broker and daemon keep running."""
    topics = kafka.topics
    riskd = _command()
    return "\n".join(
        (
            "",
            "Broker and riskd keep running until Ctrl-C. Look at:",
            f"  Kafka       {kafka.bootstrap}",
            f"  read        {topics.market_data}, {topics.positions}, {topics.reference}, {topics.control}, "
            f"{topics.acks}",
            f"  written     {topics.actions}, {topics.shadow}, {topics.state}, {topics.leases}, {topics.deadletter}, "
            f"{topics.checkpoints}",
            f"  metrics     http://{http}/metrics",
            f"  readiness   http://{http}/readyz",
            f"  state       http://{http}/state",
            f"  {riskd} status --url http://{http}",
            f"  {riskd} audit verify {folder.audit}",
            f"  log         {folder.log}",
            f"  config      {folder.config}",
        )
    )


def _command() -> str:
    """Return riskd as it was called, so that the lines can be copied."""
    return sys.argv[0] if Path(sys.argv[0]).name == "riskd" else "riskd"


def _shown(path: Path) -> Path:
    """Return a path from here where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
