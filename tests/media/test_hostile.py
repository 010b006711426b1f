"""Rubbish at the media port while people watch."""

import socket

from media.bench.load import Crowd, garbage
from tests.media.node import Node, PacketTrack, h264_packets, until


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
