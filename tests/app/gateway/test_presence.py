"""Viewers counted once over all gateways, likes merged, the stream's state."""

import asyncio
from uuid import UUID

from redis.asyncio import Redis

from app.core.db import Database
from app.core.http import Services
from app.core.ids import new_id
from app.engagement import counters
from app.engagement.counters import RoomStats, likes_key, stream_key
from app.gateway.presence import Presence
from app.rooms import service as rooms
from tests.app.gateway.client import Client
from tests.app.gateway.conftest import OpenGateway, Room


async def viewers(redis: Redis, room_id: UUID, *gateways: Presence) -> int:
    """What is counted once every gateway has spoken."""
    for gateway in gateways[1:]:
        await gateway.beat()
    await redis.delete(f"here:{{{room_id}}}:counted")
    return (await gateways[0].beat())[room_id]


async def test_people_are_counted_once_over_all_gateways_and_tabs(redis: Redis) -> None:
    room_id = new_id()
    one, other = Presence(redis, "one"), Presence(redis, "other")
    for subject in ("a", "a", "b"):
        one.enter(room_id, subject)
    for subject in ("b", "c"):
        other.enter(room_id, subject)
    assert await viewers(redis, room_id, one, other) == 3

    one.leave(room_id, "a")
    other.leave(room_id, "b")
    assert await viewers(redis, room_id, one, other) == 3
    one.leave(room_id, "a")
    assert await viewers(redis, room_id, one, other) == 2
    assert [stat.viewers for stat in await counters.read(redis, [room_id])] == [2]


async def test_the_host_alone_has_no_audience_and_sees_the_figures(
    open_gateway: OpenGateway, room: Room, redis: Redis
) -> None:
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token(staff=True)) as host:
        await host.wait_for(lambda frame: frame.get("stats", {}).get("viewers") == 0)
        async with Client().connected(gateway.port, room.token()):
            await host.wait_for(lambda frame: frame.get("stats", {}).get("viewers") == 1)


async def test_a_gateway_that_fell_silent_has_lost_its_people(redis: Redis) -> None:
    room_id = new_id()
    one, dead = Presence(redis, "one"), Presence(redis, "dead")
    one.enter(room_id, "a")
    dead.enter(room_id, "b")
    assert await viewers(redis, room_id, one, dead) == 2
    await redis.zadd(f"here:{{{room_id}}}", {"dead": 1})

    assert await viewers(redis, room_id, one) == 1


async def test_what_redis_lost_is_written_again(redis: Redis) -> None:
    room_id = new_id()
    one = Presence(redis, "one")
    for subject in ("a", "b", "c"):
        one.enter(room_id, subject)
    assert await viewers(redis, room_id, one) == 3
    await redis.flushall()
    one.enter(room_id, "d")

    assert await viewers(redis, room_id, one) == 4


async def test_a_gateway_that_ends_takes_its_people_along_at_once(redis: Redis) -> None:
    room_id = new_id()
    one, other = Presence(redis, "one"), Presence(redis, "other")
    one.enter(room_id, "a")
    other.enter(room_id, "b")
    assert await viewers(redis, room_id, one, other) == 2
    await other.leave_all()

    assert await viewers(redis, room_id, one) == 1


async def test_an_empty_room_is_forgotten(redis: Redis) -> None:
    room_id = new_id()
    one = Presence(redis, "one")
    one.enter(room_id, "a")
    await one.beat()
    one.leave(room_id, "a")
    assert await viewers(redis, room_id, one) == 0
    assert one.rooms == []


async def test_likes_of_many_are_merged_and_seen_by_all(
    open_gateway: OpenGateway, room: Room, redis: Redis
) -> None:
    async with (
        open_gateway() as one,
        open_gateway() as other,
        Client().connected(one.port, room.token()) as here,
        Client().connected(other.port, room.token()) as there,
    ):
        for _ in range(10):
            await here.send({"t": "like", "count": 3})
        await there.send({"t": "like", "count": 12})
        seen = {"viewers": 2, "likes": 42, "stream": "offline"}
        for viewer in (here, there):
            await viewer.wait_for(lambda frame: frame.get("stats") == seen)

    assert await redis.get(likes_key(room.id)) == b"42"


async def test_likes_outlive_redis(db: Database, redis: Redis, room: Room) -> None:
    await counters.add_likes(redis, db, {room.id: 5})
    await counters.add_likes(redis, db, {room.id: 2})
    await counters.store_likes(redis, db, [room.id])
    await redis.flushall()
    await counters.add_likes(redis, db, {room.id: 1})
    await counters.store_likes(redis, db, [room.id])

    assert await counters.read(redis, [room.id]) == [RoomStats(viewers=0, likes=8, streaming=False)]


async def test_the_streams_state_reaches_the_viewers(
    open_gateway: OpenGateway, room: Room, services: Services
) -> None:
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as viewer:

        async def seen(state: str) -> None:
            await viewer.wait_for(lambda frame: frame.get("stats", {}).get("stream") == state)

        await seen("offline")
        await services.redis.set(stream_key(room.id), b"{}")
        await seen("live")
        await rooms.start(services.db, services.clock, room.host.principal, room.id)
        await services.redis.delete(stream_key(room.id))
        await seen("reconnecting")
        await asyncio.sleep(0)
