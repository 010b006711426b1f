"""What a room shows beside its talk: its cover, who is here, what it has sold."""

import io
from uuid import UUID

import httpx
from PIL import Image
from redis.asyncio import Redis

from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.http import Services
from app.core.ids import new_id
from app.gateway.presence import Presence
from app.rooms import covers
from app.rooms import service as rooms
from commerce.runtime import Commerce
from tests.builders import create_product, create_room
from tests.conftest import LogIn


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), "#2a5a4c").save(out, form)
    return out.getvalue()


async def test_a_live_room_is_shown_by_its_stream_until_the_host_gives_a_cover(
    services: Services, clock: ManualClock, commerce: Commerce, log_in: LogIn
) -> None:
    host, stranger = await log_in(Role.HOST), await log_in(Role.HOST)
    room_id = await create_room(services, host.principal, [])
    frame = {"jpeg": picture("JPEG"), "at_ms": "0", "session": "s"}
    await services.redis.xadd(covers.frames_key(room_id), frame)  # type: ignore[arg-type]
    assert await covers.from_streams(services.db, services.redis, commerce.pictures) == 0
    await rooms.start(services.db, clock, host.principal, room_id)
    assert await covers.from_streams(services.db, services.redis, commerce.pictures) == 1

    async def shown() -> str:
        found = (await stranger.client.get(f"/api/rooms/{room_id}")).json()["cover_url"]
        assert (await stranger.client.get(found)).headers["content-type"] == "image/webp"
        return str(found)

    from_stream = await shown()
    path = f"/api/rooms/{room_id}/cover"
    own = {"picture": ("cover.png", picture("PNG"), "image/png")}
    assert (await stranger.client.put(path, files=own)).status_code == 403
    nothing = await host.client.put(path, files={"picture": ("cover.png", b"no picture", "image/png")})
    assert (nothing.status_code, await shown()) == (422, from_stream)
    assert (await host.client.put(path, files=own)).status_code == 200
    assert await shown() != from_stream
    assert await covers.from_streams(services.db, services.redis, commerce.pictures) == 0


async def test_who_is_here_is_told_over_all_gateways_by_name_for_those_who_have_one(
    services: Services, redis: Redis, api: httpx.AsyncClient, log_in: LogIn
) -> None:
    host, viewer = await log_in(Role.HOST, name="小美"), await log_in(name="安安")
    room_id = await create_room(services, host.principal, [])
    first, second = Presence(redis, "one"), Presence(redis, "two")
    for presence, subjects in (
        (first, [str(viewer.principal.user_id), "guest-1"]),
        (second, [str(viewer.principal.user_id), str(host.principal.user_id), "guest-2"]),
    ):
        for subject in subjects:
            presence.enter(room_id, subject, staff=subject == str(host.principal.user_id))
    await first.beat()
    await redis.delete(f"here:{{{room_id}}}:counted")
    await second.beat()
    shown = (await api.get(f"/api/rooms/{room_id}/people")).json()
    assert (shown["total"], [person["display_name"] for person in shown["named"]]) == (3, ["安安"])
    assert (await api.get(f"/api/rooms/{new_id()}/people")).status_code == 404


async def test_the_host_sees_the_newest_orders_after_a_reload(services: Services, log_in: LogIn) -> None:
    host, buyer = await log_in(Role.HOST), await log_in(name="安安")
    product = await create_product(services.db)
    room_id = await create_room(services, host.principal, [product])
    snapshot = (await buyer.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    sku_id = snapshot["products"][0]["product"]["skus"][0]["id"]
    numbers = []
    for room in (room_id, room_id, None):
        placed = await buyer.client.post(
            "/api/orders",
            json={"lines": [{"sku_id": sku_id, "quantity": 1}]} | ({"room_id": str(room)} if room else {}),
            headers={"Idempotency-Key": new_id().hex},
        )
        numbers.append(placed.json()["number"])
    path = f"/api/rooms/{room_id}/orders"
    shown = (await host.client.get(path)).json()
    assert sorted(order["number"] for order in shown) == sorted(numbers[:2])
    assert {order["buyer"]["display_name"] for order in shown} == {"安安"}
    assert not {"address", "note"} & set(shown[0])
    assert UUID(shown[0]["room_id"]) == room_id
    assert (await buyer.client.get(path)).status_code == 403
