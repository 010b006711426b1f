"""How pictures pass between the media role and its encoding process: a fixed head, then Annex B."""

import struct
from typing import NamedTuple

HEAD = struct.Struct("!BBQI")
"""Rendition (its place in the ladder; 255: the source), 1 for a key frame, 90 kHz timestamp, length."""

SOURCE = 255
MAX_PICTURE_BYTES = 8 << 20


class Picture(NamedTuple):
    """A coded picture on its way in or out."""

    rendition: int
    key: bool
    timestamp: int
    data: bytes

    def to_bytes(self) -> bytes:
        """Head and data."""
        return HEAD.pack(self.rendition, self.key, self.timestamp, len(self.data)) + self.data


def parse_head(head: bytes) -> tuple[int, bool, int, int]:
    """(rendition, key, timestamp, length); `ValueError` where no picture can be that long."""
    rendition, key, timestamp, length = HEAD.unpack(head)
    if length > MAX_PICTURE_BYTES:
        raise ValueError("a picture of impossible length")
    return rendition, bool(key), timestamp, length
