"""Many viewers in one process: raw sockets under epoll, so that the generator costs less than what it measures.

Run as a module it reads one JSON object per line from standard input and answers each by one line:
`connect` (see `Plan`), `reset`, `report`, `quit`.
"""

import contextlib
import os
import select
import socket
import sys
import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass
from typing import Any

import orjson

MARK = b'"due":'
TAIL = len(MARK) - 1
MARK_DIGITS = 16
FIRST_MARK = 10**15
BUCKET_US = 100
BUCKETS = 200_000
BATCH_BYTES = 300
"""Shorter frames are greetings, figures and pings, not batches."""
MARK_WITHIN_BYTES = 500
KNOWN_BY_BYTES = 300
"""A batch's beginning, with the id of its first message."""
RECEIVE_BYTES = 1 << 18
PIECE_LIMIT_BYTES = 1 << 20
IP_BIND_ADDRESS_NO_PORT = 24
"""The port is chosen by `connect`, so that one may be in use towards another server (ip(7))."""
_KEY = b64encode(bytes(range(16))).decode()


@dataclass(frozen=True, slots=True)
class Plan:
    """`paths`: the request path of each viewer. `hello`: a text frame sent after the handshake, if any.
    `stalled`: how many of them never read. `rate_s`: connections begun a second."""

    host: str
    port: int
    paths: list[str]
    hello: list[str]
    rate_s: float
    stalled: int = 0
    pong: str = ""
    """The answer to a one-letter text frame `2` (Socket.IO's ping)."""
    source: str = "127.0.0.1"
    """The address that the viewers come from: each has some 28,000 ports (ip(7))."""
    timeout_s: float = 60.0


class Viewer:
    """One connection: its handshake, then the boundaries of the frames that it receives."""

    __slots__ = ("head", "left", "open", "sock", "stalled", "tail")

    def __init__(self, sock: socket.socket, stalled: bool) -> None:
        self.sock = sock
        self.stalled = stalled
        self.open = False
        self.head = b""
        self.left = 0
        self.tail = b""


