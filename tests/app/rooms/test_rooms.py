"""Shows from plan to end, their queue, and what late joiners get."""

from uuid import UUID, uuid4

import httpx

from app.core.auth import Role, Tokens
from app.core.bus import Bus
from app.core.db import Database
from app.core.events import room_topic
from app.core.http import Services
from app.engagement.counters import stream_key
from app.settings import Settings
from tests.builders import create_product, create_room
from tests.conftest import LogIn


async def event_types(bus: Bus, room_id: UUID) -> list[str]:
    return [entry.event.type for entry in await bus.read_after(room_topic(room_id), 0)]


async def test_a_show_from_plan_to_end(log_in: LogIn, bus: Bus) -> None:
    host = await log_in(Role.HOST)
    created = await host.client.post("/api/rooms", json={"title": "今晚八点"})
    assert created.status_code == 201
    room = created.json()
    assert (room["status"], room["stream"], room["pin_mode"]) == ("scheduled", "offline", "auto")
    live = (await host.client.post(f"/api/rooms/{room['id']}/start")).json()
    assert (live["status"], live["stream"]) == ("live", "reconnecting")
    assert live["started_at"] is not None
    ended = (await host.client.post(f"/api/rooms/{room['id']}/end")).json()
    assert (ended["status"], ended["stream"]) == ("ended", "offline")
    again = await host.client.post(f"/api/rooms/{room['id']}/start")
    assert (again.status_code, again.json()["code"]) == (409, "room_ended")
    assert await event_types(bus, UUID(room["id"])) == ["room.updated", "room.updated"]


async def test_the_stream_state_follows_the_media_role(
    log_in: LogIn, services: Services, api: httpx.AsyncClient
) -> None:
    host = await log_in(Role.HOST)
    room_id = await create_room(services, host.principal, [])
    await host.client.post(f"/api/rooms/{room_id}/start")
    await services.redis.set(stream_key(room_id), b"{}", ex=3)
    assert (await api.get(f"/api/rooms/{room_id}")).json()["stream"] == "live"
    await services.redis.delete(stream_key(room_id))
    assert (await api.get(f"/api/rooms/{room_id}")).json()["stream"] == "reconnecting"


async def test_only_hosts_open_rooms_and_only_their_own(log_in: LogIn, services: Services, bus: Bus) -> None:
    viewer, host, other = await log_in(), await log_in(Role.HOST), await log_in(Role.HOST)
    refused = await viewer.client.post("/api/rooms", json={"title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    room_id = await create_room(services, host.principal, [])
    before = await event_types(bus, room_id)
    requests: list[tuple[str, str, dict[str, object] | None]] = [
        ("PATCH", "", {"title": "mine"}),
        ("POST", "/start", None),
        ("POST", "/end", None),
        ("PUT", "/products", {"product_ids": []}),
        ("POST", "/pins", {"product_id": str(uuid4())}),
    ]
    for method, path, body in requests:
        answer = await other.client.request(method, f"/api/rooms/{room_id}{path}", json=body)
        assert answer.status_code == 403, path
    assert await event_types(bus, room_id) == before
    room = (await host.client.get(f"/api/rooms/{room_id}")).json()
    assert (room["title"], room["status"]) == ("小美的直播间", "scheduled")


async def test_the_queue_keeps_its_order_and_refuses_strangers(
    log_in: LogIn, services: Services, db: Database
) -> None:
    host = await log_in(Role.HOST)
    mask, lipstick = await create_product(db), await create_product(db, "豆沙色口红")
    room_id = await create_room(services, host.principal, [mask, lipstick])
    swapped = await host.client.put(
        f"/api/rooms/{room_id}/products", json={"product_ids": [str(lipstick), str(mask)]}
    )
    assert [(item["position"], item["product"]["name"]) for item in swapped.json()["products"]] == [
        (1, "豆沙色口红"),
        (2, "玻尿酸补水面膜"),
    ]
    for wrong in ([str(uuid4())], [str(mask), str(mask)]):
        answer = await host.client.put(f"/api/rooms/{room_id}/products", json={"product_ids": wrong})
        assert answer.status_code == 422
    snapshot = (await host.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert [item["product"]["name"] for item in snapshot["products"]] == ["豆沙色口红", "玻尿酸补水面膜"]


async def test_a_snapshot_is_whole_and_says_where_events_go_on(
    log_in: LogIn, services: Services, db: Database, bus: Bus, api: httpx.AsyncClient
) -> None:
    host = await log_in(Role.HOST)
    mask = await create_product(db, price_cents=9900, stock=120)
    room_id = await create_room(services, host.principal, [mask])
    await host.client.post(f"/api/rooms/{room_id}/start")
    await host.client.post(f"/api/rooms/{room_id}/pins", json={"product_id": str(mask)})
    guest = (await api.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert guest["room"]["status"] == "live"
    assert [pin["product_id"] for pin in guest["pins"]] == [str(mask)]
    sku = guest["products"][0]["product"]["skus"][0]
    assert (sku["price_cents"], sku["available"]) == (9900, 120)
    assert guest["staff"] is False
    assert guest["cursors"] == {f"room:{room_id}": await bus.head(room_topic(room_id))}
    own = (await host.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert own["staff"] is True
    assert set(own["cursors"]) == {
        f"room:{room_id}",
        f"room:{room_id}:staff",
        f"user:{host.principal.user_id}",
    }


async def test_tokens_are_for_one_purpose_and_one_room(
    log_in: LogIn, services: Services, api: httpx.AsyncClient, settings: Settings
) -> None:
    host, viewer = await log_in(Role.HOST), await log_in()
    room_id = await create_room(services, host.principal, [])
    tokens = Tokens(settings.signing_secret())
    given = (await host.client.post(f"/api/rooms/{room_id}/tokens")).json()
    assert given["whip"]["url"] == f"http://shop.test:8002/whip/{room_id}"
    assert given["gateway"]["url"] == "ws://shop.test:8001/ws"
    claims = tokens.verify(given["whip"]["token"], "whip")
    assert (claims.room_id, claims.subject) == (room_id, str(host.principal.user_id))
    assert tokens.verify(given["gateway"]["token"], "gateway").extra["staff"] is True
    for client in (viewer.client, api):
        seen = (await client.post(f"/api/rooms/{room_id}/tokens")).json()
        assert seen["whip"] is None
        assert tokens.verify(seen["gateway"]["token"], "gateway").extra["staff"] is False


async def test_an_unknown_room_is_a_problem_of_its_own(api: httpx.AsyncClient) -> None:
    for path in ("", "/snapshot", "/transcript"):
        answer = await api.get(f"/api/rooms/{uuid4()}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "room_not_found")
