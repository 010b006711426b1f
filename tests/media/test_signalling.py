from uuid import uuid4

import pytest
from aiortc import RTCPeerConnection
from redis.asyncio import Redis

from media.config import MediaConfig
from media.engines.embedded.engine import EmbeddedConfig
from media.signalling import IceServer
from tests.media.node import Node, PacketTrack, h264_packets, running_node, until

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


async def offer(kind: str = "video") -> str:
    connection = RTCPeerConnection()
    connection.addTransceiver(kind, direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    return sdp


@pytest.mark.parametrize("purpose", ["whip", "whep"])
async def test_without_the_right_token_nothing_is_opened(node: Node, purpose: str) -> None:
    other = "whep" if purpose == "whip" else "whip"
    attempts = [
        {},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer forged"},
        {"Authorization": f"Bearer {node.token(other)}"},
        {"Authorization": f"Bearer {node.token(purpose, uuid4())}"},
    ]
    for headers in attempts:
        response = await node.http.post(f"/{purpose}/{node.room}", content="v=0", headers=SDP | headers)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["code"] == "invalid_token"
        for method in ("PATCH", "DELETE"):
            response = await node.http.request(method, f"/{purpose}/{node.room}/any", headers=headers)
            assert response.status_code == 401
    assert node.engine.session_count == 0


@pytest.mark.parametrize(
    "body", ["", "hello", "v=0\r\n", "v=0\r\nm=video 9 X Y Z\r\n", '{"sdp": 1}', "v=0\r\na=fingerprint:x"]
)
async def test_what_is_not_a_session_description_is_refused(node: Node, body: str) -> None:
    for purpose in ("whip", "whep"):
        headers = SDP | node.bearer(purpose)
        response = await node.http.post(f"/{purpose}/{node.room}", content=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "bad_sdp")
    assert node.engine.session_count == 0


async def test_bytes_that_are_no_text_are_refused(node: Node) -> None:
    headers = SDP | node.bearer("whip")
    response = await node.http.post(f"/whip/{node.room}", content=b"v=0\xff\xfe", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "bad_sdp")


async def test_an_offer_without_h264_is_refused_by_name(node: Node) -> None:
    lines = (await offer()).splitlines()
    without = "\r\n".join(line for line in lines if "H264" not in line and "packetization-mode" not in line)
    response = await node.http.post(
        f"/whip/{node.room}", content=without + "\r\n", headers=SDP | node.bearer("whip")
    )
    assert (response.status_code, response.json()["code"]) == (406, "codec_not_supported")
    assert node.engine.session_count == 0


async def test_wrong_type_too_large_and_wrong_method(node: Node) -> None:
    url, headers = f"/whip/{node.room}", node.bearer("whip")
    assert (await node.http.post(url, content="v=0", headers=headers)).status_code == 415
    assert (await node.http.post(url, content="v=0" * 30_000, headers=SDP | headers)).status_code == 413
    refused = await node.http.get(url, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


async def test_nobody_can_watch_what_nobody_publishes(node: Node) -> None:
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    response = await node.http.post(f"/whep/{node.room}", content=sdp, headers=SDP | node.bearer("whep"))
    assert (response.status_code, response.json()["code"]) == (409, "stream_offline")
    assert response.headers["retry-after"] == "1"


async def test_a_session_is_opened_trickled_restarted_and_ended(node: Node) -> None:
    headers = node.bearer("whip")
    opened = await node.http.post(f"/whip/{node.room}", content=await offer(), headers=SDP | headers)
    assert opened.status_code == 201
    assert opened.headers["content-type"] == "application/sdp"
    assert "a=ice-lite" in opened.text
    assert "a=setup:passive" in opened.text
    assert "H264/90000" in opened.text
    assert "VP8" not in opened.text
    session, etag = opened.headers["location"], opened.headers["etag"]
    assert session.startswith(f"/whip/{node.room}/")

    candidate = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
    patch = headers | FRAGMENT
    assert (await node.http.patch(session, content=candidate, headers=patch)).status_code == 428
    stale = patch | {"If-Match": '"stale"'}
    assert (await node.http.patch(session, content=candidate, headers=stale)).status_code == 412
    good = patch | {"If-Match": etag}
    assert (await node.http.patch(session, content=candidate, headers=good)).status_code == 204

    restart = "a=ice-ufrag:fresh\r\na=ice-pwd:freshfreshfreshfreshfresh\r\n"
    restarted = await node.http.patch(session, content=restart, headers=patch | {"If-Match": "*"})
    assert restarted.status_code == 200
    assert restarted.headers["etag"] not in ("", etag)
    assert "a=ice-ufrag:" in restarted.text

    response = await node.http.patch(session, content="rubbish", headers=patch | {"If-Match": "*"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_sdp")

    assert (await node.http.delete(session, headers=node.bearer("whep"))).status_code == 401
    assert node.engine.session_count == 1
    assert (await node.http.delete(session, headers=headers)).status_code == 200
    again = await node.http.delete(session, headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
    assert node.engine.session_count == 0


async def test_a_second_publisher_is_refused_while_the_first_ones_media_arrives(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(300), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    headers = SDP | node.bearer("whip")
    refused = await node.http.post(f"/whip/{node.room}", content=await offer(), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_publishing")
    assert refused.headers["retry-after"] == "1"
    state = node.engine.room(str(node.room))
    assert state is not None
    assert state.publisher is not None
    await host.close()
    await until(lambda: node.events.ended)
    assert node.events.started == node.events.ended == [(str(node.room), state.publisher.session_id)]


async def test_a_publisher_whose_media_has_stopped_is_replaced(node: Node) -> None:
    first, second = node.client("whip"), node.client("whip")
    first.send(PacketTrack("video", h264_packets(20), 0.01))
    await first.connect()
    await until(lambda: node.events.started)

    def quiet() -> bool:
        room = node.engine.room(str(node.room))
        return room is not None and room.publisher is not None and not node.engine.is_fresh(str(node.room))

    await until(quiet)
    second.send(PacketTrack("video", h264_packets(100), 0.02))
    await second.connect()
    await until(lambda: len(node.events.started) == 2)
    assert node.events.ended == node.events.started[:1]
    await first.close()
    await second.close()
    await until(lambda: len(node.events.ended) == 2)


async def test_browsers_may_ask_from_anywhere_and_learn_ice_servers(redis: Redis) -> None:
    servers = [IceServer("stun:stun.example.net"), IceServer("turn:turn.example.net", "u", "p")]
    config = MediaConfig(engine=EmbeddedConfig(udp_host="127.0.0.1"), ice_servers=servers)
    async with running_node(redis, config) as node:
        preflight = await node.http.options(
            f"/whep/{node.room}",
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "*"
        described = await node.http.options(f"/whip/{node.room}")
        assert described.status_code == 204
        assert described.headers["accept-post"] == "application/sdp"
        assert described.headers["link"] == (
            '<stun:stun.example.net>; rel="ice-server", '
            '<turn:turn.example.net>; rel="ice-server"; username="u"; credential="p"; '
            'credential-type="password"'
        )
