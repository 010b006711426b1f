"""Rooms in memory: a fake of what `ai.worker` needs of the platform, for tests and try-outs."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from ai.cues.decisions import CueDecision, Pin, Unpin
from ai.listening import ListeningEvent
from ai.transcription.segments import PartialSegment, TranscriptSegment
from ai.worker import LiveRoom


class MemoryRooms:
    """A RoomSource and a RoomSink. `rooms` may be changed at any time; `events` holds all that was handed on."""

    def __init__(self, rooms: dict[str, LiveRoom]) -> None:
        self.rooms = rooms
        self.events: list[tuple[str, ListeningEvent]] = []
        self._changed = asyncio.Condition()

    async def live_rooms(self) -> Collection[str]:
        return list(self.rooms)

    async def room(self, room_id: str) -> LiveRoom | None:
        return self.rooms.get(room_id)

    async def partial(self, room_id: str, segment: PartialSegment) -> None:
        await self._keep(room_id, segment)

    async def final(self, room_id: str, segment: TranscriptSegment) -> None:
        await self._keep(room_id, segment)

    async def decided(self, room_id: str, decision: CueDecision) -> None:
        room = self.rooms.get(room_id)
        if room is not None and isinstance(decision, Pin):
            kept = tuple(product for product in room.pinned if product not in decision.replaces)
            self.rooms[room_id] = replace(room, pinned=(*kept, decision.product_id))
        elif room is not None and isinstance(decision, Unpin):
            kept = tuple(product for product in room.pinned if product != decision.product_id)
            self.rooms[room_id] = replace(room, pinned=kept)
        await self._keep(room_id, decision)

    async def wait_for(self, kind: type[ListeningEvent], count: int = 1) -> list[ListeningEvent]:
        """The first `count` events of a kind, as soon as they are there."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[:count]

    def of(self, kind: type[ListeningEvent]) -> list[ListeningEvent]:
        return [event for _, event in self.events if isinstance(event, kind)]

    async def _keep(self, room_id: str, event: ListeningEvent) -> None:
        async with self._changed:
            self.events.append((room_id, event))
            self._changed.notify_all()
