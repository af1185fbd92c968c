"""The command `record`: taps the input topics into a recording."""

from pathlib import Path
from typing import Annotated

import typer

SEGMENT_BYTES = 256 * 1024 * 1024
SEGMENT_BYTES_MIN = 4_096


def record(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Folder of the recording, its own.")],
    duration: Annotated[
        str | None, typer.Option("--for", metavar="60s|1h|...", help="End after so long; else at SIGTERM or Ctrl-C.")
    ] = None,
    segment_bytes: Annotated[
        int, typer.Option(metavar="N", min=SEGMENT_BYTES_MIN, help="Bytes of a segment before compression.")
    ] = SEGMENT_BYTES,
) -> None:
    """Record the input topics, in the order in which the daemon would apply them.

    Writes segments recording-<first n>.jsonl.zst of envelopes (n, topic, partition, offset, ts_in, payload), each there
    only when it is durable. In a folder that holds such a recording it goes on where the last segment ends. With
    `clock: event` the replay of the recording gives the decisions of `riskd run` on the same topics.

    \b
    Examples:
      riskd record --config limits.yaml --out out/today --for 1h
      riskd replay out/today --config limits.yaml --out out/replayed
    """
    for_s = None if duration is None else _seconds(duration)
    from daemon.record import RecordPlan
    from daemon.record import record as record_topics

    record_topics(RecordPlan(config=config, out=out, for_s=for_s, segment_bytes=segment_bytes))


def _seconds(text: str) -> float:
    from pydantic import TypeAdapter, ValidationError

    from config.durations import DurationNs

    try:
        duration_ns: int = TypeAdapter(DurationNs).validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(message, param_hint="--for") from error
    if duration_ns < 1:
        raise typer.BadParameter(f"time must be above 0, got {text}", param_hint="--for")
    return duration_ns / 1e9
