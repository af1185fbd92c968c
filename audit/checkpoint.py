"""Checkpoints: what is signed, what is published, and how a published one is read again.

The message that is signed is the canonical JSON of these fields, in this order:

    schema "risk.audit.checkpoint", schema_version 1, shard, setup_digest, n, ts, lines, records, previous, key

`n` and `ts` are those of the checkpoint's line, `lines` and `records` are counted before it, `previous` is h_{n-1} in
full, so that the signature speaks of every line before, and `key` is the fingerprint of the signing key. The line in
the log shows `lines`, `records`, `key` and `sig`; the rest follows from where it stands. h_n follows from the message
and the signature, as the line that it hashes consists of nothing else. The published record is the message, then `sig`,
`h` (h_n) and `file`. Unsigned checkpoints lack `key` and `sig`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import AuditError
from audit.line import canonical_json
from audit.signing import fingerprint, is_signature

SCHEMA = "risk.audit.checkpoint"
SCHEMA_VERSION = 1
_SIGNED = ("schema", "schema_version", "shard", "setup_digest", "n", "ts", "lines", "records", "previous", "key")
_CHAIN_DIGITS = 64


def checkpoint_message(
    *, shard: int, setup_digest: str, n: int, ts: int, lines: int, records: int, previous: bytes, key: str | None
) -> dict[str, object]:
    """Return the fields that are signed, in their order; `canonical_json` of them are the signed bytes."""
    message: dict[str, object] = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "shard": shard,
        "setup_digest": setup_digest,
        "n": n,
        "ts": ts,
        "lines": lines,
        "records": records,
        "previous": previous.hex(),
    }
    return message if key is None else message | {"key": key}


def refuse_signature(
    keys: Mapping[str, Ed25519PublicKey], message: Mapping[str, object], *, key: object, sig: object
) -> str | None:
    """Return why the checkpoint is not signed by one of `keys` (by fingerprint), or None."""
    if not isinstance(key, str) or not isinstance(sig, str):
        return "the checkpoint is not signed"
    if key not in keys:
        return f"the checkpoint is signed by key {key}, not by {' or '.join(sorted(keys))}"
    if not is_signature(keys[key], sig, canonical_json(message)):
        return f"the checkpoint's signature is not that of key {key} over this log"
    return None


def by_fingerprint(keys: Iterable[Ed25519PublicKey]) -> dict[str, Ed25519PublicKey]:
    """Return the keys by what checkpoints call them."""
    return {fingerprint(key): key for key in keys}


@dataclass(frozen=True, slots=True)
class PublishedCheckpoints:
    """What was published of the logs: h_n by shard and n.

    doubts : why records were left out, such as one that the key did not sign
    """

    chains: Mapping[int, Mapping[int, bytes]]
    doubts: tuple[str, ...] = field(default=())


def read_published(
    records: Iterable[bytes], keys: Mapping[str, Ed25519PublicKey] | None = None
) -> PublishedCheckpoints:
    """Read checkpoints as published, one JSON object each; blank ones are skipped.

    keys : where given, a record that none of them signed is left out and told as a doubt: whoever may write to the
           topic could otherwise make a good log look cut
    Raises AuditError for a record that is no checkpoint, and for two of the same n that differ.
    """
    chains: dict[int, dict[int, bytes]] = {}
    doubts: list[str] = []
    for number, text in enumerate(records, 1):
        if not text.strip():
            continue
        record = _parsed(number, text)
        shard, n, chain = record["shard"], record["n"], bytes.fromhex(str(record["h"]))
        assert isinstance(shard, int), f"shard must be an integer, got {shard!r}"
        assert isinstance(n, int), f"n must be an integer, got {n!r}"
        if keys is not None:
            message = {name: record[name] for name in _SIGNED if name in record}
            why = refuse_signature(keys, message, key=record.get("key"), sig=record.get("sig"))
            if why is not None:
                doubts.append(f"published checkpoint {number} (shard {shard}, n {n}) is left out: {why}")
                continue
        if chains.setdefault(shard, {}).setdefault(n, chain) != chain:
            raise AuditError(f"published checkpoint {number}: shard {shard}, n {n} was published before with another h")
    return PublishedCheckpoints(chains, tuple(doubts))


def _parsed(number: int, text: bytes) -> dict[str, object]:
    where = f"published checkpoint {number}"
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AuditError(f"{where} is not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise AuditError(f"{where} must be an object of schema {SCHEMA}")
    if record.get("schema_version") != SCHEMA_VERSION:
        raise AuditError(f"{where} must have schema_version {SCHEMA_VERSION}, got {record.get('schema_version')!r}")
    for name in ("shard", "n"):
        if type(record.get(name)) is not int:
            raise AuditError(f"{where} must have an integer {name}, got {record.get(name)!r}")
    chain = record.get("h")
    if not isinstance(chain, str) or len(chain) != _CHAIN_DIGITS or not set(chain) <= set("0123456789abcdef"):
        raise AuditError(f"{where} must have an h of {_CHAIN_DIGITS} hex digits, got {chain!r}")
    return record
