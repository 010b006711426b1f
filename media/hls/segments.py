"""What a live HLS stream is made of."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Init:
    """An initialization segment; `codecs` is the RFC 6381 list, sizes in pixels."""

    number: int
    data: bytes
    codecs: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Part:
    """A partial segment: one `moof` and `mdat`."""

    data: bytes
    duration_s: float
    independent: bool


@dataclass(slots=True)
class Segment:
    """A media segment, complete or growing. It begins with a key frame.

    `discontinuity`: timestamps or encoding start anew here. `began_at`: when its first picture
    arrived. `data` of complete segments may live elsewhere once parts are dropped from memory.
    """

    number: int
    init: Init
    began_at: datetime
    discontinuity: bool
    parts: list[Part] = field(default_factory=list)
    complete: bool = False
    duration_s: float = 0.0

    def add(self, part: Part) -> None:
        """Append a part."""
        self.parts.append(part)
        self.duration_s += part.duration_s

    @property
    def data(self) -> bytes:
        """All parts together."""
        return b"".join(part.data for part in self.parts)
