"""The RTMP chunk stream (Adobe RTMP 1.0 §5.3): messages out of bytes and back."""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 5, 6
AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
MAX_MESSAGE_BYTES = 8 << 20
_OUT_CHUNK = 4096
_MAX_STREAMS = 64


class Message(NamedTuple):
    """`timestamp_ms` counts from the connection's start and may wrap at 32 bits."""

    kind: int
    stream: int
    timestamp_ms: int
    data: bytes


@dataclass(slots=True)
class _Partial:
    timestamp_ms: int = 0
    delta_ms: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    data: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Reads messages; `ValueError` when the stream is broken, `IncompleteReadError` at its end."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._chunk_size = 128
        self._partials: dict[int, _Partial] = {}
        self.bytes_read = 0

    async def message(self) -> Message:
        """The next whole message; chunk size and abort are handled here."""
        while True:
            found = await self._chunk()
            if found is None:
                continue
            if found.kind == SET_CHUNK_SIZE and len(found.data) >= 4:
                size = int.from_bytes(found.data[:4], "big") & 0x7FFFFFFF
                if not 1 <= size <= MAX_MESSAGE_BYTES:
                    raise ValueError("bad chunk size")
                self._chunk_size = size
            elif found.kind == ABORT and len(found.data) >= 4:
                self._partials.pop(int.from_bytes(found.data[:4], "big"), None)
            else:
                return found

    async def _chunk(self) -> Message | None:
        first = (await self._read(1))[0]
        layout, channel = first >> 6, first & 0x3F
        if channel == 0:
            channel = 64 + (await self._read(1))[0]
        elif channel == 1:
            low, high = await self._read(2)
            channel = 64 + low + 256 * high
        partial = self._partials.get(channel)
        if partial is None:
            if layout == 3 or len(self._partials) >= _MAX_STREAMS:
                raise ValueError("chunk without a beginning")
            partial = self._partials[channel] = _Partial()
        await self._header(layout, partial)
        wanted = min(self._chunk_size, partial.length - len(partial.data))
        partial.data += await self._read(wanted)
        if len(partial.data) < partial.length:
            return None
        data, partial.data = bytes(partial.data), bytearray()
        return Message(partial.kind, partial.stream, partial.timestamp_ms, data)

    async def _header(self, layout: int, partial: _Partial) -> None:
        fresh = not partial.data
        value = 0
        if layout < 3:
            head = await self._read((11, 7, 3)[layout])
            value = int.from_bytes(head[:3], "big")
            partial.extended = value == 0xFFFFFF
            if layout < 2:
                partial.length, partial.kind = int.from_bytes(head[3:6], "big"), head[6]
                if partial.length > MAX_MESSAGE_BYTES:
                    raise ValueError("message too long")
            if layout == 0:
                partial.stream = int.from_bytes(head[7:11], "little")
        if partial.extended:
            value = int.from_bytes(await self._read(4), "big")
        if layout == 0:
            partial.timestamp_ms, partial.delta_ms = value, 0
        elif layout < 3:
            partial.delta_ms = value
            partial.timestamp_ms += value
        elif fresh:
            partial.timestamp_ms += partial.delta_ms

    async def _read(self, count: int) -> bytes:
        self.bytes_read += count
        return await self._reader.readexactly(count)


def write_message(channel: int, message: Message) -> bytes:
    """A message in chunks of 4,096 bytes (announced with `SET_CHUNK_SIZE` before)."""
    header = (
        bytes([channel])
        + message.timestamp_ms.to_bytes(3, "big")
        + len(message.data).to_bytes(3, "big")
        + bytes([message.kind])
        + struct.pack("<I", message.stream)
    )
    chunks = [message.data[i : i + _OUT_CHUNK] for i in range(0, len(message.data), _OUT_CHUNK)] or [b""]
    return header + bytes([0xC0 | channel]).join(chunks)


def control(kind: int, value: int, more: bytes = b"") -> bytes:
    """A protocol control message."""
    return write_message(2, Message(kind, 0, 0, struct.pack(">I", value) + more))


def greeting() -> bytes:
    """What a server says first: window, bandwidth, and its chunk size."""
    return (
        control(WINDOW_SIZE, 2_500_000)
        + control(PEER_BANDWIDTH, 2_500_000, b"\x02")
        + control(SET_CHUNK_SIZE, _OUT_CHUNK)
    )
