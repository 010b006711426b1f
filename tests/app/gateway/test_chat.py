"""Chat over the socket, in peace and in a flood."""

import asyncio
from uuid import uuid4

from app.core.bus import Bus
from app.core.events import Event, user_topic
from app.core.ids import new_id
from app.core.pace import Pace
from app.engagement.red_packets import service as red_packets
from app.engagement.red_packets.schemas import NewRedPacket
from tests.app.gateway.client import Client
from tests.app.gateway.conftest import OpenGateway, Room
from tests.conftest import LogIn


def said(text: str, *, author: str = "", kind: str = "viewer", mentions: tuple[str, ...] = ()) -> Event:
    author = author or str(new_id())
    return Event(
        "chat.message",
        {"text": text, "kind": kind, "author": {"id": author}, "mentions": list(mentions)},
    )


async def test_what_one_says_everybody_reads_and_the_author_is_told(
    open_gateway: OpenGateway, room: Room, log_in: LogIn
) -> None:
    user = await log_in(name="小雨")
    async with (
        open_gateway() as gateway,
        Client().connected(gateway.port, room.token(user.principal.user_id)) as author,
        Client().connected(gateway.port, room.token()) as guest,
    ):
        ack = await author.chat("<b>有货吗</b>")
        for viewer in (author, guest):
            await viewer.until(lambda viewer=viewer: viewer.texts(room.topic) == ["<b>有货吗</b>"])

    [event] = guest.events[room.topic]
    assert ack == {
        "t": "ack",
        "client_id": event["data"]["client_id"],
        "status": "sent",
        "message_id": event["id"],
    }
    assert event["data"]["author"] == {"id": str(user.principal.user_id), "display_name": "小雨"}


async def test_a_message_sent_again_after_the_connection_broke_is_heard_once(
    open_gateway: OpenGateway, room: Room, log_in: LogIn
) -> None:
    token = room.token((await log_in()).principal.user_id)
    client_id = uuid4()
    author = Client()
    async with open_gateway() as gateway:
        async with author.connected(gateway.port, token):
            first = await author.chat("在吗", client_id)
        async with author.connected(gateway.port, token):
            again = await author.chat("在吗", client_id)
            await author.chat("好")
            await author.until(lambda: "好" in author.texts(room.topic))

    assert again == first
    assert author.texts(room.topic) == ["在吗", "好"]


async def test_held_words_stay_with_their_author(
    open_gateway: OpenGateway, room: Room, log_in: LogIn
) -> None:
    user_id = (await log_in()).principal.user_id
    async with (
        open_gateway() as gateway,
        Client().connected(gateway.port, room.token(user_id)) as author,
        Client().connected(gateway.port, room.token()) as guest,
    ):
        held = await author.chat("加微信聊")
        await author.chat("好")
        await guest.until(lambda: guest.texts(room.topic) == ["好"])
        await author.until(lambda: len(author.seqs(user_topic(user_id))) == 1)

    assert held["status"] == "held"
    assert author.texts(room.topic) == ["好"]


async def test_guests_and_the_hasty_are_refused_with_a_code(
    open_gateway: OpenGateway, room: Room, log_in: LogIn
) -> None:
    token = room.token((await log_in()).principal.user_id)
    async with (
        open_gateway(Pace(interval_ms=60_000, burst=1)) as gateway,
        Client().connected(gateway.port, token) as author,
        Client().connected(gateway.port, room.token()) as guest,
    ):
        assert (await guest.chat("我也要"))["code"] == "login_required"
        assert (await author.chat("一"))["t"] == "ack"
        assert (await author.chat("二"))["code"] == "rate_limited"
        assert (await author.chat("\u200b"))["code"] == "empty_message"
        assert (await author.chat("长" * 201))["code"] == "message_too_long"
        await guest.until(lambda: guest.texts(room.topic) == ["一"])


