"""What is signed of a checkpoint and of a stop, and who signed it.

The message that is signed is the canonical JSON of these fields, in this order:

    schema, schema_version 1, shard, setup_digest, n, ts, lines, records, previous, key

The schema is "risk.audit.checkpoint" or "risk.audit.stop", so that neither can stand for the other. `n` and `ts` are
those of the line, `lines` and `records` are counted before it, `previous` is h_{n-1} in full, so that the signature
speaks of every line before, and `key` is the fingerprint of the signing key. The line in the log shows `records`, `key`
and `sig`, that of a checkpoint `lines` too; the rest follows from where it stands. h_n follows from the message and the
signature, as the line that it hashes consists of nothing else. What is unsigned lacks `key` and `sig`.

A checkpoint is also published (audit/published.py): the message, then `sig`, `h` (h_n) and `file`.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.line import canonical_json
from audit.signing import fingerprint, is_signature

SCHEMA = "risk.audit.checkpoint"
SCHEMA_VERSION = 1
SignedKind = Literal["checkpoint", "stop"]
_SCHEMAS: Mapping[SignedKind, str] = {"checkpoint": SCHEMA, "stop": "risk.audit.stop"}


def signed_message(
    kind: SignedKind,
    *,
    shard: int,
    setup_digest: str,
    n: int,
    ts: int,
    lines: int,
    records: int,
    previous: bytes,
    key: str | None,
) -> dict[str, object]:
    """Return the fields that are signed, in their order; `canonical_json` of them are the signed bytes."""
    message: dict[str, object] = {
        "schema": _SCHEMAS[kind],
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
    kind: SignedKind,
    keys: Mapping[str, Ed25519PublicKey],
    message: Mapping[str, object],
    *,
    key: object,
    sig: object,
) -> str | None:
    """Return why the record is not signed by one of `keys` (by fingerprint), or None."""
    if not isinstance(key, str) or not isinstance(sig, str):
        return f"the {kind} is not signed"
    if key not in keys:
        return f"the {kind} is signed by key {key}, not by {' or '.join(sorted(keys))}"
    if not is_signature(keys[key], sig, canonical_json(message)):
        return f"the {kind}'s signature is not that of key {key} over this log"
    return None


def by_fingerprint(keys: Iterable[Ed25519PublicKey]) -> dict[str, Ed25519PublicKey]:
    """Return the keys by what checkpoints call them."""
    return {fingerprint(key): key for key in keys}
