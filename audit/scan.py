"""One walk over an audit log, line by line along the chain; verification and reopening both stand on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import zstandard

from audit.chain import ANCHORS, GENESIS, link, shown, unseal
from audit.segments import Segment, segment_name


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands after its last good line.

    lines         : good lines so far, which is the `n` of the last one
    records       : those of them that the core made; the rest anchor the chain
    ts            : of the last good line, -1 before the first
    chain         : h_n
    kind          : of the last good line, "" before the first
    checkpoint_n  : n of the last checkpoint that was walked over, 0 before the first
    shard         : that the last head or foot names, None where it names none
    setup_digest  : that the last head or resume names
    path          : file that the walk is in, None before the first
    end           : bytes of `path` up to and including the last good line; 0 where it has none
    """

    lines: int = 0
    records: int = 0
    ts: int = -1
    chain: bytes = GENESIS
    kind: str = ""
    checkpoint_n: int = 0
    shard: int | None = None
    setup_digest: str = ""
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


# Asked about each checkpoint and each stop, with where the chain stood before it, the record, and h_n; answers why it
# is bad, or None.
Judge = Callable[[Position, Mapping[str, object], bytes], str | None]


def walk(
    segments: Sequence[Segment], start: Position | None = None, judge: Judge | None = None
) -> tuple[Position, BadRecord | None]:
    """Follow the chain over the files; return where it ends, and the first bad record, or None.

    start : where the chain stands before the first of the files; default: at its beginning
    judge : what else must hold of a checkpoint or a stop
    """
    position = Position() if start is None else start
    for segment in segments:
        is_last = segment == segments[-1]
        why = _refuse_next(position, segment)
        if why is not None:
            return position, BadRecord(segment.path.name, 1, position.lines + 1, why)
        position = replace(position, path=segment.path, end=0)
        number = 0
        try:
            for number, line in enumerate(segment.lines(), 1):
                step = _follow(position, line, number == 1, judge)
                if isinstance(step, str):
                    torn = not line.endswith(b"\n") and is_last and segment.plain is not None
                    return position, BadRecord(segment.path.name, number, position.lines + 1, step, torn)
                position = step
        except zstandard.ZstdError as error:
            why = f"cannot be decompressed: {error}"
            return position, BadRecord(segment.path.name, number + 1, position.lines + 1, why)
        if position.end == 0 and not (is_last and position.kind == "foot"):  # after a foot a crash may leave it so
            return position, BadRecord(segment.path.name, 1, position.lines + 1, "the file is empty", is_last)
    return position, None


def first_shard(segments: Sequence[Segment]) -> int | None:
    """Return the shard that the head of the log names; None where it names none that can be read."""
    try:
        head = orjson.loads(next(iter(segments[0].lines()), b""))
    except (orjson.JSONDecodeError, zstandard.ZstdError):
        return None
    shard = head.get("shard") if isinstance(head, dict) else None
    return shard if type(shard) is int else None


def _refuse_next(position: Position, segment: Segment) -> str | None:
    """Return why `segment` cannot be what follows, or None."""
    if segment.name != segment_name(position.lines + 1):
        return f"the file's name does not say that its first n is {position.lines + 1}"
    if position.lines and position.kind != "foot":
        return f"the file before it ends with kind {position.kind} at n {position.lines}, not with its foot"
    return None


def _follow(position: Position, line: bytes, is_first: bool, judge: Judge | None) -> Position | str:
    """Return the position after `line`, or why the line is bad."""
    if not line.endswith(b"\n"):
        return "torn: the line has no newline at its end: a crash cut it, or a living daemon is writing it"
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
    if type(kind) is not str or is_first != (kind == "head"):
        return f"a file begins with its one head record, got kind {kind} {'first' if is_first else 'later'}"
    body = unseal(text, kind)
    if body is None:
        return "the chain's h must be the last field"
    chain = link(position.chain, body)
    if record["h"] != shown(chain, kind):
        return f"the chain breaks: h must be {shown(chain, kind)}, got {record['h']}"
    if kind in ANCHORS:
        why = _refuse_anchor(position, record)
        if why is None and kind in ("checkpoint", "stop") and judge is not None:
            why = judge(position, record, chain)
        if why is not None:
            return why
    elif position.kind == "foot":
        return "nothing may follow the foot of a file"
    return _advance(position, record, chain, len(line))


def _refuse_anchor(position: Position, record: Mapping[str, object]) -> str | None:
    """Return why a record that anchors the chain tells of another log than the one before it, or None."""
    if position.kind == "foot" and record["kind"] != "head":
        return "nothing may follow the foot of a file"
    expected = {"previous": position.chain.hex(), "lines": position.lines, "records": position.records}
    if position.shard is not None:
        expected["shard"] = position.shard
    for key, value in expected.items():
        if record.get(key, value) != value:
            return f"{record['kind']} must have {key} {value}, got {record[key]}"
    return None


def _advance(position: Position, record: Mapping[str, object], chain: bytes, line_bytes: int) -> Position:
    kind, n, ts, shard = str(record["kind"]), record["n"], record["ts"], record.get("shard", position.shard)
    assert isinstance(n, int), f"n must be an integer, got {n!r}"
    assert isinstance(ts, int), f"ts must be an integer, got {ts!r}"
    if kind not in ANCHORS:
        return replace(
            position,
            lines=n,
            records=position.records + 1,
            ts=ts,
            chain=chain,
            kind=kind,
            end=position.end + line_bytes,
        )
    return replace(
        position,
        lines=n,
        ts=ts,
        chain=chain,
        kind=kind,
        checkpoint_n=n if kind == "checkpoint" else position.checkpoint_n,
        shard=shard if isinstance(shard, int) else None,
        setup_digest=str(record.get("setup_digest", position.setup_digest)),
        end=position.end + line_bytes,
    )
