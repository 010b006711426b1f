"""What ties sessions to rooms and to the engine, and the engine to this machine."""

import ipaddress
from collections.abc import Callable

import ifaddr

from media.engines.embedded.publisher import RoomPublisher
from media.engines.embedded.room import Room
from media.engines.embedded.viewer import Viewer


class RoomOutput:
    """Hands a publisher's media to its room and its end to the engine."""

    def __init__(self, room: Room, on_closed: Callable[[Room, RoomPublisher], None]) -> None:
        self._room = room
        self._on_closed = on_closed
        self.on_video = room.on_video
        self.on_audio = room.on_audio
        self.on_sender_report = room.on_sender_report

    def on_publisher_closed(self, publisher: RoomPublisher) -> None:
        self._on_closed(self._room, publisher)


class Forgetting:
    """A peer's handler that also forgets the session when the peer closes."""

    def __init__(self, viewer: Viewer, forget: Callable[[], None]) -> None:
        self._viewer = viewer
        self._forget = forget
        self.on_connected = viewer.on_connected
        self.on_rtp = viewer.on_rtp
        self.on_rtcp = viewer.on_rtcp

    def on_closed(self) -> None:
        self._viewer.on_closed()
        self._forget()


def interface_addresses() -> list[str]:
    """This machine's IPv4 addresses, loopback last."""
    found = [
        str(ip.ip)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4 and not ipaddress.ip_address(str(ip.ip)).is_link_local
    ]
    outside = [host for host in found if not ipaddress.ip_address(host).is_loopback]
    return [*outside, "127.0.0.1"]
