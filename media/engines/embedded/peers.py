"""Which peer a datagram is for: its address says so, or the user name in the STUN request that it begins with."""

import struct
import time

from aioice import stun

from media.engines.embedded.mux import Address
from media.engines.embedded.peer import Peer


class Peers:
    """Everybody who may send datagrams to this node; others are counted and not answered."""

    def __init__(self) -> None:
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[Address, Peer] = {}
        self.datagrams_refused = 0

    @property
    def known_addresses(self) -> int:
        """Addresses that datagrams are taken from."""
        return len(self._by_address)

    @property
    def handshakes(self) -> int:
        """How many have not been heard from yet."""
        return len(self._by_ufrag) - len(self._by_address)

    def add(self, peer: Peer) -> None:
        self._by_ufrag[peer.local_ufrag] = peer

    def bind(self, peer: Peer, address: Address) -> None:
        """What comes from `address` is the peer's from now on."""
        self._by_address[address] = peer

    def restart_ice(self, peer: Peer, remote_ufrag: str) -> tuple[str, str]:
        """The peer's new user name and password."""
        self._by_ufrag.pop(peer.local_ufrag, None)
        ufrag, password = peer.restart_ice(remote_ufrag)
        self._by_ufrag[ufrag] = peer
        return ufrag, password

    def forget(self, peer: Peer) -> None:
        self._by_ufrag.pop(peer.local_ufrag, None)
        for address in peer.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def on_datagram(self, data: bytes, address: Address) -> None:
        """Hand it to its peer."""
        now = time.monotonic()
        if data and data[0] < 4:
            self._on_stun(data, address, now)
            return
        peer = self._by_address.get(address)
        if peer is None:
            self.datagrams_refused += 1
            return
        peer.on_datagram(data, address, now)

    def _on_stun(self, data: bytes, address: Address, now: float) -> None:
        try:
            message = stun.parse_message(data)
        except (ValueError, IndexError, struct.error):
            self.datagrams_refused += 1
            return
        binding = message.message_method == stun.Method.BINDING
        if not binding or message.message_class != stun.Class.REQUEST:
            return
        username = str(message.attributes.get("USERNAME", ""))
        peer = self._by_ufrag.get(username.partition(":")[0])
        if peer is None or peer.closed:
            self.datagrams_refused += 1
            return
        peer.on_stun(message, address, now)
