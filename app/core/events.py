"""What happens in a room, as clients get to know it. The types and their data: docs/reference/realtime.md."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import orjson

from app.core.ids import new_id


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `id` lets a receiver drop a repetition; `data` is JSON-ready."""

    type: str
    data: dict[str, Any]
    id: UUID = field(default_factory=new_id)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def to_json(self) -> bytes:
        return orjson.dumps({"id": self.id, "type": self.type, "at": self.at, "data": self.data})

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        body = orjson.loads(raw)
        return cls(body["type"], body["data"], UUID(body["id"]), datetime.fromisoformat(body["at"]))


def room_topic(room_id: UUID) -> str:
    """What everybody in the room sees."""
    return f"room:{room_id}"


def staff_topic(room_id: UUID) -> str:
    """What only the room's host, moderators and merchants see."""
    return f"room:{room_id}:staff"


def user_topic(user_id: UUID) -> str:
    """What one user alone sees, in every room."""
    return f"user:{user_id}"
