"""Who sent a control command: an Ed25519 signature over its canonical object, checked against the actor's key."""

import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from config.control import ControlConfig


def canonical_command(payload: bytes) -> bytes:
    """Return the bytes that are signed: the object without `sig`, keys sorted, no white space, UTF-8."""
    command = json.loads(payload)
    command.pop("sig", None)
    return json.dumps(command, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def refuse_signature(control: ControlConfig, *, actor: str, sig: str | None, payload: bytes) -> str | None:
    """Return why the command's signature is not good enough, or None.

    An unsigned command passes only with `control.allow_unsigned: true`; a signature that is there must be right.
    """
    if sig is None:
        return None if control.allow_unsigned else "the command is not signed, and control.allow_unsigned is false"
    key = control.keys.get(actor)
    if key is None:
        return f"control.keys has no key of actor {actor!r}"
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(sig), canonical_command(payload))
    except (InvalidSignature, ValueError):
        return f"the signature is not that of actor {actor!r} over this command"
    return None
