"""What the media role needs from outside; `app/adapters` supplies it."""

from typing import Protocol

from app.core.auth import Claims, Purpose


class TokenVerifier(Protocol):
    """`app.core.auth.Tokens` fits."""

    def verify(self, token: str, purpose: Purpose) -> Claims:
        """The claims of a valid token; raises a 401 `Problem` otherwise."""


class StreamEvents(Protocol):
    """Told when a host's media begins and ends. Called in order, one at a time, may be slow."""

    async def on_publish_started(self, room_id: str, session_id: str) -> None: ...
    async def on_publish_ended(self, room_id: str, session_id: str) -> None: ...


class RecordedStreamEvents:
    """A fake that remembers: `started` and `ended` hold (room_id, session_id)."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.ended: list[tuple[str, str]] = []

    async def on_publish_started(self, room_id: str, session_id: str) -> None:
        self.started.append((room_id, session_id))

    async def on_publish_ended(self, room_id: str, session_id: str) -> None:
        self.ended.append((room_id, session_id))
