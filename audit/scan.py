"""One walk over an audit folder, line by line along the chain; verification and reopening both stand on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from audit.chain import ANCHORS, GENESIS, link, shown, unseal


class AuditError(Exception):
    """The audit folder cannot be read or gone on with; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands after its last good line.

    lines   : good lines so far, which is the `n` of the last one
    records : those of them that the core made; the rest anchor the chain
    ts      : of the last good line, -1 before the first
    chain   : h_n
    kind    : of the last good line, "" before the first
    path    : file of the last good line, None before the first
    end     : bytes of `path` up to and including the last good line
    """

    lines: int = 0
    records: int = 0
    ts: int = -1
    chain: bytes = GENESIS
    kind: str = ""
    path: Path | None = None
    end: int = 0


@dataclass(frozen=True, slots=True)
class BadRecord:
    """The first bad record: its file's name, its line there (1-based), the n that belongs there, and why it is bad."""

    file: str
    line: int
    n: int
    why: str
    torn: bool = False  # the very last bytes of the log, without a newline: a write that a crash cut


def segments(directory: Path) -> list[Path]:
    """Return the audit files of `directory` in the order of their first n. Raises AuditError where there is none."""
    paths = sorted(directory.glob("audit-*.jsonl"))
    if not paths:
        raise AuditError(f"{directory}: no audit-*.jsonl here")
    return paths


def segment_name(first_n: int) -> str:
    """Return the name of the file whose first line has `first_n`; names sort as numbers do."""
    return f"audit-{first_n:020d}.jsonl"


def walk(directory: Path) -> tuple[Position, BadRecord | None]:
    """Follow the chain over all files; return where it ends, and the first bad record, or None."""
    position = Position()
    paths = segments(directory)
    for path in paths:
        if path.name != segment_name(position.lines + 1):
            why = f"the file's name does not say that its first n is {position.lines + 1}"
            return position, BadRecord(path.name, 1, position.lines + 1, why)
        position = replace(position, path=path, end=0)
        for number, line in enumerate(_lines(path), 1):
            step = _follow(position, line, first=number == 1)
            if isinstance(step, str):
                torn = not line.endswith(b"\n") and path == paths[-1]
                return position, BadRecord(path.name, number, position.lines + 1, step, torn)
            position = step
        if position.end == 0:
            return position, BadRecord(path.name, 1, position.lines + 1, "the file is empty", path == paths[-1])
    return position, None


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _follow(position: Position, line: bytes, *, first: bool) -> Position | str:
    """Return the position after `line`, or why the line is bad."""
    if not line.endswith(b"\n"):
        return "torn: the line has no newline at its end"
    text = line[:-1]
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    if not isinstance(record, dict) or list(record)[:3] != ["n", "ts", "kind"]:
        return "a record must be an object that begins with n, ts, kind"
    n, ts, kind = record["n"], record["ts"], record["kind"]
    if n != position.lines + 1:
        return f"n must be {position.lines + 1}, got {n}"
    if orjson.dumps(record) != text:
        return "not in canonical form"
    if type(ts) is not int or ts < position.ts:
        return f"ts must be an integer of at least {position.ts}, got {ts}"
    if type(kind) is not str or first != (kind == "head"):
        return f"a file begins with its one head record, got kind {kind} {'first' if first else 'later'}"
    body = unseal(text, kind)
    if body is None:
        return "the chain's h must be the last field"
    chain = link(position.chain, body)
    if record["h"] != shown(chain, kind):
        return f"the chain breaks: h must be {shown(chain, kind)}, got {record['h']}"
    return replace(
        position,
        lines=n,
        records=position.records + (kind not in ANCHORS),
        ts=ts,
        chain=chain,
        kind=kind,
        end=position.end + len(line),
    )
