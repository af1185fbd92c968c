"""Signing keys: made once, readable by their owner alone, and refused where they are something else."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audit.errors import AuditError
from audit.signing import (
    fingerprint,
    is_signature,
    make_key_files,
    public_key_path,
    read_public_key,
    read_signing_key,
)


def test_a_made_key_is_private_and_its_two_files_belong_together(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    made = make_key_files(path)
    assert path.stat().st_mode & 0o777 == 0o600
    private, public = read_signing_key(path), read_public_key(public_key_path(path))
    assert fingerprint(private.public_key()) == fingerprint(public) == fingerprint(made)
    assert is_signature(public, private.sign(b"message").hex(), b"message")
    assert not is_signature(public, private.sign(b"message").hex(), b"messagf")
    assert not is_signature(public, "no hex", b"message")


@pytest.mark.parametrize("there", ["audit.pem", "audit.pem.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_bytes(b"precious")
    with pytest.raises(AuditError, match="is there already"):
        make_key_files(tmp_path / "audit.pem")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(there, b"precious")]


def test_a_public_key_may_be_hex(tmp_path: Path) -> None:
    made = make_key_files(tmp_path / "audit.pem")
    (tmp_path / "hex").write_text(made.public_bytes_raw().hex() + "\n")
    assert fingerprint(read_public_key(tmp_path / "hex")) == fingerprint(made)


def test_what_is_no_ed25519_key_is_refused_without_its_content(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    private, public, neither = tmp_path / "private", tmp_path / "public", tmp_path / "neither"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    neither.write_bytes(b"s3cret")
    with pytest.raises(AuditError, match="must be Ed25519"):
        read_signing_key(private)
    with pytest.raises(AuditError, match="must be Ed25519"):
        read_public_key(public)
    with pytest.raises(AuditError, match="no private key in PEM") as refused:
        read_signing_key(neither)
    assert "s3cret" not in str(refused.value)
    with pytest.raises(AuditError, match="no public key"):
        read_public_key(neither)
    with pytest.raises(AuditError, match="cannot be read"):
        read_signing_key(tmp_path / "missing")


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "out" / "keys" / "audit.pem"
    make_key_files(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    before = tmp_path.stat().st_mode
    make_key_files(tmp_path / "audit.pem")
    assert tmp_path.stat().st_mode == before, "a folder that is there stays as it is"
    with pytest.raises(AuditError, match="folder cannot be made"):
        make_key_files(path / "audit.pem")


def test_a_signature_has_one_form(tmp_path: Path) -> None:
    """The chain hashes it as it is written."""
    path = tmp_path / "audit.pem"
    public = make_key_files(path)
    signature = read_signing_key(path).sign(b"message").hex()
    assert is_signature(public, signature, b"message")
    for odd in (signature.upper(), f" {signature}", f"{signature[:2]} {signature[2:]}", signature + "\n", ""):
        assert not is_signature(public, odd, b"message")
