import asyncio

import pytest
from redis.asyncio import Redis

from media.cluster.placement import GONE_AFTER_MS, NODES, NodeRef, Placement, drain, nodes


def node(redis: Redis, name: str) -> Placement:
    return Placement(redis, NodeRef(name, f"http://{name}"))


@pytest.fixture
async def two(redis: Redis) -> tuple[Placement, Placement]:
    """Node a, half full, and b, emptier."""
    a, b = node(redis, "a"), node(redis, "b")
    await a.beat(0.5)
    await b.beat(0.1)
    return a, b


async def die(redis: Redis, name: str) -> None:
    """As if it had not beaten for longer than allowed."""
    raw = (await redis.hget(NODES, name) or b"").decode()
    at = int(raw.split('"at":')[1].split("}")[0].split(",")[0])
    await redis.hset(NODES, name, raw.replace(str(at), str(at - GONE_AFTER_MS - 1)))


async def test_a_new_room_goes_to_the_least_loaded_node_and_stays(two: tuple[Placement, Placement]) -> None:
    a, b = two
    assert await a.owner("r") is None
    assert await a.place("r") == NodeRef("b", "http://b")
    await b.beat(0.9)
    assert await b.place("r") == NodeRef("b", "http://b")
    assert await a.owner("r") == NodeRef("b", "http://b")


async def test_rooms_that_begin_at_once_spread(redis: Redis) -> None:
    both = node(redis, "a"), node(redis, "b")
    for placement in both:
        await placement.beat(0.1)
    placed = await asyncio.gather(*[both[n % 2].place(f"r{n}") for n in range(20)])
    assert sorted(found.name for found in placed if found) == ["a"] * 10 + ["b"] * 10


async def test_a_hundred_askers_get_one_answer(two: tuple[Placement, Placement]) -> None:
    found = await asyncio.gather(*[placement.place("r") for placement in two * 50])
    assert set(found) == {NodeRef("b", "http://b")}


async def test_the_rooms_of_a_dead_node_move(two: tuple[Placement, Placement], redis: Redis) -> None:
    a, b = two
    await a.place("r")
    await die(redis, "b")
    assert await a.owner("r") is None
    assert await a.place("r") == NodeRef("a", "http://a")
    # What was held up and comes back learns that the room is no longer its own.
    await b.beat(0.0)
    assert await b.keep(["r", "other"]) == ["r"]
    assert await a.keep(["r"]) == []


async def test_a_drained_node_keeps_its_rooms_and_takes_no_new_ones(
    two: tuple[Placement, Placement], redis: Redis
) -> None:
    a, b = two
    await a.place("old")
    await drain(redis, "b")
    assert await a.place("old") == NodeRef("b", "http://b")
    assert await a.place("new") == NodeRef("a", "http://a")
    assert await b.take("newer") is False
    assert [(n.name, n.drained) for n in await nodes(redis)] == [("a", False), ("b", True)]
    await drain(redis, "a")
    assert await a.place("newest") is None
    await drain(redis, "b", drained=False)
    assert await a.place("newest") == NodeRef("b", "http://b")


async def test_a_node_that_leaves_frees_its_rooms_at_once(two: tuple[Placement, Placement]) -> None:
    a, b = two
    await b.take("r")
    await b.leave()
    assert await a.place("r") == NodeRef("a", "http://a")
