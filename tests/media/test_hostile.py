"""Rubbish at the media port while people watch."""

import asyncio
import socket

import pytest
from aioice import stun

from media.bench.load import Crowd, Remote, client_offer, garbage
from media.engines.embedded.engine import EmbeddedConfig, EmbeddedEngine
from tests.media.node import Node, PacketTrack, h264_packets, until


class Silent:
    """Hears of no publisher."""

    def publish_started(self, room_id: str, session_id: str) -> None: ...
    def publish_ended(self, room_id: str, session_id: str) -> None: ...


async def test_garbage_at_the_media_port_harms_nobody(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(900), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await crowd.connected()
    target = ("127.0.0.1", node.engine.udp_port)
    bad = list(garbage())[:3000]
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number, data in enumerate(bad):
        # Half of it comes from a viewer's own address.
        if number % 2:
            viewer.port.send([data], target)
        else:
            stranger.sendto(data, target)
        if number % 50 == 0:
            await until(lambda before=viewer.packets: viewer.packets > before)
    stranger.close()
    before = viewer.packets
    await until(lambda: viewer.packets > before + 50)
    assert node.engine.datagrams_refused > 500
    assert viewer.connected
    state = node.engine.room(str(node.room))
    assert state is not None
    assert (state.viewers, state.frames_dropped) == (1, 0)
    await crowd.close()
    await host.close()


async def test_sessions_leave_nothing_behind(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(900), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    for _ in range(3):
        crowd = Crowd()
        for _ in range(10):
            await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
        await crowd.connected()
        assert node.engine.session_count == 11
        await crowd.close()
        await until(lambda: node.engine.session_count == 1)
    await host.close()
    await until(lambda: node.engine.session_count == 0)
    assert node.engine.rooms() == []
    assert node.engine.known_addresses == 0


async def test_checks_are_answered_by_ipv6_too() -> None:
    """Where the machine has it: the answer says under which address it was asked."""
    engine = EmbeddedEngine(EmbeddedConfig(), Silent())
    await engine.start()
    try:
        if not engine.transport.has_v6:
            pytest.skip("this machine has no IPv6")
        offer = client_offer("viewer", "password-of-the-viewer", "AA", publish=True)
        answer = Remote((await engine.publish("room", offer)).sdp)
        request = stun.Message(
            stun.Method.BINDING,
            stun.Class.REQUEST,
            attributes={"USERNAME": f"{answer.ufrag}:viewer", "PRIORITY": 1, "ICE-CONTROLLING": 1},
        )
        request.add_message_integrity(answer.password.encode())
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.bind(("::1", 0))
            client.sendto(bytes(request), ("::1", engine.udp_port))
            async with asyncio.timeout(10):
                data = await asyncio.get_running_loop().sock_recv(client, 2048)
            mapped = stun.parse_message(data).attributes["XOR-MAPPED-ADDRESS"]
            assert mapped == ("::1", client.getsockname()[1])
    finally:
        await engine.close()
