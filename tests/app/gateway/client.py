"""A viewer's end of the WebSocket, as a browser would behave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID, uuid4

import orjson
from websockets.asyncio.client import ClientConnection, connect

WAIT_S = 10


class Client:
    """Says hello with its cursors, keeps every event, and forgets nothing when it comes back."""

    def __init__(self, cursors: dict[str, int] | None = None) -> None:
        self.cursors = dict(cursors or {})
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.frames: list[dict[str, Any]] = []
        self._socket: ClientConnection | None = None
        self._arrived = asyncio.Condition()

    @asynccontextmanager
    async def connected(self, port: int, token: str, *, hello: bool = True) -> AsyncIterator[Self]:
        """Connected while the block runs; use it again to come back."""
        async with connect(
            f"ws://127.0.0.1:{port}/ws?token={token}", open_timeout=WAIT_S, close_timeout=1
        ) as socket:
            self._socket = socket
            reading = asyncio.create_task(self._read(socket))
            try:
                if hello:
                    welcomed = len(self._of("welcome"))
                    await self.send({"t": "hello", "cursors": self.cursors})
                    await self.until(lambda: len(self._of("welcome")) > welcomed)
                yield self
            finally:
                reading.cancel()
                await asyncio.wait([reading])

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        assert self._socket is not None
        await self._socket.send(
            message if isinstance(message, str | bytes) else orjson.dumps(message).decode()
        )

    async def chat(self, text: str, client_id: UUID | None = None, **more: Any) -> dict[str, Any]:
        """Send a message and wait for its answer: an ack or an error."""
        key = str(client_id or uuid4())
        await self.send({"t": "chat", "client_id": key, "text": text} | more)
        return await self.wait_for(lambda frame: frame.get("client_id") == key)

    async def wait_for(self, wanted: Any) -> dict[str, Any]:
        """The newest frame that `wanted` accepts."""
        await self.until(lambda: any(wanted(frame) for frame in self.frames))
        return next(frame for frame in reversed(self.frames) if wanted(frame))

    async def receive(self, kind: str) -> dict[str, Any]:
        return await self.wait_for(lambda frame: frame["t"] == kind)

    async def until(self, happened: Any) -> None:
        async with asyncio.timeout(WAIT_S), self._arrived:
            await self._arrived.wait_for(happened)

    async def closed(self) -> int:
        """Wait for the end; its close code."""
        assert self._socket is not None
        async with asyncio.timeout(WAIT_S):
            await self._socket.wait_closed()
        assert self._socket.close_code is not None
        return self._socket.close_code

    def batches(self, topic: str) -> list[dict[str, Any]]:
        return [frame for frame in self._of("batch") if frame["topic"] == topic]

    def seqs(self, topic: str) -> list[int]:
        return [event["seq"] for event in self.events.get(topic, [])]

    def texts(self, topic: str) -> list[str]:
        return [event["data"]["text"] for event in self.events.get(topic, []) if "text" in event["data"]]

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["t"] == kind]

    async def _read(self, socket: ClientConnection) -> None:
        async for payload in socket:
            frame = orjson.loads(payload)
            async with self._arrived:
                self.frames.append(frame)
                if frame["t"] == "batch":
                    self.events.setdefault(frame["topic"], []).extend(frame["events"])
                    self.cursors[frame["topic"]] = frame["through"]
                if frame["t"] == "welcome":
                    for topic, seq in frame["cursors"].items():
                        self.cursors.setdefault(topic, seq)
                self._arrived.notify_all()
