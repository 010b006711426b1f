"""What recording needs from outside; `app/adapters` supplies it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ExplanationWindow:
    """From when to when a product was presented; `ended_at` is None while it lasts.

    `id` names the window for ever: letters, digits, `-` and `_`.
    """

    id: str
    product_id: str
    began_at: datetime
    ended_at: datetime | None


class ExplanationWindows(Protocol):
    """Knows what was presented when."""

    async def of_room(self, room_id: str) -> Sequence[ExplanationWindow]:
        """All windows of a room, oldest first."""


class NoExplanationWindows:
    """Nothing was presented."""

    async def of_room(self, room_id: str) -> Sequence[ExplanationWindow]:
        return ()


class FixedExplanationWindows:
    """A fake: `windows` by room."""

    def __init__(self) -> None:
        self.windows: dict[str, list[ExplanationWindow]] = {}

    async def of_room(self, room_id: str) -> Sequence[ExplanationWindow]:
        return self.windows.get(room_id, ())


class RecordingEvents(Protocol):
    """Told about recordings; may be slow, is called one at a time."""

    async def on_recording_failed(self, room_id: str, reason: str) -> None:
        """Nothing is recorded at the moment; the stream goes on. At most once a minute."""

    async def on_clip_ready(self, room_id: str, window: ExplanationWindow, duration_s: float) -> None:
        """A product's clip can be watched."""


class RecordedRecordingEvents:
    """A fake that remembers."""

    def __init__(self) -> None:
        self.failed: list[tuple[str, str]] = []
        self.clips: list[tuple[str, str]] = []

    async def on_recording_failed(self, room_id: str, reason: str) -> None:
        self.failed.append((room_id, reason))

    async def on_clip_ready(self, room_id: str, window: ExplanationWindow, duration_s: float) -> None:
        self.clips.append((room_id, window.id))


class Retention(Protocol):
    """How long a room's recordings are kept."""

    async def days(self, room_id: str) -> int:
        """Days after the recording's end; negative means for ever."""
