"""Reading and writing RTP headers (RFC 3550 §5.1) without building objects per packet."""

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
HEADER_LENGTH = 12
_ONE_BYTE_PROFILE = 0xBEDE


class RtpView(NamedTuple):
    """A parsed packet; `extension` is the one-byte extension block (RFC 8285), or empty."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extension: bytes
    payload: bytes


def parse(data: bytes) -> RtpView:
    """Read one packet; `ValueError` when it is truncated or not version 2."""
    if len(data) < HEADER_LENGTH:
        raise ValueError("shorter than an RTP header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    start = HEADER_LENGTH + 4 * (first & 0x0F)
    end = len(data)
    extension = b""
    if first & 0x10:
        if end < start + 4:
            raise ValueError("truncated header extension")
        profile, words = struct.unpack_from("!HH", data, start)
        start += 4
        if end < start + 4 * words:
            raise ValueError("truncated header extension")
        if profile == _ONE_BYTE_PROFILE:
            extension = data[start : start + 4 * words]
        start += 4 * words
    if first & 0x20:
        if end <= start or data[-1] == 0 or data[-1] > end - start:
            raise ValueError("bad padding")
        end -= data[-1]
    if end < start:
        raise ValueError("truncated payload")
    return RtpView(bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, extension, data[start:end])


def build(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """Write a packet without extensions; numbers are cut to their field's width."""
    return (
        HEADER.pack(
            0x80,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + payload
    )


def extension_value(extension: bytes, wanted: int) -> bytes | None:
    """One element of a one-byte extension block by its id, or None."""
    position = 0
    while position < len(extension):
        header = extension[position]
        if header == 0:
            position += 1
            continue
        identifier, length = header >> 4, (header & 0x0F) + 1
        if identifier == 15:
            return None
        if identifier == wanted:
            value = extension[position + 1 : position + 1 + length]
            return value if len(value) == length else None
        position += 1 + length
    return None


class Unwrapper:
    """Turns a wrapping counter of `bits` width into one that never wraps."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """The value nearest to the newest one given so far; the first is itself."""
        unwrapped = self.peek(value)
        if self._last is None or unwrapped > self._last:
            self._last = unwrapped
        return unwrapped

    def peek(self, value: int) -> int:
        """As `unwrap`, remembering nothing."""
        if self._last is None:
            return value
        delta = (value - self._last) % self._size
        return self._last + (delta if delta < self._size // 2 else delta - self._size)
