"""Signed audit logs, what they gave to publish, and what whoever has the files but not the key can make of them."""

from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import GENESIS, link, seal, unseal
from audit.checkpoint import by_fingerprint
from audit.line import canonical_json
from audit.published import PublishedCheckpoints, read_published
from audit.segments import segment_name
from audit.writer import AuditWriter

DIGEST = "ab" * 32
FILE = segment_name(1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def made(count: int, start: int = 0) -> list[dict[str, object]]:
    return [{"ts": i, "kind": "decision", "value": i} for i in range(start, start + count)]


def written(directory: Path, count: int = 2_500, key: Ed25519PrivateKey | None = KEY, shard: int = 0) -> list[bytes]:
    """Write a stopped log and return what it gave to publish."""
    writer = AuditWriter(directory, DIGEST, signing_key=key, shard=shard)
    writer.append(made(count))
    writer.stop()
    return writer.take_checkpoints()


def read(records: list[bytes], key: Ed25519PrivateKey | None = None) -> PublishedCheckpoints:
    return read_published(records, None if key is None else by_fingerprint([key.public_key()]))


def rewritten(directory: Path, old: bytes, new: bytes) -> None:
    """Change bytes of the log and mend the whole chain after them, as whoever has the file but not the key can."""
    chain, lines = GENESIS, []
    for text in (directory / FILE).read_bytes().replace(old, new).splitlines():
        kind = orjson.loads(text)["kind"]
        body = unseal(text, kind)
        assert body is not None
        chain = link(chain, body)
        lines.append(seal(body, chain, kind))
    (directory / FILE).write_bytes(b"".join(lines))


def cut_with_stop(directory: Path, at: int, fields: dict[str, object] | None = None) -> None:
    """End the log after line `at` with a stop, as a daemon without a key writes it, or with these fields."""
    lines = (directory / FILE).read_bytes().splitlines(keepends=True)[:at]
    last = orjson.loads(lines[-1])
    chain = bytes.fromhex(last["h"])
    records = sum(orjson.loads(line)["kind"] == "decision" for line in lines)
    body = canonical_json({"n": at + 1, "ts": last["ts"], "kind": "stop", "records": records} | (fields or {}))
    (directory / FILE).write_bytes(b"".join(lines) + seal(body, link(chain, body), "stop"))
