"""The hash chain of the audit log: h_i = SHA256(h_{i-1} || line_i), so that no line can change unseen.

`line_i` is the record's canonical JSON without its last field `h`. That field holds h_i: in full (64 hex digits) in
the records that anchor the chain, its first 16 digits in all others, so that verification names the very record that
changed. A chain alone cannot show that its end was cut off or that all of it was written anew: signed checkpoints that
are kept elsewhere do (`audit/published.py`).
"""

import hashlib

GENESIS = bytes(32)  # h_0, before the first line of a log
SCHEMA = "risk.audit"
SCHEMA_VERSION = 1
CHECKPOINT_LINES = 1_000  # a checkpoint's n is at most this much above the last one's
ANCHORS = frozenset({"head", "checkpoint", "resume", "foot", "stop"})
_SHORT_DIGITS = 16


def link(previous: bytes, body: bytes) -> bytes:
    """Return h_i from h_{i-1} (32 bytes) and the canonical line without its `h`."""
    return hashlib.sha256(previous + body).digest()


def shown(chain: bytes, kind: str) -> str:
    """Return the hex digits that a record of `kind` shows of its h_i."""
    return chain.hex() if kind in ANCHORS else chain.hex()[:_SHORT_DIGITS]


def seal(body: bytes, chain: bytes, kind: str) -> bytes:
    """Return the line as written: `body` with its `h` as the last field, and a newline."""
    return body[:-1] + b',"h":"' + shown(chain, kind).encode() + b'"}\n'


def unseal(line: bytes, kind: str) -> bytes | None:
    """Return the body of a written line (without newline), None where no `h` of the right length ends it."""
    digits = 64 if kind in ANCHORS else _SHORT_DIGITS
    start = len(line) - digits - len(b',"h":""}')
    if start < 1 or line[start : start + 6] != b',"h":"' or line[-2:] != b'"}':
        return None
    return line[:start] + b"}"
