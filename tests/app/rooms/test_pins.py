"""What is on screen, and who put it there."""

import asyncio
from uuid import UUID

from app.core.auth import Principal, Role
from app.core.bus import Bus
from app.core.events import Event, room_topic, staff_topic
from app.core.http import Services
from app.rooms import pins, service
from app.rooms.schemas import RoomChange
from tests.builders import create_product, create_room
from tests.conftest import LogIn

EVIDENCE = {"text": "来看这款面膜", "score": 0.93, "rule": "introduces"}


async def events(bus: Bus, topic: str) -> list[Event]:
    return [entry.event for entry in await bus.read_after(topic, 0) if entry.event.type.startswith("pin.")]


async def three(services: Services, host: Principal) -> tuple[UUID, list[UUID]]:
    products = [await create_product(services.db, name) for name in ("面膜", "口红", "水壶")]
    return await create_room(services, host, products), products


async def test_a_presented_product_takes_the_place_of_the_last(
    log_in: LogIn, services: Services, bus: Bus
) -> None:
    host = await log_in(Role.HOST)
    room_id, (mask, lipstick, _) = await three(services, host.principal)
    await pins.pin_by_speech(services.db, services.clock, room_id, mask, EVIDENCE)
    await pins.pin_by_speech(services.db, services.clock, room_id, lipstick, EVIDENCE)
    public = await events(bus, room_topic(room_id))
    assert [(event.type, event.data["product_id"]) for event in public] == [
        ("pin.set", str(mask)),
        ("pin.cleared", str(mask)),
        ("pin.set", str(lipstick)),
    ]
    assert all("evidence" not in event.data for event in public)
    explained = await events(bus, staff_topic(room_id))
    assert [event.data["evidence"] for event in explained] == [EVIDENCE, EVIDENCE]


async def test_pinning_what_is_pinned_changes_nothing(log_in: LogIn, services: Services, bus: Bus) -> None:
    host = await log_in(Role.HOST)
    room_id, (mask, *_) = await three(services, host.principal)
    first = await pins.pin_by_hand(services.db, services.clock, host.principal, room_id, mask)
    second = await pins.pin_by_speech(services.db, services.clock, room_id, mask, EVIDENCE)
    assert second is not None
    assert second.id == first.id
    assert len(await events(bus, room_topic(room_id))) == 1


async def test_a_set_stays_together_up_to_three(log_in: LogIn, services: Services) -> None:
    host = await log_in(Role.HOST)
    products = [await create_product(services.db, name) for name in ("面膜", "口红", "水壶", "台灯")]
    room_id = await create_room(services, host.principal, products)
    for product in products:
        await pins.pin_by_speech(services.db, services.clock, room_id, product, EVIDENCE, replaces=())
    snapshot = (await host.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert [pin["product_id"] for pin in snapshot["pins"]] == [str(product) for product in products[1:]]


async def test_where_only_suggestions_are_wanted_nothing_pins_itself(
    log_in: LogIn, services: Services, bus: Bus
) -> None:
    host = await log_in(Role.HOST)
    room_id, (mask, *_) = await three(services, host.principal)
    await service.change(services.db, host.principal, room_id, RoomChange(pin_mode="suggest"))
    for _ in range(2):
        assert await pins.pin_by_speech(services.db, services.clock, room_id, mask, EVIDENCE) is None
    assert await events(bus, room_topic(room_id)) == []
    [offered] = await events(bus, staff_topic(room_id))
    assert (offered.type, offered.data["product_id"]) == ("pin.suggested", str(mask))

    accepted = await host.client.post(f"/api/rooms/{room_id}/suggestions/{offered.data['id']}/accept")
    assert accepted.json()["product_id"] == str(mask)
    gone = await host.client.post(f"/api/rooms/{room_id}/suggestions/{offered.data['id']}/dismiss")
    assert (gone.status_code, gone.json()["code"]) == (404, "suggestion_gone")


async def test_a_product_of_another_room_is_refused(log_in: LogIn, services: Services, bus: Bus) -> None:
    host = await log_in(Role.HOST)
    room_id, _ = await three(services, host.principal)
    foreign = await create_product(services.db, "台灯")
    answer = await host.client.post(f"/api/rooms/{room_id}/pins", json={"product_id": str(foreign)})
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_in_room")
    assert await events(bus, room_topic(room_id)) == []


async def test_hand_and_voice_at_once_leave_one_pin(log_in: LogIn, services: Services, bus: Bus) -> None:
    host = await log_in(Role.HOST)
    room_id, (mask, lipstick, kettle) = await three(services, host.principal)
    await asyncio.gather(
        *(pins.pin_by_hand(services.db, services.clock, host.principal, room_id, mask) for _ in range(3)),
        *(
            pins.pin_by_speech(services.db, services.clock, room_id, product, EVIDENCE)
            for product in (lipstick, kettle, mask)
        ),
    )
    shown: set[str] = set()
    for event in await events(bus, room_topic(room_id)):
        (shown.add if event.type == "pin.set" else shown.remove)(event.data["product_id"])
    snapshot = (await host.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert [pin["product_id"] for pin in snapshot["pins"]] == list(shown)
    assert len(shown) == 1


async def test_unpinning_and_ending_take_the_card_down(log_in: LogIn, services: Services, bus: Bus) -> None:
    host = await log_in(Role.HOST)
    room_id, (mask, *_) = await three(services, host.principal)
    await pins.pin_by_hand(services.db, services.clock, host.principal, room_id, mask)
    path = f"/api/rooms/{room_id}/pins/{mask}"
    assert [(await host.client.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert [event.type for event in await events(bus, room_topic(room_id))] == ["pin.set", "pin.cleared"]
    await pins.pin_by_hand(services.db, services.clock, host.principal, room_id, mask)
    await service.end(services.db, services.clock, host.principal, room_id)
    async with services.db.transaction() as tx:
        left = await (await tx.execute("SELECT 1 FROM pins WHERE unpinned_at IS NULL")).fetchall()
    assert left == []
