"""Keys, certificates and secrets in files, made where they are missing and readable by their owner alone."""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class KeyPair:
    """PEM texts: PKCS#8 private, SubjectPublicKeyInfo public."""

    private_pem: str
    public_pem: str


def key_pair(directory: Path, name: str) -> KeyPair:
    """`<name>.pem` of `directory`, made on first use."""
    path = directory / f"{name}.pem"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        _write_once(
            path,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    pem = path.read_bytes()
    public = serialization.load_pem_private_key(pem, password=None).public_key()
    return KeyPair(
        pem.decode(),
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    )


def secret(directory: Path, name: str, prefix: str = "") -> str:
    """`<name>.secret` of `directory`, made on first use: `prefix` and letters, 32 characters in all."""
    path = directory / f"{name}.secret"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _write_once(path, (prefix + secrets.token_hex(32))[:32].encode())
    return path.read_text()


def certificate(directory: Path, name: str) -> str:
    """A self-signed certificate (PEM) for the key pair of that name, made on first use, for twenty years."""
    path = directory / f"{name}.crt"
    if not path.exists():
        pair = key_pair(directory, name)
        key = serialization.load_pem_private_key(pair.private_pem.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=20 * 365))
            .sign(key, hashes.SHA256())
        )
        _write_once(path, made.public_bytes(serialization.Encoding.PEM))
    return path.read_text()


def serial_number(certificate_pem: str) -> str:
    """As WeChat Pay writes it: upper-case hexadecimal."""
    return f"{x509.load_pem_x509_certificate(certificate_pem.encode()).serial_number:X}"


def _write_once(path: Path, content: bytes) -> None:
    """Two roles that start together end up with the same file: the first to link it wins."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
