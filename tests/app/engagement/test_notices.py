"""Followers who are elsewhere hear of a show: on their browsers, encrypted and signed, and by e-mail."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from email.message import Message as Letter
from uuid import UUID

import http_ece
import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from app.benches.ports import free_ports
from app.core.db import fetch_all
from app.core.http import Services
from app.engagement.notices import service
from app.engagement.notices.service import Notices
from app.settings import Settings
from tests.conftest import LogIn, User


class Browser:
    """A browser's side of a push subscription at the push service below."""

    def __init__(self, endpoint: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = b"0123456789abcdef"
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": _base64url(point), "auth": _base64url(self._secret)}
        self.subscription = {"endpoint": endpoint, "keys": keys}

    def read(self, body: bytes) -> dict[str, str]:
        """RFC 8291."""
        said: dict[str, str] = json.loads(
            http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        )
        return said


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class PushService:
    """Takes what is pushed; `/gone/…` answers 410."""

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.taken: list[tuple[str, str, bytes]] = []

    async def push(self, request: web.Request) -> web.Response:
        if request.path.startswith("/gone/"):
            return web.Response(status=410)
        self.taken.append((request.path, request.headers["Authorization"], await request.read()))
        return web.Response(status=201)


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    pushes = PushService()
    application = web.Application()
    application.router.add_post("/{rest:.*}", pushes.push)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", pushes.port).start()
    yield pushes
    await runner.cleanup()


class Letters(Message):
    """An SMTP server's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Letter] = []

    def handle_message(self, message: Letter) -> None:
        self.taken.append(message)


@pytest.fixture
async def letters() -> AsyncIterator[tuple[Letters, int]]:
    taken, [port] = Letters(), free_ports(1)
    server = Controller(taken, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(server.start)
    yield taken, port
    await asyncio.to_thread(server.stop)


async def test_browsers_and_letter_boxes_are_told(
    services: Services,
    settings: Settings,
    push_service: PushService,
    letters: tuple[Letters, int],
    host: User,
    room_id: UUID,
    log_in: LogIn,
) -> None:
    taken, smtp_port = letters
    here = f"127.0.0.1:{push_service.port}"
    own = settings.model_copy(
        update={
            "push_hosts": [f"http://{here}"],
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{smtp_port}"),
            "public_url": "https://shop.example/",
        }
    )
    notices = Notices.of(own)
    fan, writer, left = await log_in(), await log_in(), await log_in()
    fan.client._transport.app.state.notices = notices  # type: ignore[attr-defined]
    phone, gone = Browser(f"http://{here}/phone"), Browser(f"http://{here}/gone/1")
    for browser in (phone, gone):
        answer = await fan.client.put("/api/push/subscriptions", json=browser.subscription)
        assert answer.status_code == 204
    follow = f"/api/hosts/{host.principal.user_id}/follow"
    await fan.client.put(follow)
    followed = await writer.client.put(follow, json={"by_email": True})
    assert followed.json()["by_email"] is True
    people = [user.principal.user_id for user in (fan, writer, left)]

    assert await service.tell(services.db, notices, room_id, people) == (1, 1)

    [(path, signature, body)] = push_service.taken
    assert (path, signature[:8]) == ("/phone", "vapid t=")
    assert phone.read(body) == {
        "title": "小美 开播了",
        "body": "小美的直播间",
        "url": f"https://shop.example/rooms/{room_id}",
        "tag": f"live-{room_id}",
    }
    [letter] = taken.taken
    assert f"https://shop.example/rooms/{room_id}" in letter.get_payload(decode=True).decode()  # type: ignore[union-attr]
    async with services.db.transaction() as tx:
        kept = await fetch_all(tx, "SELECT endpoint FROM push_subscriptions")
    assert [row["endpoint"] for row in kept] == [f"http://{here}/phone"]
    assert (await fan.client.get("/api/push")).json() == {
        "public_key": notices.pusher.public_key,
        "email": True,
    }
    forgotten = await fan.client.post(
        "/api/push/subscriptions/forget", json={"endpoint": f"http://{here}/phone"}
    )
    assert forgotten.status_code == 204
    assert await service.tell(services.db, notices, room_id, [fan.principal.user_id]) == (0, 0)


async def test_nothing_is_pushed_to_addresses_that_are_no_push_service(settings: Settings) -> None:
    pusher = Notices.of(settings).pusher
    for endpoint, accepted in (
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://db5p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/fcm/send/x", False),
        ("https://127.0.0.1/x", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("file:///etc/passwd", False),
    ):
        assert pusher.accepts(endpoint) is accepted, endpoint
