"""Following a host, and hearing when the host goes live."""

from uuid import UUID

from pydantic import BaseModel

from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Invalid, NotFound
from app.core.events import Event, user_topic
from app.core.jobs import defer_in
from app.engagement.follows import repository
from app.rooms import service as rooms

AT_ONCE = 1_000


class HostNotFound(NotFound):
    code = "host_not_found"
    title = "There is no such host"


class Following(BaseModel):
    """`by_email`: the user is told by e-mail, too, when the host goes live."""

    host_id: UUID
    following: bool
    followers: int
    by_email: bool


class FollowChange(BaseModel):
    by_email: bool = False


async def get(db: Database, user_id: UUID | None, host_id: UUID) -> Following:
    """Raises HostNotFound."""
    async with db.transaction() as tx:
        if not await repository.is_host(tx, host_id):
            raise HostNotFound
        return Following(host_id=host_id, **await repository.count(tx, host_id, user_id))


async def follow(
    db: Database, clock: Clock, user_id: UUID, host_id: UUID, *, by_email: bool = False
) -> Following:
    """Following again changes how one is told. Raises HostNotFound; nobody follows themselves."""
    if user_id == host_id:
        raise Invalid("You cannot follow yourself.")
    async with db.transaction() as tx:
        if not await repository.is_host(tx, host_id):
            raise HostNotFound
        await repository.add(tx, user_id, host_id, clock.now(), by_email=by_email)
        return Following(host_id=host_id, **await repository.count(tx, host_id, user_id))


async def unfollow(db: Database, user_id: UUID, host_id: UUID) -> Following:
    async with db.transaction() as tx:
        await repository.remove(tx, user_id, host_id)
    return await get(db, user_id, host_id)


async def tell_live(db: Database, bus: Bus, room_id: UUID) -> int:
    """Tell every follower of the room's host that it is live (`host.live`); how many were told.

    Those who are elsewhere hear it on their browsers and by e-mail, in jobs of their own.
    """
    async with db.transaction() as tx:
        room = await rooms.get(tx, room_id)
    if room["status"] != "live":
        return 0
    shown = {
        "room_id": str(room_id),
        "title": room["title"],
        "host": {"id": str(room["host_id"]), "display_name": room["host_name"]},
    }
    told, after = 0, None
    while True:
        async with db.transaction() as tx:
            people = await repository.followers(tx, room["host_id"], after, AT_ONCE)
        if not people:
            return told
        await bus.publish_many([(user_topic(user_id), Event("host.live", shown)) for user_id in people])
        async with db.transaction() as tx:
            ids = [str(user_id) for user_id in people]
            await defer_in(tx, "engagement:send_notices", room_id=str(room_id), user_ids=ids)
        told, after = told + len(people), people[-1]
