"""RSA keys in files, made where they are missing and readable by their owner alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

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
