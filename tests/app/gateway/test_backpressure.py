"""A reader that does not read costs its gateway a bounded buffer and nobody else anything."""

import asyncio
import socket
from base64 import b64encode
from os import urandom

from prometheus_client import REGISTRY

from app.core.bus import Bus, Entry
from app.core.events import Event
from app.gateway.connection import BUFFER_LIMIT_BYTES, STALLED_AFTER_S
from app.gateway.feed import Feed, Sampler, Subscription
from app.gateway.group import Write
from tests.app.gateway.client import Client
from tests.app.gateway.conftest import OpenGateway, Room

BULK = "x" * 2_000


def stalled_reader(port: int, token: str) -> socket.socket:
    """A connection that says hello and never reads again."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect(("127.0.0.1", port))
    key = b64encode(urandom(16)).decode()
    raw.sendall(
        f"GET /ws?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    hello = b'{"t":"hello","cursors":{}}'
    raw.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    return raw


def figures() -> list[float]:
    """Held back, cut off because they stalled, batches written."""
    return [
        REGISTRY.get_sample_value("shopcast_gateway_held_back_total") or 0,
        REGISTRY.get_sample_value("shopcast_gateway_cut_off_total", {"reason": "stalled"}) or 0,
        REGISTRY.get_sample_value("shopcast_gateway_frames_total") or 0,
    ]


async def test_a_stalled_reader_is_cut_off_and_the_others_get_everything(
    open_gateway: OpenGateway, room: Room, bus: Bus
) -> None:
    reader = Client()
    sent: list[str] = []
    before = figures()
    async with open_gateway() as gateway, reader.connected(gateway.port, room.token()):
        [good] = gateway.connections
        stalled = await asyncio.to_thread(stalled_reader, gateway.port, room.token())
        await reader.wait_for(lambda frame: frame.get("stats", {}).get("viewers") == 2)
        [bad] = [one for one in gateway.connections if one is not good]
        while not bad.choked:
            more = [str(len(sent) + index) for index in range(100)]
            events = [Event("pin.set", {"text": text, "bulk": BULK}) for text in more]
            await bus.publish_many([(room.topic, event) for event in events])
            sent += more
            await reader.until(lambda sent=sent: reader.texts(room.topic) == sent)
        assert bad.transport is not None
        unsent = bad.transport.underlying_transport.get_write_buffer_size()
        assert unsent < BUFFER_LIMIT_BYTES + 101 * (len(BULK) + 300)
        bad.check(bad.choked_at_s + STALLED_AFTER_S - 0.1)
        assert not bad.closed
        bad.check(bad.choked_at_s + STALLED_AFTER_S + 0.1)
        await reader.wait_for(lambda frame: frame.get("stats", {}).get("viewers") == 1)
        assert gateway.connections == [good]
        assert REGISTRY.get_sample_value("shopcast_gateway_connections") == 1
        stalled.close()

    assert reader.texts(room.topic) == sent
    held_back, cut_off, frames = (now - then for now, then in zip(figures(), before, strict=True))
    assert (held_back >= 1, cut_off, frames >= len(reader.batches(room.topic))) == (True, 1, True)


class Reader:
    """A receiver whose buffer is full whenever a test says so."""

    def __init__(self) -> None:
        self.choked = False
        self.chokes_at = 0
        self.frames: list[bytes] = []
        self.subscriptions: tuple[Subscription, ...] = ()

    def writer(self) -> Write:
        return lambda opcode, frame, room: self.send(frame)

    def send(self, frame: bytearray) -> None:
        self.frames.append(bytes(frame))
        self.choked = len(self.frames) == self.chokes_at


def entries(first: int, last: int) -> list[Entry]:
    return [Entry(seq, Event("pin.set", {"n": seq}).to_json()) for seq in range(first, last + 1)]


async def test_who_drained_goes_on_where_it_stopped() -> None:
    feed = Feed("room:1", 0, Sampler(30))
    reader = Reader()
    subscription = Subscription(reader, feed, 0)
    feed.catch_up(subscription)
    await feed.deliver(entries(1, 3), 0.0, lambda _: ())
    feed.hold(subscription)
    await feed.deliver(entries(4, 600), 0.1, lambda _: ())
    assert (subscription.position, len(reader.frames)) == (3, 1)

    reader.chokes_at = 3
    feed.catch_up(subscription)
    assert (subscription.position, subscription.live) == (403, False)
    reader.choked = False
    feed.catch_up(subscription)
    await feed.deliver(entries(601, 601), 0.2, lambda _: ())

    assert (subscription.position, subscription.live) == (601, True)
    numbers = [int(part.split(b",")[0]) for frame in reader.frames for part in frame.split(b'"seq":')[1:]]
    assert numbers == list(range(1, 602))
