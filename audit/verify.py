"""Verification of audit logs: is every line the one that was written, and where is the first that is not?"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.chain import GENESIS
from audit.checkpoint import by_fingerprint
from audit.checkpoint_judge import CheckpointJudge
from audit.published import PublishedCheckpoints
from audit.scan import BadRecord, Position, first_shard, walk
from audit.segments import PARTITION_FOLDERS, Segment, difference, find_segments, segments


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification of one log found.

    lines       : good lines before the first bad one, or all; records: those of them that the core made
    first_bad   : None where every line is as it was written
    warning     : what is no fault by itself, such as a log that ends without a stop; None where there is nothing
    chain       : h of the last good line, in hex: compare it with a copy kept elsewhere
    checkpoints : good ones
    signed_n    : of the last checkpoint or stop whose signature was checked, 0 where none was
    compared    : published checkpoints that were found in the log
    """

    directory: Path
    shard: int
    ok: bool
    files: int
    lines: int
    records: int
    first_bad: BadRecord | None
    warning: str | None
    chain: str
    checkpoints: int
    signed_n: int
    compared: int


def verify(
    directory: Path, *, keys: Iterable[Ed25519PublicKey] = (), published: PublishedCheckpoints | None = None
) -> Verdict:
    """Check canonical form, gap-free n, order in time, the whole chain and the files' heads and feet of one log.

    keys      : where there are any, every checkpoint and every stop must be signed by one of them
    published : checkpoints as published elsewhere; each of this shard must be in the log with the same h, so that a log
                whose end was cut off, or which was written anew, shows itself

    A log that ends without a stop record is a warning: the daemon lives, or was killed, or the end was cut off. Without
    published checkpoints nobody can tell these apart. Raises AuditError where there is no audit file.
    """
    found = segments(directory)
    judge = CheckpointJudge(by_fingerprint(keys), published)
    position, bad = walk(found, judge=judge.judge)
    bad = bad or judge.missing(position) or _unlike_forms(found, position)
    warnings = [] if bad is not None else [*judge.endings(position)]
    return Verdict(
        directory=directory,
        shard=position.shard or 0,
        ok=bad is None,
        files=len(found),
        lines=position.lines,
        records=position.records,
        first_bad=bad,
        warning="; ".join(warnings) or None,
        chain=position.chain.hex(),
        checkpoints=judge.checkpoints,
        signed_n=judge.signed_n,
        compared=judge.compared,
    )


def verify_all(
    directory: Path,
    *,
    keys: Iterable[Ed25519PublicKey] = (),
    published: PublishedCheckpoints | None = None,
    shards: Collection[int] = (),
) -> tuple[Verdict, ...]:
    """Verify the log in `directory` and those in its sub-folders `partition-<p>`, by p; raises as `verify` does.

    shards : where there are any, these alone are verified and compared: the others may be another machine's

    A shard that was asked for, or of which checkpoints were published, and that has no log here, fails: whoever may
    write the folder can also remove a whole log.
    """
    trusted = tuple(keys)
    folders = sorted(directory.glob(PARTITION_FOLDERS), key=lambda path: (len(path.name), path.name))
    has_own = bool(find_segments(directory)) or not folders
    verdicts = []
    for folder in [directory, *folders] if has_own else folders:
        if shards and not _is_asked_for(folder, shards):
            continue
        verdict = verify(folder, keys=trusted, published=published)
        if verdict.ok and folder != directory and folder.name != f"partition-{verdict.shard}":
            why = f"the log belongs to shard {verdict.shard}, and the folder is {folder.name}"
            verdict = replace(verdict, ok=False, first_bad=BadRecord(segments(folder)[0].path.name, 1, 1, why))
        verdicts.append(verdict)
    expected = shards or (() if published is None else published.chains)
    present = {name for each in verdicts for name in (f"partition-{each.shard}", each.directory.name)}
    absent = sorted(shard for shard in set(expected) if f"partition-{shard}" not in present)
    return (*verdicts, *(_absent(directory, shard, published) for shard in absent))


def _is_asked_for(folder: Path, shards: Collection[int]) -> bool:
    """Say whether a folder's log is one of these; one that does not say whose it is, is."""
    if folder.name in {f"partition-{wanted}" for wanted in shards}:
        return True
    found = find_segments(folder)
    shard = first_shard(found) if found else None
    return bool(found) and (shard is None or shard in shards)


def _absent(directory: Path, shard: int, published: PublishedCheckpoints | None) -> Verdict:
    """Return the verdict on a log that should be here and is not."""
    told = () if published is None else published.chains.get(shard, ())
    why = f"no log of shard {shard} is here" + (f", and {len(told)} checkpoints of it were published" if told else "")
    return Verdict(
        directory=directory if shard == 0 else directory / f"partition-{shard}",
        shard=shard,
        ok=False,
        files=0,
        lines=0,
        records=0,
        first_bad=BadRecord("", 0, 1, why),
        warning=None,
        chain=GENESIS.hex(),
        checkpoints=0,
        signed_n=0,
        compared=0,
    )


def _unlike_forms(found: list[Segment], position: Position) -> BadRecord | None:
    """Return a file that is there plain and compressed, but not with the same bytes."""
    for segment in found:
        if segment.plain is not None and segment.packed is not None and segment.plain.is_file():
            why = difference(segment.plain, segment.packed)
            if why is not None:
                return BadRecord(segment.packed.name, 0, position.lines, why)
    return None
