"""A room on Janus: the host's VideoRoom, and a Streaming mountpoint per pair of payload types.

Janus sends to viewers with the payload types of a mountpoint, and an answer may only name types
that the viewer offered. Browsers of one make offer the same, so that a room has a few mountpoints,
whatever the number of viewers.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from media.engines.embedded.room import Room as Sinks
from media.engines.janus.api import JanusApi, JanusRefused
from media.engines.janus.tap import AUDIO_TYPE, VIDEO_TYPE, Tap

_ROOM_EXISTS = 427
_KEY_FRAME_EVERY_S = 2


def room_number(room_id: str) -> int:
    """Janus counts rooms; the same one for the same room, on every node."""
    return int.from_bytes(hashlib.sha256(room_id.encode()).digest()[:6], "big")


@dataclass(slots=True)
class Mountpoint:
    """Where viewers who understand these payload types watch."""

    number: int
    video_type: int
    audio_type: int
    ports: dict[str, tuple[int, int]]
    viewers: int = 0


@dataclass(slots=True)
class Host:
    """A publisher's handle on Janus, and what is forwarded from it.

    `sound` holds, by mountpoint, the number of the forwarder that carries sound there.
    """

    session_id: str
    handle: int
    publisher: int
    mids: dict[str, str]
    tap: Tap
    sound: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class JanusRoom:
    """What of a room is on Janus; `sinks` feeds tap, HLS and frames as for any engine."""

    room_id: str
    sinks: Sinks
    number: int
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    host: Host | None = None
    mountpoints: dict[tuple[int, int], Mountpoint] = field(default_factory=dict)
    viewers: dict[str, tuple[int, Mountpoint]] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)


async def create_videoroom(api: JanusApi, control: int, room: JanusRoom, max_bitrate_bps: int) -> None:
    """Make the VideoRoom; one that is left over from a former life is made anew."""
    body = {
        "request": "create",
        "room": room.number,
        "secret": room.secret,
        "description": room.room_id,
        "is_private": True,
        "publishers": 4,
        "bitrate": max_bitrate_bps,
        "fir_freq": _KEY_FRAME_EVERY_S,
        "audiocodec": "opus",
        "opus_fec": True,
        "videocodec": "h264",
        "h264_profile": "42e01f",
        "notify_joining": False,
    }
    try:
        await api.request(control, body)
    except JanusRefused as refused:
        if refused.number != _ROOM_EXISTS:
            raise
        room.number += 1 << 48
        await api.request(control, body | {"room": room.number})


async def create_mountpoint(
    api: JanusApi, control: int, room: JanusRoom, video_type: int, audio_type: int, fmtp: str
) -> Mountpoint:
    """Make a Streaming mountpoint on ports of Janus's choice, on its loopback interface."""
    media = [
        {"type": "audio", "mid": "a", "port": 0, "pt": audio_type, "codec": "opus"},
        {
            "type": "video",
            "mid": "v",
            "port": 0,
            "rtcpport": 0,
            "pt": video_type,
            "codec": "h264",
            "fmtp": fmtp,
        },
    ]
    body = {
        "request": "create",
        "type": "rtp",
        "name": room.room_id,
        "is_private": True,
        "secret": room.secret,
        "media": media,
    }
    stream = (await api.request(control, body))["stream"]
    ports = {port["type"]: (port["port"], port.get("rtcp_port", 0)) for port in stream["ports"]}
    return Mountpoint(stream["id"], video_type, audio_type, ports)


async def forward_to_mountpoint(
    api: JanusApi, control: int, room: JanusRoom, host: Host, mountpoint: Mountpoint, kinds: Sequence[str]
) -> None:
    """Let Janus send a host's media to a mountpoint of its own; viewers' wishes come back by RTCP."""
    streams: list[dict[str, Any]] = []
    for kind, mid in host.mids.items():
        if kind not in kinds:
            continue
        port, rtcp_port = mountpoint.ports[kind]
        payload_type = mountpoint.video_type if kind == "video" else mountpoint.audio_type
        streams.append({"mid": mid, "port": port, "pt": payload_type})
        if rtcp_port:
            streams[-1]["rtcp_port"] = rtcp_port
    for forwarder in await _forward(api, control, room, host, "127.0.0.1", streams):
        if forwarder["type"] == "audio":
            host.sound[mountpoint.number] = forwarder["stream_id"]


async def silence(api: JanusApi, control: int, room: JanusRoom, host: Host) -> None:
    """Forward no sound to viewers any more; the tap goes on, where it becomes silence."""
    forwarders, host.sound = host.sound, {}
    for forwarder in forwarders.values():
        body = {
            "request": "stop_rtp_forward",
            "room": room.number,
            "secret": room.secret,
            "publisher_id": host.publisher,
            "stream_id": forwarder,
        }
        await api.request(control, body)


async def forward_to_tap(api: JanusApi, control: int, room: JanusRoom, host: Host, address: str) -> None:
    """Let Janus send a host's media to us."""
    types = {"video": VIDEO_TYPE, "audio": AUDIO_TYPE}
    streams = [{"mid": mid, "port": host.tap.port, "pt": types[kind]} for kind, mid in host.mids.items()]
    await _forward(api, control, room, host, address, streams)


async def _forward(
    api: JanusApi, control: int, room: JanusRoom, host: Host, address: str, streams: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    body = {
        "request": "rtp_forward",
        "room": room.number,
        "secret": room.secret,
        "publisher_id": host.publisher,
        "host": address,
        "host_family": "ipv4",
        "streams": streams,
    }
    forwarders: list[dict[str, Any]] = (await api.request(control, body))["forwarders"]
    return forwarders
