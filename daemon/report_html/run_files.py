"""Reads what a replay wrote, as far as a report needs it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from config.schema import ActionType, Mode
from daemon.replay_files import SERIES_FILE, SUMMARY_FILE
from daemon.series_lines import SeriesLine
from enforcement.records import Component, Effect, LifeState, Number, Target


class ReportError(ValueError):
    """A report cannot be made from what was given; the message says what is missing."""


class Params(msgspec.Struct, frozen=True):
    """The parameters of any action; None where it has no such one."""

    max_orders: int | None = None
    interval_ms: int | None = None
    max_notional: Number = None
    targets: tuple[Target, ...] | None = None
    cancel_working: str | None = None
    flatten: bool = False


class Evidence(msgspec.Struct, frozen=True):
    """What a decision rests on, as far as a report tells it."""

    components: tuple[Component, ...]
    clears_if: str | None


class Decided(msgspec.Struct, frozen=True):
    """A line of decisions.jsonl."""

    d: int
    kind: str
    scope: str
    limit: str
    sensor: str
    metric: str
    level: str
    transition: str
    life: LifeState
    decided_type: ActionType
    params: Params
    statistic: Number
    unit: str
    status: str
    at: Number
    clear_at: Number
    reason: str
    evidence: Evidence
    ts_decided: int


class Caused(msgspec.Struct, frozen=True):
    """The cause of an action."""

    published_type: ActionType


class Published(msgspec.Struct, frozen=True):
    """A line of actions.jsonl: what left for the trading systems."""

    d: int
    type: ActionType
    effect: Effect
    mode: Mode
    cause: Caused


class _Refused(msgspec.Struct, frozen=True):
    reason: str
    topic: str


class InputCounts(msgspec.Struct, frozen=True):
    """What went in."""

    sent: int
    applied: int
    rejected: int
    rejected_by_reason: dict[str, int]


class Summary(msgspec.Struct, frozen=True):
    """summary.json, as far as a report tells it."""

    setup_digest: str
    first_ts: int
    last_ts: int
    first_time: str
    last_time: str
    inputs: InputCounts


def read_summary(folder: Path) -> Summary:
    """Return the summary; raises ReportError where the folder holds no whole replay."""
    path = folder / SUMMARY_FILE
    if not path.is_file():
        raise ReportError(f"{folder}: holds no {SUMMARY_FILE}, so no replay was finished here")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except msgspec.DecodeError as error:
        raise ReportError(f"{path}: is not the summary of a replay: {error}") from error


def read_series(folder: Path) -> Iterator[SeriesLine]:
    """Yield the lines of the series; raises ReportError where there is none, or a line is damaged."""
    path = folder / SERIES_FILE
    if not path.is_file():
        raise ReportError(f"{folder}: holds no {SERIES_FILE}; replay it with --report, or name the recording itself")
    decoder = msgspec.json.Decoder(SeriesLine)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise ReportError(f"{path}: line {number} is no line of a series: {error}") from error


def read_decisions(folder: Path) -> list[Decided]:
    """Return the decisions in order."""
    return [msgspec.json.decode(line, type=Decided) for line in _lines(folder / "decisions.jsonl")]


def read_published(folder: Path) -> dict[int, Published]:
    """Return the enforced actions by the number of their decision."""
    actions = (msgspec.json.decode(line, type=Published) for line in _lines(folder / "actions.jsonl"))
    return {action.d: action for action in actions}


def count_rejections(folder: Path) -> dict[tuple[str, str], int]:
    """Return how many records were refused, by (reason, topic), in that order."""
    letters = (msgspec.json.decode(line, type=_Refused) for line in _lines(folder / "deadletter.jsonl"))
    return dict(sorted(Counter((letter.reason, letter.topic) for letter in letters).items()))


def _lines(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise ReportError(f"{path}: is missing; a report needs a replay's whole folder")
    with path.open("rb") as lines:
        yield from lines
