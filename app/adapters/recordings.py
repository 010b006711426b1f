"""What recordings need of the shop: when which product was presented, who to tell, how long to keep."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from app.core.bus import Bus
from app.core.db import Database
from app.core.events import Event, staff_topic
from app.rooms import repository as rooms
from commerce.orders import repository as orders
from media.recording.ports import ExplanationWindow

log = structlog.get_logger()


class PinWindows:
    """`media.recording.ports.ExplanationWindows`: a product is presented while it is pinned."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_room(self, room_id: str) -> Sequence[ExplanationWindow]:
        async with self._db.transaction() as tx:
            pins = await rooms.all_pins(tx, UUID(room_id))
        return [
            ExplanationWindow(str(pin["id"]), str(pin["product_id"]), pin["pinned_at"], pin["unpinned_at"])
            for pin in pins
        ]


class RecordingReports:
    """`media.recording.ports.RecordingEvents`: the room's staff hear it in the studio."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def on_recording_failed(self, room_id: str, reason: str) -> None:
        log.error("not recorded", room_id=room_id, reason=reason)
        await self._tell(room_id, Event("recording.failed", {"reason": reason}))

    async def on_clip_ready(self, room_id: str, window: ExplanationWindow, duration_s: float) -> None:
        data = {
            "pin_id": window.id,
            "product_id": window.product_id,
            "duration_s": round(duration_s, 3),
            "url": f"/vod/{room_id}/clips/{window.id}.mp4",
        }
        await self._tell(room_id, Event("clip.ready", data))

    async def _tell(self, room_id: str, event: Event) -> None:
        await self._bus.publish(staff_topic(UUID(room_id)), event)


class SalesRetention:
    """`media.recording.ports.Retention`: longer where something was sold."""

    def __init__(self, db: Database, *, days: int, days_with_orders: int) -> None:
        self._db = db
        self._days = days
        self._days_with_orders = days_with_orders

    async def days(self, room_id: str) -> int:
        async with self._db.transaction() as tx:
            sold = await orders.any_of_room(tx, UUID(room_id))
        return self._days_with_orders if sold else self._days