async def test_a_flood_is_thinned_out_but_not_for_whom_it_concerns(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    me, friend = new_id(), new_id()
    async with (
        open_gateway(chat_per_s=5) as gateway,
        Client().connected(gateway.port, room.token(me)) as author,
        Client().connected(gateway.port, room.token(friend)) as mentioned,
        Client().connected(gateway.port, room.token()) as guest,
    ):
        flood = [said(f"噪音 {number}") for number in range(200)]
        flood[60] = said("我说的", author=str(me))
        flood[61] = said("说给朋友的", mentions=(str(friend),))
        flood[62] = said("欢迎", kind="host")
        flood[63] = Event("pin.set", {"text": "口红"})
        flood[64] = said("有货", kind="assistant")
        seqs = await bus.publish_many([(room.topic, event) for event in flood])
        for viewer in (author, mentioned, guest):
            await viewer.until(lambda viewer=viewer: viewer.cursors[room.topic] == seqs[-1])

    always = ["欢迎", "口红", "有货"]
    assert [text for text in guest.texts(room.topic) if text in always] == always
    assert "我说的" in author.texts(room.topic)
    assert "说给朋友的" in mentioned.texts(room.topic)
    for viewer in (author, mentioned, guest):
        received = viewer.seqs(room.topic)
        assert received == sorted(set(received))
        assert len(received) < 30
        skipped = sum(batch.get("skipped", 0) for batch in viewer.batches(room.topic))
        assert len(received) + skipped == 200


async def test_a_deletion_reaches_everybody_and_who_resumes_never_sees_the_message(
    open_gateway: OpenGateway, room: Room, log_in: LogIn, bus: Bus
) -> None:
    user = await log_in()
    late = Client()
    async with open_gateway() as gateway:
        async with late.connected(gateway.port, room.token()):
            pass
        async with Client().connected(gateway.port, room.token(user.principal.user_id)) as author:
            ack = await author.chat("删掉我")
            answer = await user.client.delete(f"/api/messages/{ack['message_id']}")
            assert answer.status_code == 204
            await author.until(lambda: len(author.seqs(room.topic)) == 2)
            async with late.connected(gateway.port, room.token()):
                await late.until(lambda: len(late.seqs(room.topic)) == 1)

    assert [event["type"] for event in author.events[room.topic]] == ["chat.message", "chat.deleted"]
    assert [event["type"] for event in late.events[room.topic]] == ["chat.deleted"]


async def test_thousand_messages_a_second_end_the_connection_and_nobody_else_notices(
    open_gateway: OpenGateway, room: Room, log_in: LogIn, bus: Bus
) -> None:
    token = room.token((await log_in()).principal.user_id)
    async with (
        open_gateway() as gateway,
        Client().connected(gateway.port, token) as flooder,
        Client().connected(gateway.port, room.token()) as other,
    ):
        for _ in range(1_000):
            await flooder.send({"t": "ping"})
        assert await flooder.closed() == 1008
        await bus.publish(room.topic, Event("pin.set", {"text": "口红"}))
        await other.until(lambda: other.texts(room.topic) == ["口红"])
        await asyncio.sleep(0)

    assert any(frame.get("code") == "rate_limited" for frame in flooder.frames)
    assert len([frame for frame in flooder.frames if frame["t"] == "pong"]) < 100


async def test_a_red_packet_is_claimed_over_the_socket(
    open_gateway: OpenGateway, room: Room, log_in: LogIn
) -> None:
    first, second = await log_in(), await log_in()
    services = room.services
    form = NewRedPacket(total_cents=500, shares=1)
    packet = await red_packets.give(services.db, services.clock, room.host.principal, room.id, form)
    claim = {"t": "claim", "packet_id": str(packet.id)}
    async with (
        open_gateway() as gateway,
        Client().connected(gateway.port, room.token(first.principal.user_id)) as quick,
        Client().connected(gateway.port, room.token(second.principal.user_id)) as late,
        Client().connected(gateway.port, room.token()) as guest,
    ):
        for _ in range(2):
            await quick.send(claim)
            claimed = await quick.receive("claimed")
            quick.frames.remove(claimed)
            assert (claimed["packet_id"], claimed["amount_cents"]) == (str(packet.id), 500)
        await late.send(claim)
        await guest.send(claim)
        await late.send({"t": "claim", "packet_id": "x"})
        refused = await late.wait_for(lambda frame: frame.get("packet_id") == str(packet.id))
        assert refused["code"] == "red_packet_empty"
        assert (await late.wait_for(lambda frame: frame.get("code") == "invalid_message"))["t"] == "error"
        assert (await guest.receive("error"))["code"] == "login_required"
