"""Makes an authority and certificates of its own for a test, as PEM files; keys are P-256, valid for a day."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from feeds.broker.apache import LOOPBACK

LIFE = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Files of one certificate: `both_file` is the key followed by the certificate, as a broker takes it."""

    certificate_file: Path
    key_file: Path
    both_file: Path


class Authority:
    """A self-signed authority that issues into its folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common_name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self._certificate = (
            _builder(self._name, self._name, self._key)
            .add_extension(constraints, critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str, *, key_password: str | None = None) -> Identity:
        """Issue a certificate for loopback and this common name; with a password, the key file is encrypted."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
        certificate = (
            _builder(_common_name(name), self._name, key)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        encryption = NoEncryption() if key_password is None else BestAvailableEncryption(key_password.encode())
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        certificate_pem = certificate.public_bytes(Encoding.PEM)
        identity = Identity(*(self._folder / f"{name}.{kind}" for kind in ("crt", "key", "both")))
        for file, content in (
            (identity.certificate_file, certificate_pem),
            (identity.key_file, key_pem),
            (identity.both_file, key_pem + certificate_pem),
        ):
            file.touch(mode=0o600)
            file.write_bytes(content)
        return identity


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
    )
