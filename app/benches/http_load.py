"""A load generator that costs little: raw HTTP/1.1 over connections that are open already, as browsers' are."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: no answer at all. `took_s` from the request's first byte to the answer's last."""

    status: int
    body: bytes
    took_s: float


class _Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way at most."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._length: int | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((0, b""))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._length is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._received[:end]).lower()
            start = head.find(b"content-length:")
            self._length = end + 4 + int(head[start + 15 :].split(b"\r\n", 1)[0])
        if len(self._received) >= self._length and self._answer is not None and not self._answer.done():
            status = int(self._received[9:12])
            self._answer.set_result((status, bytes(self._received).partition(b"\r\n\r\n")[2]))

    @property
    def closed(self) -> bool:
        """The server may close what was idle for a while."""
        return self._transport is None or self._transport.is_closing()

    async def send(self, request: bytes, timeout_s: float) -> Answer:
        loop = asyncio.get_running_loop()
        assert self._transport is not None
        self._received.clear()
        self._length = None
        self._answer = loop.create_future()
        began = loop.time()
        self._transport.write(request)
        try:
            status, body = await asyncio.wait_for(self._answer, timeout_s)
        except TimeoutError:
            status, body = 0, b""
        return Answer(status, body, loop.time() - began)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Connections:
    """Open connections to one server. `async with await Connections.open(...)` closes them."""

    def __init__(self, host: str, port: int, connections: Sequence[_Connection]) -> None:
        self._host = host
        self._port = port
        self._connections = connections
        self._idle: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._idle.put_nowait(connection)

    @classmethod
    async def open(cls, host: str, port: int, count: int) -> "Connections":
        loop = asyncio.get_running_loop()
        opened = [(await loop.create_connection(_Connection, host, port))[1] for _ in range(count)]
        return cls(host, port, opened)

    async def __aenter__(self) -> "Connections":
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.close()

    async def send(self, request: bytes, timeout_s: float = 30) -> Answer:
        """Over a connection that is idle; waiting for one counts as the answer's time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        connection = await self._idle.get()
        try:
            if connection.closed:
                connection = (await loop.create_connection(_Connection, self._host, self._port))[1]
            waited_s = loop.time() - began
            answer = await connection.send(request, timeout_s)
        except OSError:  # nobody listens
            return Answer(0, b"", loop.time() - began)
        finally:
            self._idle.put_nowait(connection)
        return Answer(answer.status, answer.body, answer.took_s + waited_s)

    async def send_at_rate(
        self, requests: Sequence[bytes], per_s: float, timeout_s: float = 30
    ) -> list[Answer]:
        """In open loop: each at its time, whatever became of those before it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        sending = []
        for number, request in enumerate(requests):
            wait_s = began + number / per_s - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            sending.append(asyncio.create_task(self.send(request, timeout_s)))
        return await asyncio.gather(*sending)

    async def send_all(self, requests: Sequence[bytes], timeout_s: float = 30) -> list[Answer]:
        """All at once; their answers in the same order."""
        return await asyncio.gather(*(self.send(request, timeout_s) for request in requests))


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request's bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n{lines}\r\n"
    ).encode() + body


def percentile_ms(answers: Sequence[Answer], percent: int) -> float:
    """The time within which `percent` of the answers came, in ms, one decimal; 0 for none."""
    times = sorted(answer.took_s for answer in answers)
    if not times:
        return 0.0
    return round(times[max(-(-len(times) * percent // 100) - 1, 0)] * 1000, 1)
