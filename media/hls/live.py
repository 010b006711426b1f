"""A room's live HLS stream: the sliding window, and those who wait for what comes next."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from media.hls.playlist import Window
from media.hls.segments import Init, Part, Segment

StoredReader = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """`window_s` of complete segments can be watched again; `memory_s` of them stay in memory.

    What is older than `memory_s` is there only as long as a recording holds it.
    """

    window_s: float = 7200.0
    memory_s: float = 30.0


class LiveStream:
    """A `SegmentOutput` that outlives its publishers: numbers go on, discontinuities mark the joints.

    Numbers begin at the Unix time in seconds, so that they grow across restarts of the process
    and no cache in front mistakes a new segment for an old one.
    """

    def __init__(
        self,
        room_id: str,
        limits: Limits | None = None,
        *,
        store: Callable[[Segment], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`store` is given each complete segment."""
        self.room_id = room_id
        self._limits = limits or Limits()
        self._store = store
        self._segments: deque[Segment] = deque()
        self._inits: dict[int, Init] = {}
        self._readers: dict[int, StoredReader] = {}
        self._discontinuities_before = 0
        self._number = int(now().timestamp())
        self._init_number = self._number
        self._grown = asyncio.Event()
        self.ended = False
        self.last_part_at = time.monotonic()

    def next_init(self) -> int:
        """A number for a new initialization segment."""
        self._init_number += 1
        return self._init_number

    @property
    def newest(self) -> Segment | None:
        """The growing segment or the last complete one."""
        return self._segments[-1] if self._segments else None

    def window(self) -> Window:
        """What a playlist lists now."""
        return Window(tuple(self._segments), self._discontinuities_before, "", self.ended)

    def begin_segment(self, init: Init, began_at: datetime, *, discontinuity: bool) -> None:
        """A new segment grows from here."""
        self._inits[init.number] = init
        first = not self._segments
        self._segments.append(
            Segment(self._number, init, began_at, discontinuity=discontinuity and not first)
        )
        self._number += 1

    def add_part(self, part: Part) -> None:
        """The growing segment has another part."""
        self._segments[-1].add(part)
        self.last_part_at = time.monotonic()
        self._wake()

    def end_segment(self) -> None:
        """The growing segment is complete."""
        segment = self._segments[-1]
        if not segment.parts:
            self._segments.pop()
            self._number -= 1
            return
        segment.complete = True
        self._store(segment)
        self._trim()
        self._wake()

    def stored(self, number: int, reader: StoredReader) -> None:
        """A complete segment can be read from a recording; called back when it is asked for."""
        self._readers[number] = reader
        self._trim()

    def end(self) -> None:
        """Nobody will publish here any more."""
        self.ended = True
        self._wake()

    async def wait_for(self, number: int, part: int | None, timeout_s: float) -> bool:
        """Wait until a segment (or its part) is there; False after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not self.has(number, part):
            left = deadline - time.monotonic()
            if left <= 0 or self.ended:
                return self.has(number, part)
            try:
                await asyncio.wait_for(self._grown.wait(), left)
            except TimeoutError:
                return self.has(number, part)
        return True

    def has(self, number: int, part: int | None) -> bool:
        """Whether a segment is complete, or has that part, or is already history."""
        newest = self.newest
        if newest is None:
            return False
        if number < newest.number:
            return True
        if number > newest.number:
            return False
        return newest.complete or (part is not None and part < len(newest.parts))

    def is_near(self, number: int) -> bool:
        """Whether a number is at most two ahead of the newest segment (RFC 8216bis §6.2.5.2)."""
        newest = self.newest
        return newest is None or number <= newest.number + 2

    def init(self, number: int) -> Init | None:
        """An initialization segment."""
        return self._inits.get(number)

    def part(self, number: int, part: int) -> Part | None:
        """A partial segment, while it is kept in memory."""
        segment = self._find(number)
        return segment.parts[part] if segment is not None and part < len(segment.parts) else None

    def segment_reader(self, number: int) -> StoredReader | None:
        """How to get a complete segment's bytes; it may block on a disk."""
        segment = self._find(number)
        if segment is None or not segment.complete:
            return None
        if segment.parts:
            data = segment.data
            return lambda: data
        return self._readers.get(number)

    def began_at(self, moment: datetime) -> Segment | None:
        """The recent segment that began at exactly this moment."""
        for segment in reversed(self._segments):
            if segment.began_at <= moment:
                return segment if segment.began_at == moment else None
        return None

    def discontinuities_until(self, number: int) -> int:
        """How many joints lie before a segment since the stream began, its own included."""
        return self._discontinuities_before + sum(
            segment.discontinuity for segment in self._segments if segment.number <= number
        )

    def _find(self, number: int) -> Segment | None:
        if not self._segments:
            return None
        index = number - self._segments[0].number
        return self._segments[index] if 0 <= index < len(self._segments) else None

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def _trim(self) -> None:
        """Drop parts that are on disk, and segments that are out of the window or not kept anywhere."""
        age_s = 0.0
        keep = 0
        for segment in reversed(self._segments):
            age_s += segment.duration_s
            recent = age_s <= self._limits.memory_s
            if not recent and segment.complete:
                stored = segment.number in self._readers
                if age_s > self._limits.window_s or not stored:
                    break
                segment.parts.clear()
            keep += 1
        while len(self._segments) > keep:
            gone = self._segments.popleft()
            self._readers.pop(gone.number, None)
            if self._segments and self._segments[0].discontinuity:
                self._discontinuities_before += 1
                self._segments[0].discontinuity = False
        used = {segment.init.number for segment in self._segments}
        self._inits = {number: init for number, init in self._inits.items() if number in used}
