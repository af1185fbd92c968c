"""What an action is said to have been: its records in the audit log and in a replay's files, found by their id."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from audit.segments import segments
from daemon.explain_error import ExplainError
from daemon.explain_pass import TOPICS, Topic

Source = Literal["audit", "file", "topic"]
ID_DIGITS = 32
PREFIX_DIGITS_MIN = 4
_FILES: dict[str, Topic] = {"actions.jsonl": "actions", "shadow.jsonl": "shadow"}


@dataclass(frozen=True, slots=True)
class Claim:
    """One record that bears the id.

    place : where it stands, for people; line: its bytes as they stand there, without a newline
    """

    source: Source
    place: str
    topic: Topic
    action_id: str
    shard: int
    line: bytes


def is_id_or_prefix(text: str) -> bool:
    """Say whether the text is an action id, or enough of one: 4 to 32 hex digits."""
    return PREFIX_DIGITS_MIN <= len(text) <= ID_DIGITS and all(digit in "0123456789abcdef" for digit in text)


def audit_claims(folder: Path, shard: int, prefix: str) -> list[Claim]:
    """Return the action records of one audit log whose id begins so."""
    return [
        Claim("audit", place, topic, str(record["action_id"]), shard, line)
        for place, line in audit_lines(folder, (_needle(prefix),))
        if (record := record_of(line)).get("kind") == "action"
        and str(record.get("action_id")).startswith(prefix)
        and (topic := _topic(record.get("topic"))) is not None
    ]


def file_claims(path: Path, prefix: str) -> list[Claim]:
    """Return the actions of a replay's file, or of `actions.jsonl` and `shadow.jsonl` in a folder, whose id begins so.

    Raises ExplainError where a folder holds neither.
    """
    paths = [path]
    if path.is_dir():
        paths = [path / name for name in _FILES if (path / name).is_file()]
        if not paths:
            raise ExplainError(f"{path}: holds neither {' nor '.join(_FILES)}")
    else:  # both topics carry the same ids, and the file of the other one is told apart by its name alone
        paths += [path.with_name(name) for name in _FILES if path.name in _FILES and name != path.name]
    found: list[Claim] = []
    for each in paths:
        if each.is_file():
            with each.open("rb") as lines:
                found += value_claims("file", _FILES.get(each.name), _placed(str(each), lines), prefix)
    return found


def value_claims(
    source: Source, topic: Topic | None, lines: Iterable[tuple[str, bytes]], prefix: str
) -> Iterator[Claim]:
    """Yield the whole actions whose id begins so, of (place, line); topic None: as their effect says."""
    needle = _needle(prefix)
    for place, line in lines:
        if needle not in line:
            continue
        record = record_of(line)
        action_id, shard = record.get("action_id"), record.get("shard")
        if isinstance(action_id, str) and action_id.startswith(prefix):
            of = topic or ("actions" if record.get("effect") == "enforced" else "shadow")
            yield Claim(source, place, of, action_id, shard if isinstance(shard, int) else 0, line)


def audit_lines(folder: Path, needles: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Return (place, line) of every line of one log that holds any of these bytes; raises AuditError without a log."""
    return [
        (f"{segment.path}:{number}", line.rstrip(b"\n"))
        for segment in segments(folder)
        for number, line in enumerate(segment.lines(), 1)
        if any(needle in line for needle in needles)
    ]


def only_id(claims: Sequence[Claim], prefix: str) -> str | None:
    """Return the one id of the claims, None where there are none; ExplainError where the prefix is of several."""
    ids = sorted({claim.action_id for claim in claims})
    if len(ids) > 1:
        shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
        raise ExplainError(f"{prefix} is the beginning of {len(ids)} action ids: {shown}")
    return ids[0] if ids else None


def record_of(line: bytes) -> dict[str, object]:
    """Return a line as a record; empty where it is none, which is no reason to stop looking."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def _topic(value: object) -> Topic | None:
    return next((topic for topic in TOPICS if topic == value), None)


def _placed(name: str, lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(lines, 1):
        yield f"{name}:{number}", line.rstrip(b"\n")


def _needle(prefix: str) -> bytes:
    return b'"action_id":"' + prefix.encode()