class Swarm:
    """Connects, receives, counts."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._viewers: dict[int, Viewer] = {}
        self._buffer = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._plan: Plan | None = None
        self._known: dict[bytes, tuple[int, int]] = {}
        self.opened = 0
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self.messages = 0
        self.frames = 0
        self.bytes = 0
        self.latencies = [0] * BUCKETS
        self.lost = 0

    def report(self) -> dict[str, Any]:
        """What was counted; latencies in ms from the moment when a batch was due."""
        return {
            "messages": self.messages,
            "frames": self.frames,
            "bytes": self.bytes,
            "lost": self.lost,
            "p50_ms": percentile_ms(self.latencies, 0.50),
            "p99_ms": percentile_ms(self.latencies, 0.99),
            "max_ms": percentile_ms(self.latencies, 1.0),
        }

    def connect(self, plan: Plan) -> dict[str, Any]:
        """Open the plan's connections at its rate, not waiting for one before the next; how it went."""
        self._plan = plan
        waiting = deque(enumerate(plan.paths))
        began_s = time.monotonic()
        opened_before, lost_before = self.opened, self.lost
        failed = 0
        while True:
            due = int((time.monotonic() - began_s) * plan.rate_s) + 1
            while waiting and len(plan.paths) - len(waiting) < due:
                number, path = waiting.popleft()
                failed += not self._begin(plan, number, path)
            self.turn(0.001 if waiting else 0.05)
            opened = self.opened - opened_before
            done = not waiting and opened + failed + self.lost - lost_before >= len(plan.paths)
            if done or time.monotonic() - began_s > plan.timeout_s + len(plan.paths) / plan.rate_s:
                return {
                    "connected": opened,
                    "failed": len(plan.paths) - opened,
                    "took_s": round(time.monotonic() - began_s, 2),
                }

    def _begin(self, plan: Plan, number: int, path: str) -> bool:
        sock = socket.socket()
        stalled = number < plan.stalled
        if stalled:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((plan.source, 0))
        try:
            sock.connect((plan.host, plan.port))
        except BlockingIOError:
            pass
        except OSError:
            sock.close()
            return False
        self._viewers[sock.fileno()] = Viewer(sock, stalled)
        self._poll.register(sock.fileno(), select.EPOLLOUT)
        viewer = self._viewers[sock.fileno()]
        viewer.head = (
            f"GET {path} HTTP/1.1\r\nHost: {plan.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n\r\n"
        ).encode()
        return True

    def turn(self, timeout_s: float) -> None:
        """Handle what has happened, waiting for it at most `timeout_s`."""
        for fd, events in self._poll.poll(timeout_s, 2_000):
            viewer = self._viewers.get(fd)
            if viewer is None:
                continue
            try:
                if events & select.EPOLLOUT:
                    viewer.sock.send(viewer.head)
                    viewer.head = b""
                    self._poll.modify(fd, select.EPOLLIN)
                elif viewer.open:
                    self._receive(viewer)
                else:
                    self._finish_handshake(viewer)
            except BlockingIOError:
                continue
            except OSError:
                self._drop(fd)

    def _drop(self, fd: int) -> None:
        viewer = self._viewers.pop(fd)
        with contextlib.suppress(OSError):
            self._poll.unregister(fd)
        viewer.sock.close()
        self.opened -= viewer.open
        self.lost += 1

    def _finish_handshake(self, viewer: Viewer) -> None:
        assert self._plan is not None
        received = viewer.sock.recv(4_096)
        if not received:
            raise ConnectionResetError
        viewer.head += received
        head, found, rest = viewer.head.partition(b"\r\n\r\n")
        if not found:
            return
        if b" 101 " not in head[:16]:
            raise ConnectionRefusedError
        viewer.head = b""
        for text in self._plan.hello:
            viewer.sock.send(text_frame(text))
        viewer.open = True
        self.opened += 1
        if viewer.stalled:
            self._poll.unregister(viewer.sock.fileno())
        elif rest:
            self._parse(viewer, memoryview(rest), rest)

    def _receive(self, viewer: Viewer) -> None:
        size = viewer.sock.recv_into(self._buffer)
        if not size:
            raise ConnectionResetError
        self.bytes += size
        at = 0 if viewer.left or viewer.head else self._whole_frames(size)
        if at == size:
            viewer.tail = b""
            return
        rest = bytes(self._view[at:size])
        self.messages += rest.count(MARK) + (viewer.tail + rest[:TAIL]).count(MARK)
        viewer.tail = rest[-TAIL:]
        self._parse(viewer, memoryview(rest), rest)

    def _whole_frames(self, size: int) -> int:
        """Count the batches that lie in the buffer from its beginning, each whole; where that ends.

        All viewers are sent the same bytes: what a frame holds is looked up by how it begins.
        """
        at, buffer = 0, self._buffer
        while at + 4 <= size and buffer[at + 1] == 126:
            start = at + 4
            end = start + (buffer[at + 2] << 8 | buffer[at + 3])
            if end > size or end - start < BATCH_BYTES:
                break
            beginning = bytes(self._view[start : start + KNOWN_BY_BYTES])
            known = self._known.get(beginning)
            if known is None:
                mark = buffer.find(MARK, start, start + MARK_WITHIN_BYTES) + len(MARK)
                known = buffer.count(MARK, start, end), int(buffer[mark : mark + MARK_DIGITS])
                self._known[beginning] = known
            self.frames += 1
            self.messages += known[0]
            self._count(known[1])
            at = end
        return at

    def _parse(self, viewer: Viewer, received: memoryview, whole: bytes | bytearray) -> None:
        """Count the frames that begin in `received`, which is the beginning of `whole`."""
        at, end = 0, len(received)
        if viewer.head:
            joined = viewer.head + bytes(received)
            viewer.head = b""
            self._parse(viewer, memoryview(joined), joined)
            return
        while at < end:
            if viewer.left:
                step = min(viewer.left, end - at)
                viewer.left -= step
                at += step
                continue
            header = frame_header(received, at)
            if header is None:
                viewer.head = bytes(received[at:])
                return
            start, length = header
            if length >= BATCH_BYTES:
                self.frames += 1
                mark = whole.find(MARK, start, min(start + MARK_WITHIN_BYTES, end))
                if mark >= 0 and mark + len(MARK) + MARK_DIGITS <= end:
                    self._count(int(whole[mark + len(MARK) : mark + len(MARK) + MARK_DIGITS]))
            elif length == 1 and start < end and received[start] == ord("2"):
                assert self._plan is not None
                viewer.sock.send(text_frame(self._plan.pong))
            viewer.left = length
            at = start

    def _count(self, due_us: int) -> None:
        latency_us = now_mark() - due_us
        self.latencies[min(max(latency_us, 0) // BUCKET_US, BUCKETS - 1)] += 1


def now_mark() -> int:
    """Monotonic microseconds with a fixed number of digits, the same clock in every process."""
    return time.monotonic_ns() // 1_000 + FIRST_MARK


def text_frame(text: str) -> bytes:
    """A client's frame (RFC 6455 §5.2) of up to 64 KiB, masked with zeros."""
    payload = text.encode()
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


def frame_header(received: memoryview, at: int) -> tuple[int, int] | None:
    """Where the payload of the server's frame at `at` begins and how long it is; None: not all of it is there."""
    if len(received) < at + 2:
        return None
    short = received[at + 1]
    if short < 126:
        return at + 2, short
    size = 2 if short == 126 else 8
    if len(received) < at + 2 + size:
        return None
    return at + 2 + size, int.from_bytes(received[at + 2 : at + 2 + size], "big")


def percentile_ms(buckets: list[int], share: float) -> float:
    """The upper edge of the bucket within which `share` of all counts lie; 0 for none."""
    wanted = share * sum(buckets)
    seen = 0
    for number, count in enumerate(buckets):
        seen += count
        if count and seen >= wanted:
            return round((number + 1) * BUCKET_US / 1_000, 1)
    return 0.0


def main() -> None:
    """Serve the commands of the bench."""
    swarm = Swarm()
    os.set_blocking(sys.stdin.fileno(), False)
    pending = b""
    while True:
        swarm.turn(0.05)
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(sys.stdin.fileno(), PIECE_LIMIT_BYTES)
            if not chunk:
                return
            pending += chunk
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            command = orjson.loads(line)
            if command["do"] == "quit":
                return
            answer: dict[str, Any] = {}
            if command["do"] == "connect":
                answer = swarm.connect(Plan(**command["plan"]))
            elif command["do"] == "reset":
                swarm.reset()
            elif command["do"] == "report":
                answer = swarm.report()
            sys.stdout.write(orjson.dumps(answer).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
