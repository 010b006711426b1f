"""An RTMP listener: `rtmp://host/live` with the stream key `{room_id}?token={WHIP token}`."""

import asyncio
import contextlib
import logging
import secrets
from typing import Any, Protocol
from urllib.parse import parse_qs

from app.core.errors import Problem
from media.ports import TokenVerifier
from media.rtmp import amf
from media.rtmp.chunks import (
    AUDIO,
    COMMAND,
    DATA,
    VIDEO,
    WINDOW_SIZE,
    ChunkReader,
    Message,
    control,
    greeting,
    write_message,
)
from media.rtmp.flv import AacToOpus, AvcReader, UnsupportedStream

logger = logging.getLogger(__name__)

_HANDSHAKE = 1536
_SILENCE_S = 20.0
_ACK_EVERY = 1_000_000
_MAX_CONNECTIONS = 50
_ACKNOWLEDGEMENT = 3


class Ingest(Protocol):
    """A publisher that is fed; `media.engines.embedded.local.LocalPublisher`."""

    profile: str | None

    def push_video(self, nals: list[bytes], key: bool, time_s: float) -> None: ...
    def push_audio(self, packet: bytes, timestamp: int) -> None: ...
    def close(self) -> None: ...


class OpenIngest(Protocol):
    """Opens one; raises a `Problem` when the room is taken."""

    async def __call__(self, room_id: str, profile: str | None, on_close: Any) -> Ingest: ...


class Refused(Exception):
    """Told to the encoder as the reason."""


class RtmpServer:
    """Owns its socket and its connections' tasks."""

    def __init__(self, tokens: TokenVerifier, open_ingest: OpenIngest) -> None:
        self._tokens = tokens
        self._open_ingest = open_ingest
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The bound port."""
        assert self._server is not None
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def start(self, host: str, port: int) -> None:
        """Listen; `OSError` when the port is taken."""
        self._server = await asyncio.start_server(self._accept, host, port)

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= _MAX_CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        connection = _Connection(reader, writer, self._tokens, self._open_ingest)
        try:
            await connection.run()
        except (ValueError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            logger.info("rtmp: %s", error or type(error).__name__)
        except asyncio.CancelledError:
            pass  # the server closes, or another publisher has the room
        finally:
            connection.close()
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Connection:
    """One encoder."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tokens: TokenVerifier,
        open_ingest: OpenIngest,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._tokens = tokens
        self._open_ingest = open_ingest
        self._ingest: Ingest | None = None
        self._video = AvcReader()
        self._audio = AacToOpus()
        self._first_ms: int | None = None
        self._acknowledged = 0
        self._task = asyncio.current_task()

    def close(self) -> None:
        """The stream is over."""
        if self._ingest is not None:
            ingest, self._ingest = self._ingest, None
            ingest.close()

    async def run(self) -> None:
        """Serve until the encoder leaves or is silent for 20 s."""
        async with asyncio.timeout(_SILENCE_S):
            await self._shake_hands()
        chunks = ChunkReader(self._reader)
        while True:
            async with asyncio.timeout(_SILENCE_S):
                message = await chunks.message()
            if chunks.bytes_read - self._acknowledged > _ACK_EVERY:
                self._acknowledged = chunks.bytes_read
                self._writer.write(control(_ACKNOWLEDGEMENT, chunks.bytes_read & 0xFFFFFFFF))
            try:
                if not await self._take(message):
                    return
            except (Refused, UnsupportedStream) as error:
                self._status("error", "NetStream.Publish.BadName", str(error))
                await self._writer.drain()
                raise ValueError(f"refused: {error}") from error

    async def _shake_hands(self) -> None:
        """The plain handshake (§5.2): echo what the client sent."""
        hello = await self._reader.readexactly(1 + _HANDSHAKE)
        if hello[0] != 3:
            raise ValueError("not RTMP")
        own = bytes(8) + secrets.token_bytes(_HANDSHAKE - 8)
        self._writer.write(b"\x03" + own + hello[1:])
        await self._writer.drain()
        await self._reader.readexactly(_HANDSHAKE)

    async def _take(self, message: Message) -> bool:
        """Handle one message; False when the encoder says that it is done."""
        if message.kind == COMMAND:
            return await self._command(message)
        if self._ingest is None or message.kind in (DATA, WINDOW_SIZE):
            return True
        if message.kind == VIDEO and message.data:
            picture = self._video.read(message.data)
            if picture is not None:
                self._ingest.profile = self._video.profile
                self._ingest.push_video(*picture, self._position_ms(message) / 1000)
        elif message.kind == AUDIO and message.data:
            for timestamp, packet in self._audio.convert(message.data, self._position_ms(message)):
                self._ingest.push_audio(packet, timestamp)
        return True

    def _position_ms(self, message: Message) -> int:
        if self._first_ms is None:
            self._first_ms = message.timestamp_ms
        return max(0, message.timestamp_ms - self._first_ms)

    async def _command(self, message: Message) -> bool:
        name, transaction, *arguments = [*amf.decode(message.data), None, None][: 2 + 4]
        match name:
            case "connect":
                self._writer.write(greeting())
                info = {"level": "status", "code": "NetConnection.Connect.Success", "objectEncoding": 0}
                self._reply("_result", transaction, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31}, info)
            case "createStream":
                self._reply("_result", transaction, None, 1)
            case "publish":
                key = next((a for a in arguments if isinstance(a, str)), "")
                await self._publish(key)
                self._status("status", "NetStream.Publish.Start", "Live.")
            case "deleteStream" | "FCUnpublish" | "closeStream":
                return False
            case "play":
                raise Refused("This address takes streams; it does not play them.")
            case _:
                self._reply("_result", transaction, None, None)
        await self._writer.drain()
        return True

    async def _publish(self, key: str) -> None:
        room_id, _, query = key.partition("?")
        token = parse_qs(query).get("token", [""])[0]
        try:
            claims = self._tokens.verify(token, "whip")
            if str(claims.room_id) != room_id:
                raise Refused("The token is for another room.")
            self._ingest = await self._open_ingest(room_id, None, self._cut_off)
        except Problem as problem:
            raise Refused(problem.detail or problem.title) from problem

    def _cut_off(self) -> None:
        """The room has another publisher."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    def _reply(self, name: str, transaction: Any, *values: Any) -> None:
        body = amf.encode(name, transaction, *values)
        self._writer.write(write_message(3, Message(COMMAND, 0, 0, body)))

    def _status(self, level: str, code: str, description: str) -> None:
        body = amf.encode("onStatus", 0, None, {"level": level, "code": code, "description": description})
        self._writer.write(write_message(5, Message(COMMAND, 1, 0, body)))
