"""The hash chain: an entry cannot be changed, removed or put in between without breaking all after it."""

import hashlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: `details` is JSON; `hash` is SHA-256 over the entry's canonical form and `previous_hash`."""

    seq: int
    at: datetime
    actor_id: UUID | None
    action: str
    subject: str
    details: Mapping[str, Any]
    previous_hash: bytes
    hash: bytes

    def export(self) -> dict[str, Any]:
        """One line of an exported log."""
        return _content(self) | {"previous_hash": self.previous_hash.hex(), "hash": self.hash.hex()}

    @classmethod
    def from_export(cls, line: Mapping[str, Any]) -> "Entry":
        """The inverse of `export`; raises KeyError or ValueError for what is no entry."""
        return cls(
            int(line["seq"]),
            datetime.fromisoformat(line["at"]),
            UUID(line["actor"]) if line["actor"] else None,
            line["action"],
            line["subject"],
            line["details"],
            bytes.fromhex(line["previous_hash"]),
            bytes.fromhex(line["hash"]),
        )


def seal(
    seq: int,
    at: datetime,
    actor_id: UUID | None,
    action: str,
    subject: str,
    details: Mapping[str, Any],
    previous_hash: bytes,
) -> Entry:
    """An entry with its hash."""
    entry = Entry(seq, at, actor_id, action, subject, details, previous_hash, b"")
    return Entry(seq, at, actor_id, action, subject, details, previous_hash, digest(entry))


def digest(entry: Entry) -> bytes:
    """SHA-256 of the previous hash followed by the entry as JSON with sorted keys."""
    return hashlib.sha256(
        entry.previous_hash + orjson.dumps(_content(entry), option=orjson.OPT_SORT_KEYS)
    ).digest()


def _content(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": str(entry.actor_id) if entry.actor_id else None,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
    }


@dataclass(frozen=True, slots=True)
class Verification:
    """Entries read, the last hash, and what is wrong with which entry first (nothing: the log is whole)."""

    entries: int
    head: str
    broken_at: int | None = None
    problem: str | None = None


async def verify(entries: AsyncIterable[Entry]) -> Verification:
    """Walk the chain from its beginning; stops at the first entry that does not fit."""
    previous, count = GENESIS, 0
    async for entry in entries:
        problem = None
        if entry.seq != count + 1:
            problem = f"entry {count + 1} is missing"
        elif entry.previous_hash != previous:
            problem = "it does not follow the entry before it"
        elif digest(entry) != entry.hash:
            problem = "its content was changed"
        if problem:
            return Verification(count, previous.hex(), entry.seq, problem)
        previous, count = entry.hash, count + 1
    return Verification(count, previous.hex())
