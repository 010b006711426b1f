"""Puts a host's video packets into whole frames, in order, and says what to ask for again."""

from dataclasses import dataclass

from media.engines.base import VideoFrame
from media.engines.embedded.rtp import Unwrapper
from media.h264 import starts_key_frame

_MAX_BUFFERED = 2048
_NACK_INTERVAL_S = 0.05
_NACK_TRIES = 8
_MAX_NACKS = 64


@dataclass(frozen=True, slots=True)
class _Packet:
    timestamp: int
    marker: bool
    payload: bytes


@dataclass(slots=True)
class _Missing:
    since: float
    asked_at: float
    tries: int


class FrameAssembler:
    """A pure state machine: packets in with their arrival time, frames out.

    A hole is waited for at most `max_wait_s`; then everything up to the next key frame is
    left out, because later pictures refer to the lost one, and `needs_key` is set.
    """

    def __init__(self, max_wait_s: float = 0.4) -> None:
        self.origin = 0
        """Added to every frame's timestamp; set before the first push."""
        self._max_wait_s = max_wait_s
        self._sequences = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._first_timestamp: int | None = None
        self._packets: dict[int, _Packet] = {}
        self._missing: dict[int, _Missing] = {}
        self._next: int | None = None
        self._highest = -1
        self.needs_key = True
        self.frames_lost = 0

    def push(
        self, sequence: int, timestamp: int, marker: bool, payload: bytes, now: float
    ) -> list[VideoFrame]:
        """Add a packet; returns the frames that are now complete, oldest first."""
        number = self._sequences.unwrap(sequence)
        if self._next is None:
            self._next = number
            self._highest = number - 1
        if number < self._next or number in self._packets:
            return []
        if number - self._highest > _MAX_BUFFERED:
            self._restart(number)
        for hole in range(self._highest + 1, number):
            self._missing[hole] = _Missing(now, now - _NACK_INTERVAL_S, 0)
        self._highest = max(self._highest, number)
        self._missing.pop(number, None)
        self._packets[number] = _Packet(self._timestamps.unwrap(timestamp), marker, payload)
        return self._take(now)

    def poll(self, now: float) -> list[VideoFrame]:
        """Give up on holes that are too old; returns the frames that this sets free."""
        oldest = next(iter(self._missing.values()), None)
        stale = oldest is not None and now - oldest.since > self._max_wait_s
        if not stale and len(self._packets) <= _MAX_BUFFERED:
            return []
        self._skip_to_key_frame(now)
        return self._take(now)

    def nacks(self, now: float) -> list[int]:
        """Sequence numbers (16 bit) to ask the host for again, each at most every 50 ms."""
        wanted = []
        for number, missing in self._missing.items():
            if missing.tries < _NACK_TRIES and now - missing.asked_at >= _NACK_INTERVAL_S:
                missing.asked_at = now
                missing.tries += 1
                wanted.append(number & 0xFFFF)
                if len(wanted) == _MAX_NACKS:
                    break
        return wanted

    def _take(self, now: float) -> list[VideoFrame]:
        frames: list[VideoFrame] = []
        assert self._next is not None
        while (first := self._packets.get(self._next)) is not None:
            end = self._next
            while not self._packets[end].marker:
                following = self._packets.get(end + 1)
                if following is None:
                    return frames
                if following.timestamp != first.timestamp:
                    break
                end += 1
            payloads = tuple(self._packets.pop(n).payload for n in range(self._next, end + 1))
            self._next = end + 1
            self._emit(first.timestamp, payloads, now, frames)
        return frames

    def _emit(
        self, timestamp: int, payloads: tuple[bytes, ...], now: float, frames: list[VideoFrame]
    ) -> None:
        payloads = tuple(payload for payload in payloads if payload)
        if not payloads:
            return  # padding that a sender probes the path with
        key = any(starts_key_frame(payload) for payload in payloads)
        if self.needs_key and not key:
            self.frames_lost += 1
            return
        self.needs_key = False
        if self._first_timestamp is None:
            self._first_timestamp = timestamp
        since_first = timestamp - self._first_timestamp
        frames.append(VideoFrame(self.origin + since_first, payloads, key, now))

    def _skip_to_key_frame(self, now: float) -> None:
        """Move on to the first key frame behind the oldest hole, or to the end."""
        hole = next(iter(self._missing), self._highest)
        target = self._highest + 1
        for number in sorted(self._packets):
            packet = self._packets[number]
            before = self._packets.get(number - 1)
            fresh = before is None or before.timestamp != packet.timestamp
            if number > hole and fresh and starts_key_frame(packet.payload):
                target = number
                break
        for number in [n for n in self._packets if n < target]:
            del self._packets[number]
        for number in [n for n in self._missing if n < target]:
            del self._missing[number]
        self._next = target
        self.needs_key = True
        self.frames_lost += 1

    def _restart(self, number: int) -> None:
        self._packets.clear()
        self._missing.clear()
        self._next = number
        self._highest = number - 1
        self.needs_key = True

    def session_timestamp(self, rtp_timestamp: int) -> int | None:
        """A host's RTP timestamp on the scale of `VideoFrame.timestamp`; None before the first."""
        if self._first_timestamp is None:
            return None
        return self.origin + self._timestamps.peek(rtp_timestamp) - self._first_timestamp
