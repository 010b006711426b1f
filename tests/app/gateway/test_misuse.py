"""Bad tokens, foreign origins, broken frames: refused with a code, and the gateway goes on."""

import socket
from typing import Any
from uuid import uuid4

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.core.auth import Tokens
from app.core.bus import Bus
from app.core.events import Event
from app.gateway.protocol import Chat, Hello, Like, Ping, Refused, parse
from tests.app.gateway.client import Client
from tests.app.gateway.conftest import OpenGateway, Room


async def refusal(port: int, token: str, **headers: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://127.0.0.1:{port}/ws?token={token}", additional_headers=headers):
            pass
    response = caught.value.response
    return response.status_code, orjson.loads(response.body or b"null")


async def test_only_our_own_unexpired_gateway_tokens_open_a_connection(
    open_gateway: OpenGateway, room: Room
) -> None:
    tokens = room.services.tokens
    forged = Tokens("another secret, as long as it has to be, which is long").issue(
        "gateway", "guest-1", room.id, ttl_s=60
    )
    good = room.token()
    async with open_gateway() as gateway:
        for bad in (
            "",
            "nonsense",
            forged,
            tokens.issue("gateway", "guest-1", room.id, ttl_s=-1),
            tokens.issue("whep", "guest-1", room.id, ttl_s=60),
            good[:-4] + "AAAA",
            good.split(".")[0] + "..",
        ):
            status, problem = await refusal(gateway.port, bad)
            assert (status, problem["code"], problem["status"]) == (401, "invalid_token", 401)
        assert gateway.connections == []


async def test_a_token_opens_its_own_room_alone(open_gateway: OpenGateway, room: Room, bus: Bus) -> None:
    elsewhere = room.services.tokens.issue("gateway", "guest-1", uuid4(), ttl_s=60)
    async with open_gateway() as gateway, Client({room.topic: 0}).connected(gateway.port, elsewhere) as guest:
        await bus.publish(room.topic, Event("pin.set", {"text": "口红"}))
        assert (await guest.receive("error"))["code"] == "topic_forbidden"
        await guest.send({"t": "ping"})
        await guest.receive("pong")

    assert room.topic not in guest.events


async def test_a_foreign_origin_is_turned_away(open_gateway: OpenGateway, room: Room) -> None:
    async with open_gateway(origins=["https://shop.example"]) as gateway:
        status, problem = await refusal(gateway.port, room.token(), Origin="https://evil.example")
        assert (status, problem["code"]) == (403, "foreign_origin")
        async with connect(
            f"ws://127.0.0.1:{gateway.port}/ws?token={room.token()}",
            additional_headers={"Origin": "https://shop.example"},
        ) as welcome:
            await welcome.send('{"t":"ping"}')
            assert await welcome.recv() == '{"t":"pong"}'


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "invalid_json"),
        ("[" * 100 + "]" * 100, "invalid_message"),
        ('"hello"', "invalid_message"),
        ("null", "invalid_message"),
        ("{}", "unknown_message"),
        ('{"t":"chat"}', "invalid_message"),
        ('{"t":"chat","client_id":"x","text":"a"}', "invalid_message"),
        ('{"t":"chat","client_id":7,"text":"a"}', "invalid_message"),
        ('{"t":"chat","client_id":"6c1fd9b4-3b2a-4f7e-9a43-0f0a4d1c2b3e","text":7}', "invalid_message"),
        ('{"t":"like","count":0}', "invalid_message"),
        ('{"t":"like","count":true}', "invalid_message"),
        ('{"t":"hello","cursors":[1]}', "invalid_message"),
        ('{"t":"hello","cursors":{"room:1":-1}}', "invalid_message"),
        ('{"t":"hello","cursors":{"room:1":99999999999999999999}}', "invalid_message"),
        ('{"t":"ping","pad":"' + "x" * 5_000 + '"}', "frame_too_large"),
    ],
)
async def test_a_broken_message_is_answered_and_the_connection_lives(
    open_gateway: OpenGateway, room: Room, sent: str, code: str
) -> None:
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as guest:
        await guest.send(sent)
        assert (await guest.receive("error"))["code"] == code
        await guest.send({"t": "ping"})
        await guest.receive("pong")


@pytest.mark.parametrize(
    ("sent", "close_code"),
    [(b"\x00\x01", 1003), ("x" * 100_000, 1009)],
)
async def test_binary_and_huge_frames_end_the_connection(
    open_gateway: OpenGateway, room: Room, sent: str | bytes, close_code: int
) -> None:
    async with open_gateway() as gateway:
        async with Client().connected(gateway.port, room.token()) as guest:
            await guest.send(sent)
            assert await guest.closed() == close_code
        async with Client().connected(gateway.port, room.token()) as other:
            await other.send({"t": "ping"})
            await other.receive("pong")


async def test_bytes_that_are_no_http_do_no_harm(open_gateway: OpenGateway, room: Room) -> None:
    async with open_gateway() as gateway:
        for garbage in (
            b"\x16\x03\x01garbage\r\n\r\n",
            b"GET /ws HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
                raw.sendall(garbage)
        async with Client().connected(gateway.port, room.token()) as guest:
            await guest.send({"t": "ping"})
            await guest.receive("pong")


async def test_a_second_hello_is_refused(open_gateway: OpenGateway, room: Room) -> None:
    async with open_gateway() as gateway, Client().connected(gateway.port, room.token()) as guest:
        await guest.send({"t": "hello"})
        assert (await guest.receive("error"))["code"] == "already_greeted"


def test_good_messages_are_understood() -> None:
    client_id, reply_to = uuid4(), uuid4()
    chat = orjson.dumps({"t": "chat", "client_id": client_id, "text": "在", "reply_to": reply_to})
    assert parse(chat) == Chat(client_id, "在", reply_to)
    assert parse(b'{"t":"hello","cursors":{"room:1":3}}') == Hello({"room:1": 3})
    assert parse(b'{"t":"hello"}') == Hello({})
    assert parse(b'{"t":"like","count":900}') == Like(50)
    assert parse(b'{"t":"ping"}') == Ping()
    with pytest.raises(Refused):
        parse(b'{"t":"chat","client_id":"\\ud800","text":"a"}')
