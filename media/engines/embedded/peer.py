"""One remote peer: ICE-lite (RFC 8445 §2.5), then DTLS, then SRTP, over the node's one port."""

import logging
import secrets
import struct
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from aioice import stun
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from media.engines.embedded.dtls import Certificate, DtlsFailed, DtlsSession
from media.engines.embedded.mux import Address, DatagramPort

logger = logging.getLogger(__name__)

CONSENT_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 20.0


class PeerHandler(Protocol):
    """What a publisher or a viewer does with its peer's packets; plain (decrypted) bytes."""

    def on_connected(self) -> None: ...
    def on_rtp(self, data: bytes, now: float) -> None: ...
    def on_rtcp(self, data: bytes, now: float) -> None: ...
    def on_closed(self) -> None: ...


class PeerLink(Protocol):
    """What publishers and viewers ask of their peer."""

    @property
    def connected(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    def send_rtp(self, packets: Sequence[bytes]) -> int: ...
    def send_rtcp(self, compound: bytes) -> None: ...
    def when_writable(self, callback: Callable[[], None]) -> None: ...
    def close(self) -> None: ...


class FakeLink:
    """A `PeerLink` that remembers what was sent.

    It takes `room` more packets, then none until `open_up`.
    """

    def __init__(self, room: int = 1_000_000) -> None:
        self.connected = True
        self.closed = False
        self.room = room
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self._waiting: list[Callable[[], None]] = []

    def send_rtp(self, packets: Sequence[bytes]) -> int:
        taken = list(packets[: self.room])
        self.room -= len(taken)
        self.rtp += taken
        return len(taken)

    def send_rtcp(self, compound: bytes) -> None:
        self.rtcp.append(compound)

    def when_writable(self, callback: Callable[[], None]) -> None:
        self._waiting.append(callback)

    def open_up(self, room: int = 1_000_000) -> None:
        """Take packets again."""
        self.room = room
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def close(self) -> None:
        self.closed = True


class Peer:
    """Terminates one peer. The engine routes datagrams here and calls `poll` regularly."""

    def __init__(
        self,
        port: DatagramPort,
        certificate: Certificate,
        *,
        dtls_server: bool,
        fingerprints: Sequence[tuple[str, str]],
        remote_ufrag: str,
        bind: Callable[["Peer", Address], None],
        now: float | None = None,
    ) -> None:
        self._port = port
        self._bind = bind
        self.remote_ufrag = remote_ufrag
        self.local_ufrag = secrets.token_hex(4)
        self.local_password = secrets.token_hex(12)
        self.address: Address | None = None
        self.addresses: set[Address] = set()
        self._dtls = DtlsSession(
            certificate, server=dtls_server, fingerprints=fingerprints, send=self._send_plain
        )
        self._dtls_started = False
        self.handler: PeerHandler | None = None
        self.connected = False
        self.closed = False
        self._created_at = self._heard_at = time.monotonic() if now is None else now
        self._outgoing: Session | None = None
        self.rejected_packets = 0

    def restart_ice(self, remote_ufrag: str) -> tuple[str, str]:
        """New local credentials for an ICE restart (RFC 9725 §4.3.3): (ufrag, password)."""
        self.remote_ufrag = remote_ufrag
        self.local_ufrag = secrets.token_hex(4)
        self.local_password = secrets.token_hex(12)
        return self.local_ufrag, self.local_password

    def on_stun(self, message: stun.Message, address: Address, now: float) -> None:
        """Answer a connectivity check; the one that nominates sets where media goes."""
        username = message.attributes.get("USERNAME")
        if username != f"{self.local_ufrag}:{self.remote_ufrag}":
            return
        if not message.check_message_integrity(self.local_password.encode()):
            self.rejected_packets += 1
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": address},
        )
        response.add_message_integrity(self.local_password.encode())
        self._port.send([bytes(response)], address)
        self.heard(address, now, nominated="USE-CANDIDATE" in message.attributes)

    def heard(self, address: Address, now: float, *, nominated: bool = True) -> None:
        """The peer has proved that it is at `address`; a nominated one is where media goes."""
        self._heard_at = now
        self.addresses.add(address)
        self._bind(self, address)
        if nominated or self.address is None:
            self.address = address
        if not self._dtls_started:
            self._dtls_started = True
            self._dtls.start()

    def on_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram that is not STUN from one of this peer's addresses (RFC 7983)."""
        if self.closed or not data:
            return
        if 20 <= data[0] <= 63:
            self._on_dtls(data)
        elif 128 <= data[0] <= 191 and self.connected:
            self._on_srtp(data, now)

    def poll(self, now: float) -> None:
        """Retransmit DTLS where due; close when the peer's consent or patience is over."""
        if self.closed:
            return
        limit = CONSENT_TIMEOUT_S if self.connected else CONNECT_TIMEOUT_S
        reference = self._heard_at if self.connected else self._created_at
        if now - reference > limit:
            logger.info("peer %s: no sign of life for %.0f s", self.address, limit)
            self.close()
        elif not self.connected and self._dtls_started and self._dtls.timeout_s() == 0:
            self._dtls.retransmit()

    def close(self) -> None:
        """End it; the handler is told once."""
        if self.closed:
            return
        self.closed = True
        self._dtls.close()
        self.connected = False
        handler, self.handler = self.handler, None  # no ring of references is left to be collected
        if handler is not None:
            handler.on_closed()

    def send_rtp(self, packets: Sequence[bytes]) -> int:
        """Encrypt and send RTP in order; returns how many the system took (the rest is to be kept)."""
        if self._outgoing is None or self.address is None or self.closed:
            return len(packets)
        protect = self._outgoing.protect
        return self._port.send([protect(packet) for packet in packets], self.address)

    def send_rtcp(self, compound: bytes) -> None:
        """Encrypt and send one RTCP compound packet; lost when the system is full."""
        if self._outgoing is not None and self.address is not None and not self.closed:
            self._port.send([self._outgoing.protect_rtcp(compound)], self.address)

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Call back once when the system takes datagrams again."""
        self._port.when_writable(callback)

    def _send_plain(self, datagram: bytes) -> None:
        if self.address is not None:
            self._port.send([datagram], self.address)

    def _on_dtls(self, data: bytes) -> None:
        try:
            self._dtls.receive(data)
        except DtlsFailed as error:
            logger.info("peer %s: %s", self.address, error)
            self.close()
            return
        if self._dtls.closed_by_peer:
            self.close()
        elif self._dtls.connected and not self.connected:
            self.connected = True
            self._outgoing = self._dtls.outgoing
            if self.handler is not None:
                self.handler.on_connected()

    def _on_srtp(self, data: bytes, now: float) -> None:
        incoming = self._dtls.incoming
        assert incoming is not None
        handler = self.handler
        assert handler is not None
        try:
            if len(data) > 1 and 192 <= data[1] <= 223:  # RFC 5761 §4
                handler.on_rtcp(incoming.unprotect_rtcp(data), now)
            else:
                handler.on_rtp(incoming.unprotect(data), now)
        except (SrtpError, ValueError, IndexError, struct.error):
            self.rejected_packets += 1
