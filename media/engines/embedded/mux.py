"""One UDP socket for every peer of the node."""

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

logger = logging.getLogger(__name__)

Address = tuple[str, int]

_SOL_UDP = 17
_UDP_SEGMENT = 103  # linux/udp.h: the kernel cuts one send into datagrams of equal size
_SEGMENTS_PER_SEND = 40
_MAX_SEND_BYTES = 60_000
_READS_PER_WAKE = 128
_BUFFER_BYTES = 4 << 20


class DatagramPort(Protocol):
    """Where a peer's datagrams leave."""

    def send(self, packets: Sequence[bytes], address: Address) -> int:
        """Send in order; returns how many the system took. It takes none while it is full."""

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Call back once when the system takes datagrams again."""


class UdpPort:
    """A non-blocking socket with batched sends (UDP generic segmentation where Linux has it)."""

    def __init__(self, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._on_datagram = on_datagram
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._segments = False
        self._waiting: list[Callable[[], None]] = []
        self._ancillary: dict[int, list[tuple[int, int, bytes]]] = {}
        self.port = 0
        self.datagrams_sent = 0
        self.sends = 0

    def open(self, host: str, port: int) -> None:
        """Bind; `OSError` when the port is taken. Must be called inside a running loop."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.setblocking(False)
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                udp.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
            udp.bind((host, port))
        except OSError:
            udp.close()
            raise
        self._segments = _has_segmentation(udp)
        self._socket = udp
        self.port = udp.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(udp, self._read)

    def close(self) -> None:
        """Unbind; packets sent afterwards go nowhere."""
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
            self._socket = None
        self._waiting.clear()

    def send(self, packets: Sequence[bytes], address: Address) -> int:
        """Send in order, runs of equal size in one system call; returns how many were taken."""
        udp = self._socket
        if udp is None:
            return len(packets)
        done = 0
        total = len(packets)
        try:
            while done < total:
                end = self._run_end(packets, done) if self._segments else done + 1
                self.sends += 1
                if end - done == 1:
                    udp.sendto(packets[done], address)
                else:
                    size = len(packets[done])
                    udp.sendmsg(packets[done:end], self._segment_option(size), 0, address)
                self.datagrams_sent += end - done
                done = end
        except BlockingIOError:
            return done
        except OSError as error:
            # An unreachable peer is the peer's trouble; its consent will run out.
            logger.debug("cannot send to %s: %s", address, error)
            return total
        return total

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Call back once when the socket takes datagrams again."""
        if self._socket is None or self._loop is None:
            return
        if not self._waiting:
            self._loop.add_writer(self._socket, self._writable)
        self._waiting.append(callback)

    def _writable(self) -> None:
        assert self._loop is not None
        assert self._socket is not None
        self._loop.remove_writer(self._socket)
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def _read(self) -> None:
        for _ in range(_READS_PER_WAKE):
            if self._socket is None:
                return
            try:
                data, address = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError as error:
                logger.debug("receive failed: %s", error)
                return
            self._on_datagram(data, address[:2])

    @staticmethod
    def _run_end(packets: Sequence[bytes], start: int) -> int:
        """Behind the last packet that may share a send: all of one size, the last maybe shorter."""
        size = len(packets[start])
        end = start + 1
        if size == 0:
            return end
        limit = min(len(packets), start + min(_SEGMENTS_PER_SEND, _MAX_SEND_BYTES // size))
        while end < limit and len(packets[end]) == size:
            end += 1
        if end < limit and len(packets[end]) < size:
            end += 1
        return end

    def _segment_option(self, size: int) -> list[tuple[int, int, bytes]]:
        option = self._ancillary.get(size)
        if option is None:
            option = self._ancillary[size] = [(_SOL_UDP, _UDP_SEGMENT, struct.pack("=H", size))]
        return option


class DualPort:
    """An IPv4 port and, where the machine has IPv6, one of the same number for that."""

    def __init__(self, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._v4 = UdpPort(on_datagram)
        self._v6 = UdpPort(on_datagram)
        self.has_v6 = False

    def open(self, host: str, port: int) -> None:
        """Bind; without an IPv4 address of one interface to stick to, IPv6 too."""
        self._v4.open(host, port)
        if host not in ("0.0.0.0", ""):
            return
        try:
            self._v6.open("::", self._v4.port)
        except OSError as error:
            logger.info("no IPv6: %s", error)
        else:
            self.has_v6 = True

    def close(self) -> None:
        """Unbind."""
        self._v4.close()
        self._v6.close()

    @property
    def port(self) -> int:
        """The bound port."""
        return self._v4.port

    @property
    def datagrams_sent(self) -> int:
        """By both."""
        return self._v4.datagrams_sent + self._v6.datagrams_sent

    def send(self, packets: Sequence[bytes], address: Address) -> int:
        """Send by the address's own protocol."""
        return (self._v6 if ":" in address[0] else self._v4).send(packets, address)

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Call back once, when either takes datagrams again."""
        called = False

        def once() -> None:
            nonlocal called
            if not called:
                called = True
                callback()

        self._v4.when_writable(once)
        self._v6.when_writable(once)


def _has_segmentation(udp: socket.socket) -> bool:
    if sys.platform != "linux":
        return False
    try:
        udp.getsockopt(_SOL_UDP, _UDP_SEGMENT)
    except OSError:
        return False
    return True
