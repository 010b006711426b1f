"""Batches: who receives what, in which order, and nothing lost or doubled when somebody comes back."""

import asyncio
import time

from redis.asyncio import Redis

from app.core.bus import Bus
from app.core.events import Event, staff_topic, user_topic
from app.core.ids import new_id
from tests.app.gateway.client import WAIT_S, Client
from tests.app.gateway.conftest import OpenGateway, Room


def pin(number: int) -> Event:
    return Event("pin.set", {"number": number, "text": str(number)})


async def test_events_arrive_in_order_in_batches_of_a_tenth_of_a_second(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    """They go out while more keep coming, so that a batch never waits for a pause that there is not."""
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as viewer:

        def batches() -> int:
            return len([batch for batch in viewer.batches(room.topic) if batch["events"]])

        began = time.monotonic()
        published = 0
        async with asyncio.timeout(WAIT_S):
            while batches() < 3:
                await bus.publish(room.topic, pin(published))
                published += 1
        await viewer.until(lambda: len(viewer.seqs(room.topic)) == published)
        tenths = (time.monotonic() - began) / 0.1

    assert viewer.texts(room.topic) == [str(number) for number in range(published)]
    seqs = viewer.seqs(room.topic)
    assert seqs == list(range(seqs[0], seqs[0] + published))
    assert 3 <= batches() <= tenths + 2


async def test_a_batch_names_its_event_and_the_rooms_figures(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as viewer:
        await viewer.until(lambda: any("stats" in batch for batch in viewer.batches(room.topic)))
        event = pin(1)
        seq = await bus.publish(room.topic, event)
        await viewer.until(lambda: viewer.seqs(room.topic) == [seq])

    batch = viewer.batches(room.topic)[-1]
    assert batch["events"] == [
        {
            "seq": seq,
            "id": str(event.id),
            "type": "pin.set",
            "at": event.at.isoformat(),
            "data": {"number": 1, "text": "1"},
        }
    ]
    assert batch["through"] == seq
    assert batch["stats"] == {"viewers": 1, "likes": 0, "stream": "offline"}


async def test_staff_and_private_topics_reach_only_whom_they_are_for(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    somebody = new_id()
    async with (
        open_gateway() as gateway,
        Client().connected(gateway.port, room.token()) as guest,
        Client().connected(gateway.port, room.token(somebody)) as user,
        Client().connected(gateway.port, room.token(room.host.principal.user_id, staff=True)) as host,
    ):
        await bus.publish(staff_topic(room.id), pin(1))
        await bus.publish(user_topic(somebody), pin(2))
        await bus.publish(room.topic, pin(3))
        for viewer in (guest, user, host):
            await viewer.until(lambda viewer=viewer: viewer.texts(room.topic) == ["3"])
        await host.until(lambda: host.texts(staff_topic(room.id)) == ["1"])
        await user.until(lambda: user.texts(user_topic(somebody)) == ["2"])

    assert set(guest.events) == {room.topic}
    assert set(user.events) == {room.topic, user_topic(somebody)}
    assert set(host.events) == {room.topic, staff_topic(room.id)}


async def test_a_cursor_for_somebody_elses_topic_is_refused(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    secret = staff_topic(room.id)
    await bus.publish(secret, pin(1))
    async with open_gateway() as gateway, Client({secret: 0}).connected(gateway.port, room.token()) as guest:
        refused = await guest.receive("error")
        await bus.publish(room.topic, pin(2))
        await guest.until(lambda: guest.texts(room.topic) == ["2"])

    assert (refused["code"], refused["detail"]) == ("topic_forbidden", secret)
    assert secret not in guest.events


async def test_who_comes_back_gets_what_was_missed_once(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    viewer = Client()
    async with open_gateway() as gateway:
        async with viewer.connected(gateway.port, room.token()):
            await bus.publish(room.topic, pin(0))
            await viewer.until(lambda: viewer.texts(room.topic) == ["0"])
        for number in range(1, 501):
            await bus.publish(room.topic, pin(number))
        async with viewer.connected(gateway.port, room.token()):
            await bus.publish(room.topic, pin(501))
            await viewer.until(lambda: "501" in viewer.texts(room.topic))

    assert viewer.texts(room.topic) == [str(number) for number in range(502)]


async def test_a_restarted_gateway_goes_on_from_the_log(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    viewer = Client()
    async with open_gateway() as gateway, viewer.connected(gateway.port, room.token()):
        await bus.publish(room.topic, pin(0))
        await viewer.until(lambda: viewer.texts(room.topic) == ["0"])
    for number in range(1, 2_500):
        await bus.publish(room.topic, pin(number))
    async with open_gateway() as gateway:

        async def go_on() -> None:
            for number in range(2_500, 2_600):
                await bus.publish(room.topic, pin(number))

        publishing = asyncio.create_task(go_on())
        async with viewer.connected(gateway.port, room.token()):
            await viewer.until(lambda: "2599" in viewer.texts(room.topic))
        await publishing

    assert viewer.texts(room.topic) == [str(number) for number in range(2_600)]


async def test_two_gateways_deliver_the_same(open_gateway: OpenGateway, room: Room, bus: Bus) -> None:
    async with (
        open_gateway() as one,
        open_gateway() as other,
        Client().connected(one.port, room.token()) as here,
        Client().connected(other.port, room.token()) as there,
    ):
        await asyncio.gather(*(bus.publish(room.topic, pin(number)) for number in range(50)))
        await here.until(lambda: len(here.seqs(room.topic)) == 50)
        await there.until(lambda: len(there.seqs(room.topic)) == 50)

    assert here.events == there.events


async def test_a_cursor_that_the_log_no_longer_reaches_begins_anew(
    open_gateway: OpenGateway, room: Room, bus: Bus, redis: Redis
) -> None:
    first = await bus.publish(room.topic, pin(0))
    for number in range(1, 10):
        await bus.publish(room.topic, pin(number))
    await redis.xtrim(f"log:{{{room.topic}}}", maxlen=5, approximate=False)
    viewer = Client({room.topic: first})
    async with open_gateway() as gateway, viewer.connected(gateway.port, room.token()):
        assert (await viewer.receive("reset"))["topic"] == room.topic
        assert (await viewer.receive("welcome"))["cursors"][room.topic] == first + 9
        await bus.publish(room.topic, pin(10))
        await viewer.until(lambda: viewer.texts(room.topic) == ["10"])


async def test_a_log_lost_with_redis_begins_anew_for_those_who_are_there(
    open_gateway: OpenGateway, room: Room, bus: Bus, redis: Redis
) -> None:
    await bus.publish(room.topic, pin(0))
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as viewer:
        await redis.flushall()
        await bus.publish(room.topic, pin(1))
        await viewer.until(lambda: viewer.texts(room.topic) == ["1"])
        await redis.set(f"seq:{{{room.topic}}}", 5)
        await redis.delete(f"log:{{{room.topic}}}")
        await bus.publish(room.topic, pin(2))
        await viewer.receive("reset")
        await bus.publish(room.topic, pin(3))
        await viewer.until(lambda: viewer.texts(room.topic) == ["1", "3"])
