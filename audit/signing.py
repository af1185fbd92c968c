"""Ed25519 keys that sign checkpoints and stops: made, read from files, and named by a fingerprint."""

import hashlib
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from audit.errors import AuditError

_FINGERPRINT_DIGITS = 16
_SIGNATURE = re.compile(r"[0-9a-f]{128}")  # one way of writing it: what is hashed must have one form
_FOLDER_MODE = 0o700
_HEX_KEY = re.compile(rb"[0-9a-fA-F]{64}")


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what a checkpoint calls the key: the first 16 hex digits of the SHA256 of its 32 raw bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_FINGERPRINT_DIGITS]


def public_key_path(private: Path) -> Path:
    """Return where `make_key_files` puts the public key of the private key in `private`."""
    return private.with_name(private.name + ".pub")


def make_key_files(private: Path) -> Ed25519PublicKey:
    """Make a key pair: the private key (PEM, PKCS 8, mode 0600) in `private`, the public one (PEM) in `private`.pub.

    A missing folder is made, for its owner alone (0700). Raises AuditError where one of the files is there already: an
    overwritten key can never sign again.
    """
    public = public_key_path(private)
    for path in (private, public):
        if path.exists():
            raise AuditError(f"{path}: is there already, and a key is never overwritten")
    try:
        private.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise AuditError(f"{private.parent}: the key's folder cannot be made, {error.strerror or error}") from error
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(private, pem, 0o600)
    _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return key.public_key()


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key, PEM without a password; raises AuditError where it cannot be read or is no Ed25519 key."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuditError(f"{path}: no private key in PEM without a password") from error  # no detail: it may be secret
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditError(f"{path}: the key must be Ed25519, got {type(key).__name__}: `riskd audit keygen` makes one")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key, PEM or 64 hex digits; raises AuditError where it cannot be read or is no Ed25519 key."""
    content = _read(path)
    if _HEX_KEY.fullmatch(content.strip()):
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(content.decode()))
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AuditError(f"{path}: no public key, neither PEM nor 64 hex digits") from error
    if not isinstance(key, Ed25519PublicKey):
        raise AuditError(f"{path}: the key must be Ed25519, got {type(key).__name__}")
    return key


def is_signature(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    """Say whether `signature` (128 lower-case hex digits) is the key's over the message."""
    if not _SIGNATURE.fullmatch(signature):
        return False
    try:
        key.verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuditError(f"{path}: the key cannot be read, {error.strerror or error}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AuditError(f"{path}: the key cannot be written, {error.strerror or error}") from error
