"""Reads checkpoints as they were published: what shows a log that was cut off, or written anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.chain import link
from audit.checkpoint import SCHEMA, SCHEMA_VERSION, refuse_signature
from audit.errors import AuditError
from audit.line import canonical_json

DOUBTS_NAMED_MAX = 20  # anybody who may write to the topic can make more
_SIGNED: Mapping[str, type] = {
    "schema": str,
    "schema_version": int,
    "shard": int,
    "setup_digest": str,
    "n": int,
    "ts": int,
    "lines": int,
    "records": int,
    "previous": str,
    "key": str,
}
_OF_LINE = ("lines", "records", "key", "sig")
_CHAIN_DIGITS = 64
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class PublishedCheckpoints:
    """What was published of the logs: h_n by shard and n.

    doubts      : why records were left out, such as one that the key did not sign; the first 20
    doubt_count : all that were left out
    """

    chains: Mapping[int, Mapping[int, bytes]]
    doubts: tuple[str, ...] = field(default=())
    doubt_count: int = 0


def read_published(
    records: Iterable[bytes], keys: Mapping[str, Ed25519PublicKey] | None = None
) -> PublishedCheckpoints:
    """Read checkpoints as published, one JSON object each; blank ones are skipped.

    keys : where given, a record that cannot be read, or that none of them signed, is left out and told as a doubt:
           whoever may write to the topic could otherwise end every verification, or make a good log look cut
    Raises AuditError for two of the same n that differ, and without keys for a record that is no checkpoint.
    """
    chains: dict[int, dict[int, bytes]] = {}
    doubts: list[str] = []
    doubt_count = 0
    for number, text in enumerate(records, 1):
        if not text.strip():
            continue
        record = _parsed(text)
        why = record if isinstance(record, str) else None if keys is None else _refuse(record, keys)
        if isinstance(record, str) or why is not None:
            if keys is None:
                raise AuditError(f"published checkpoint {number} {why}")
            doubt_count += 1
            if len(doubts) < DOUBTS_NAMED_MAX:
                doubts.append(f"published checkpoint {number} is left out: {why}")
            continue
        shard, n, chain = record["shard"], record["n"], bytes.fromhex(str(record["h"]))
        assert isinstance(shard, int), f"shard must be an integer, got {shard!r}"
        assert isinstance(n, int), f"n must be an integer, got {n!r}"
        if chains.setdefault(shard, {}).setdefault(n, chain) != chain:
            raise AuditError(f"published checkpoint {number}: shard {shard}, n {n} was published before with another h")
    return PublishedCheckpoints(chains, tuple(doubts), doubt_count)


def _parsed(text: bytes) -> dict[str, object] | str:
    """Return the record, or why it is no checkpoint."""
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"is not JSON: {error}"
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        return f"must be an object of schema {SCHEMA}"
    if record.get("schema_version") != SCHEMA_VERSION:
        return f"must have schema_version {SCHEMA_VERSION}, got {record.get('schema_version')!r}"
    for name in ("shard", "n"):
        if type(record.get(name)) is not int:
            return f"must have an integer {name}, got {record.get(name)!r}"
    chain = record.get("h")
    if not isinstance(chain, str) or len(chain) != _CHAIN_DIGITS or not set(chain) <= _HEX:
        return f"must have an h of {_CHAIN_DIGITS} hex digits, got {chain!r}"
    return record


def _refuse(record: Mapping[str, object], keys: Mapping[str, Ed25519PublicKey]) -> str | None:
    """Return why a record is not what one of the keys signed, or None.

    The signature speaks of h_{n-1}, and h_n follows: an h that was put in its place would make a good log look forged.
    """
    of = f"(shard {record['shard']}, n {record['n']})"
    key, sig = record.get("key"), record.get("sig")
    if key is None or sig is None:
        return f"{of} the checkpoint is not signed"
    odd = [name for name, kind in _SIGNED.items() if type(record.get(name)) is not kind]
    if odd:
        return f"{of} {odd[0]} must be of type {_SIGNED[odd[0]].__name__}"
    why = refuse_signature("checkpoint", keys, {name: record[name] for name in _SIGNED}, key=key, sig=sig)
    if why is not None:
        return f"{of} {why}"
    line = {"n": record["n"], "ts": record["ts"], "kind": "checkpoint"} | {name: record[name] for name in _OF_LINE}
    chain = link(bytes.fromhex(str(record["previous"])), canonical_json(line))
    return None if chain.hex() == record["h"] else f"{of} its h is not what follows from its signature"
