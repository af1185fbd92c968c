"""The commands of the audit log: make a signing key, verify."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli_errors import EXIT_FAILED

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from audit.published import PublishedCheckpoints
    from audit.verify import Verdict

audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The audit log: signing keys, verification.")


@audit_app.command("keygen")
def audit_keygen(
    path: Annotated[Path, typer.Argument(dir_okay=False, help="File for the private key; the public one gets .pub.")],
) -> None:
    """Make the Ed25519 key that signs the audit log's checkpoints and stops.

    Writes the private key (PEM, readable by its owner alone) and PATH.pub, which `audit verify --key` takes; a missing
    folder is made, for its owner alone. Keep the public key and the published checkpoints where whoever can write the
    log cannot. Nothing is ever overwritten.

    \b
    Examples:
      riskd audit keygen /etc/riskd/audit.pem
    """
    from audit.signing import fingerprint, make_key_files, public_key_path

    key = make_key_files(path)
    typer.echo(f"{path}: private key, for audit.signing_key_file")
    typer.echo(f"{public_key_path(path)}: public key {fingerprint(key)}, for audit verify --key")


@audit_app.command("verify")
def audit_verify(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Audit folder.")],
    key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="Public key, PEM or hex; again for each older one."
        ),
    ] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Published checkpoints, one JSON a line."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Take them from its checkpoints topic."
        ),
    ] = None,
    shard: Annotated[
        list[int] | None,
        typer.Option(metavar="P", min=0, help="Only this shard; again for each. The others are other machines'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")] = False,
) -> None:
    """Check that an audit log is as it was written.

    Follows the hash chain over every line of every file, compressed or not, and of the sub-folders partition-<p>; names
    the first record that was changed, dropped, swapped or inserted, and exits 1. With --key every checkpoint and every
    stop must be signed by it. A log that was cut off at a checkpoint, or written anew from its beginning, shows itself
    only against checkpoints that were published: give them with --checkpoints, or let --config read their topic. A
    shard of which some were published, and whose log is not here, fails; --shard leaves out those of other machines.

    \b
    Examples:
      riskd audit verify out/demo/audit
      riskd audit verify logs/risk_audit --key audit.pem.pub --config limits.yaml
      riskd audit verify logs/risk_audit --checkpoints published.jsonl --shard 0 --shard 2 --json
    """
    from audit.signing import read_public_key
    from audit.verify import verify_all

    if checkpoints is not None and config is not None:
        raise typer.BadParameter("take either --checkpoints or --config", param_hint="--checkpoints")
    keys = [read_public_key(path) for path in key or ()]
    # Read before the log is walked: whatever is published by now is in the log's files by now.
    published = _published(checkpoints, config, keys)
    verdicts = verify_all(directory, keys=keys, published=published, shards=shard or ())
    if as_json:
        from audit.line import canonical_json

        typer.echo(canonical_json(_as_record(verdicts, published)).decode())
    else:
        for verdict in verdicts:
            _tell(verdict)
        for doubt in _doubts(published):
            typer.echo(f"warning: {doubt}", err=True)
    if not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(EXIT_FAILED)


def _published(
    checkpoints: Path | None, config: Path | None, keys: "list[Ed25519PublicKey]"
) -> "PublishedCheckpoints | None":
    from audit.checkpoint import by_fingerprint
    from audit.published import read_published

    trusted = by_fingerprint(keys) if keys else None
    if checkpoints is not None:
        with checkpoints.open("rb") as file:
            return read_published(file, trusted)
    if config is not None:
        from config.loader import load_config
        from daemon.checkpoint_topic import read_checkpoints
        from sensors.catalogue import SHIPPED

        return read_published(read_checkpoints(load_config(config, SHIPPED.known).kafka), trusted)
    return None


def _doubts(published: "PublishedCheckpoints | None") -> Iterator[str]:
    """Yield what the answer leaves open, for all logs: nothing to compare with, or published records of no use."""
    from audit.checkpoint_judge import UNSEEN

    if published is None:
        yield f"nothing published was compared: {UNSEEN}"
        return
    yield from published.doubts
    if published.doubt_count > len(published.doubts):
        yield f"{published.doubt_count - len(published.doubts)} more published records are left out"


def _tell(verdict: "Verdict") -> None:
    bad = verdict.first_bad
    if bad is not None:
        if not verdict.files:
            typer.echo(f"{verdict.directory}: {bad.why}")
            return
        where = f"{verdict.directory / bad.file}:{bad.line}" if bad.line else f"{verdict.directory / bad.file}"
        typer.echo(f"{where}: record n {bad.n} is bad: {bad.why}")
        typer.echo(f"{verdict.lines} good lines before it; nothing after it was judged")
        return
    parts = [f"{verdict.lines} lines"]
    if verdict.files > 1:
        parts.append(f"{verdict.files} files")
    if verdict.signed_n:
        parts.append(f"signed up to n {verdict.signed_n}")
    if verdict.compared:
        parts.append(f"{verdict.compared} published checkpoints found in it")
    typer.echo(f"{verdict.directory}: good, {', '.join(parts)}, chain {verdict.chain}")
    if verdict.warning is not None:
        typer.echo(f"warning: {verdict.directory}: {verdict.warning}", err=True)


def _as_record(verdicts: "tuple[Verdict, ...]", published: "PublishedCheckpoints | None") -> Mapping[str, object]:
    """Return the answer for scripts: the first log's fields at the top, and every log's in `logs`."""
    logs = [_log_record(verdict) for verdict in verdicts]
    return {
        **logs[0],
        "ok": all(verdict.ok for verdict in verdicts),
        "doubts": list(_doubts(published)),
        "doubt_count": 0 if published is None else published.doubt_count,
        "logs": logs,
    }


def _log_record(verdict: "Verdict") -> dict[str, object]:
    bad = verdict.first_bad
    first_bad = None if bad is None else {"file": bad.file, "line": bad.line, "n": bad.n, "why": bad.why}
    return {
        "ok": verdict.ok,
        "lines": verdict.lines,
        "first_bad": first_bad,
        "warning": verdict.warning,
        "chain": verdict.chain,
        "directory": str(verdict.directory),
        "shard": verdict.shard,
        "files": verdict.files,
        "records": verdict.records,
        "checkpoints": verdict.checkpoints,
        "signed_n": verdict.signed_n,
        "compared": verdict.compared,
    }
