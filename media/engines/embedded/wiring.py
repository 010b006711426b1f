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


def interface_addresses(*, v6: bool) -> list[str]:
    """This machine's addresses, IPv4 first, loopback last; link-local ones mean nothing elsewhere."""
    found = [
        ip.ip if ip.is_IPv4 else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4 or v6
    ]
    addresses = [ipaddress.ip_address(str(host)) for host in found]
    outside = [a for a in addresses if not (a.is_loopback or a.is_link_local)]
    return [*map(str, sorted(outside, key=lambda address: address.version)), "127.0.0.1"]
