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


def refuse_deployment(control: ControlConfig, named: str | None) -> str | None:
    """Return why a command that names this deployment, or none, is not said to this riskd; None where it is.

    A signature covers the name: what was signed for another riskd with the same keys cannot be played to this one.
    """
    own = control.deployment
    if named == own:
        return None
    if own is None:
        return f"the command is said to deployment {named!r}, and this riskd has no name (control.deployment)"
    if named is None:
        return f"the command names no deployment, and this riskd is {own!r} (control.deployment)"
    return f"the command is said to deployment {named!r}, and this riskd is {own!r} (control.deployment)"
