from datetime import timedelta
from uuid import UUID

from app.adapters.recordings import PinWindows, RecordingReports, SalesRetention
from app.core.auth import Role
from app.core.bus import Bus
from app.core.clock import ManualClock
from app.core.events import staff_topic
from app.core.http import Services
from app.core.ids import new_id
from app.rooms import pins
from media.recording.ports import ExplanationWindow
from tests.builders import create_product, create_room
from tests.conftest import LogIn


async def test_a_product_is_presented_while_it_is_pinned(
    services: Services, clock: ManualClock, log_in: LogIn
) -> None:
    host = (await log_in(Role.HOST)).principal
    products = [await create_product(services.db, f"面膜{n}") for n in range(2)]
    room_id = await create_room(services, host, products)
    began = clock.now()
    await pins.pin_by_hand(services.db, clock, host, room_id, products[0])
    clock.advance(40)
    await pins.unpin(services.db, clock, host, room_id, products[0])
    clock.advance(5)
    await pins.pin_by_hand(services.db, clock, host, room_id, products[1])

    windows = await PinWindows(services.db).of_room(str(room_id))
    assert [(w.product_id, w.began_at, w.ended_at) for w in windows] == [
        (str(products[0]), began, began + timedelta(seconds=40)),
        (str(products[1]), began + timedelta(seconds=45), None),
    ]
    assert all(str(UUID(w.id)) == w.id for w in windows)
    assert await PinWindows(services.db).of_room(str(new_id())) == []


async def test_staff_hear_of_clips_and_of_a_recording_that_fails(bus: Bus, clock: ManualClock) -> None:
    room_id, reports = new_id(), RecordingReports(bus)
    await reports.on_recording_failed(str(room_id), "No space left on device")
    window = ExplanationWindow("w1", "p1", clock.now(), clock.now())
    await reports.on_clip_ready(str(room_id), window, 12.5)
    entries = [entry.event for entry in await bus.read_after(staff_topic(room_id), 0, 10)]
    assert [(event.type, event.data) for event in entries] == [
        ("recording.failed", {"reason": "No space left on device"}),
        (
            "clip.ready",
            {
                "pin_id": "w1",
                "product_id": "p1",
                "duration_s": 12.5,
                "url": f"/vod/{room_id}/clips/w1.mp4",
            },
        ),
    ]


async def test_a_show_without_orders_is_kept_for_the_shorter_time(services: Services) -> None:
    retention = SalesRetention(services.db, days=90, days_with_orders=1095)
    assert await retention.days(str(new_id())) == 90
