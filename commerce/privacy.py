"""Personal data at rest: AES-256-GCM with keys that can be rotated, and masks for showing it."""

import os
from collections.abc import Mapping
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class Unreadable(Exception):
    """The sealed data was altered, or its key is gone."""


class Vault:
    """Seals small records. A sealed record is: key number (1 byte), nonce (12), ciphertext with tag.

    The highest key number seals; every key that is still there opens. To rotate: add a key (`add_key`),
    reseal (`rotate`), then remove the old one. A vault over a directory reads it again when it meets a
    record of a key that it does not know.
    """

    def __init__(self, keys: Mapping[int, bytes], directory: Path | None = None) -> None:
        """`keys` by number from 1 to 255, 32 bytes each; ValueError otherwise."""
        self._directory = directory
        self._use(keys)

    def _use(self, keys: Mapping[int, bytes]) -> None:
        if not keys or not all(0 < number < 256 and len(key) == KEY_BYTES for number, key in keys.items()):
            raise ValueError("a vault needs keys of 32 bytes, numbered from 1 to 255")
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._current = max(keys)

    @classmethod
    def in_directory(cls, directory: Path) -> "Vault":
        """The keys `privacy-<number>.key` of `directory`; the first is made where there is none."""
        keys = _read_keys(directory)
        if not keys:
            add_key(directory)
            keys = _read_keys(directory)
        return cls(keys, directory)

    @property
    def current(self) -> int:
        """The number of the key that seals."""
        return self._current

    def reload(self) -> None:
        """Take up keys that were added meanwhile."""
        if self._directory is not None:
            self._use(_read_keys(self._directory))

    def seal(self, record: Mapping[str, object], context: bytes) -> bytes:
        """`context` (the owner's id) is authenticated: a record moved to another owner does not open."""
        nonce = os.urandom(NONCE_BYTES)
        body = self._ciphers[self._current].encrypt(nonce, orjson.dumps(record), context)
        return bytes([self._current]) + nonce + body

    def open(self, sealed: bytes, context: bytes) -> dict[str, str]:
        """The record; raises Unreadable where it was altered, moved or its key is missing."""
        if sealed and sealed[0] not in self._ciphers:
            self.reload()
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None:
            raise Unreadable("the key of this record is not here")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            record: dict[str, str] = orjson.loads(cipher.decrypt(nonce, body, context))
        except InvalidTag as error:
            raise Unreadable("this record was altered or belongs to somebody else") from error
        return record

    def needs_rotation(self, sealed: bytes) -> bool:
        return sealed[0] != self._current

    def rotate(self, sealed: bytes, context: bytes) -> bytes:
        """The same record under the current key."""
        return self.seal(self.open(sealed, context), context)


def _read_keys(directory: Path) -> dict[int, bytes]:
    paths = directory.glob("privacy-*.key")
    return {int(path.stem.removeprefix("privacy-")): path.read_bytes() for path in paths}


def add_key(directory: Path) -> int:
    """Make the next key, readable by its owner alone; its number. It seals from the next reading on."""
    directory.mkdir(parents=True, exist_ok=True)
    number = max(_read_keys(directory), default=0) + 1
    path = directory / f"privacy-{number}.key"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(AESGCM.generate_key(bit_length=256))
    return number


def mask_name(name: str) -> str:
    """王小明 → 王**; Alice → A****. The first character stays."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678. Short numbers keep their last two digits."""
    if len(phone) >= 9:
        return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
    return "*" * max(len(phone) - 2, 1) + phone[-2:]


def mask_street(street: str) -> str:
    """Keeps the first four characters, enough for its owner to recognize it."""
    return street[:4] + "****"
