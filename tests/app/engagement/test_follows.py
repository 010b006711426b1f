"""Following a host."""

from uuid import UUID

import httpx

from app.core.events import user_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.follows import service
from app.rooms import service as rooms
from tests.conftest import LogIn, User


async def test_following_counts_once_and_ends(api: httpx.AsyncClient, host: User, log_in: LogIn) -> None:
    viewer = await log_in()
    path = f"/api/hosts/{host.principal.user_id}/follow"
    for _ in range(2):
        assert (await viewer.client.put(path)).json()["followers"] == 1
    assert (await api.get(path)).json() == {
        "host_id": str(host.principal.user_id),
        "following": False,
        "followers": 1,
        "by_email": False,
    }
    assert (await viewer.client.get(path)).json()["following"] is True
    assert (await viewer.client.delete(path)).json()["followers"] == 0


async def test_who_cannot_be_followed(api: httpx.AsyncClient, host: User, log_in: LogIn) -> None:
    viewer = await log_in()
    assert (await api.put(f"/api/hosts/{host.principal.user_id}/follow")).status_code == 401
    assert (await host.client.put(f"/api/hosts/{host.principal.user_id}/follow")).status_code == 422
    for nobody in (new_id(), viewer.principal.user_id):
        refused = await host.client.put(f"/api/hosts/{nobody}/follow")
        assert (refused.status_code, refused.json()["code"]) == (404, "host_not_found")


async def test_followers_hear_that_the_host_is_live_and_nobody_else(
    services: Services, host: User, room_id: UUID, log_in: LogIn
) -> None:
    follower, stranger = await log_in(), await log_in()
    await follower.client.put(f"/api/hosts/{host.principal.user_id}/follow")
    assert await service.tell_live(services.db, services.bus, room_id) == 1
    [entry] = await services.bus.read_after(user_topic(follower.principal.user_id), 0)
    assert (entry.event.type, entry.event.data["room_id"]) == ("host.live", str(room_id))
    assert await services.bus.read_after(user_topic(stranger.principal.user_id), 0) == []
    await rooms.end(services.db, services.clock, host.principal, room_id)
    assert await service.tell_live(services.db, services.bus, room_id) == 0
