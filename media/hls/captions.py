"""Live captions as a subtitle rendition of an HLS stream (RFC 8216 §3.5): one WebVTT file per media segment.

The words reach the media role a moment after they were spoken. A caption stands where the picture was when
its words became known, as on the pages of viewers without HLS; so a complete segment's captions never change.
"""

import contextlib
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from uuid import UUID

from fastapi import APIRouter, Response

from app.core.bus import Bus
from app.core.errors import Problem
from app.core.events import Event, room_topic
from media.hls.live import LiveStream
from media.hls.playlist import Window
from media.hls.sink import HlsStreams

ALTERNATIVE = (
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="字幕 / Captions",'
    'DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="captions.m3u8"'
)
"""A line of the multivariant playlist."""
GROUPS = 'SUBTITLES="captions"'

_TYPES = ("caption.partial", "caption.final")
_RAW_TYPES = tuple(kind.encode() for kind in _TYPES)
_KEPT = 2_000
_LOOK_S = 0.5
_LAST_SHOWN_S = 4.0
_CLOCK_HZ = 90_000
_WRAP = 1 << 33


class CaptionsNotFound(Problem):
    """There is no such stream, or the segment is not complete or gone."""

    code = "captions_not_found"
    status = 404
    title = "No such captions"


@dataclass(frozen=True, slots=True)
class Line:
    """What the caption line reads from `at` on; it is gone `_LAST_SHOWN_S` later, or when another line comes."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Cue:
    """Seconds since the segment began."""

    start_s: float
    end_s: float
    text: str


def cues_of(lines: Sequence[Line], began_at: datetime, duration_s: float) -> list[Cue]:
    """The part of `lines` (in order) that falls into a segment."""
    cues = []
    for index, line in enumerate(lines):
        start_s = (line.at - began_at).total_seconds()
        end_s = start_s + _LAST_SHOWN_S
        if index + 1 < len(lines):
            end_s = min(end_s, (lines[index + 1].at - began_at).total_seconds())
        start_s, end_s = max(0.0, start_s), min(duration_s, end_s)
        if line.text and start_s < end_s:
            cues.append(Cue(start_s, end_s, line.text))
    return cues


def webvtt(cues: Sequence[Cue], media_s: float) -> str:
    """A WebVTT file; `media_s` is the segment's first timestamp."""
    stamp = round(media_s * _CLOCK_HZ) % _WRAP
    blocks = [f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{stamp}\n"]
    blocks += [
        f"{_clock(cue.start_s)} --> {_clock(cue.end_s)}\n{escape(cue.text, quote=False)}\n" for cue in cues
    ]
    return "\n".join(blocks)


def captions_playlist(window: Window, target_s: int) -> str:
    """Complete segments with the numbers, lengths and joints of the pictures'."""
    segments = [segment for segment in window.segments if segment.complete]
    first = segments[0].number if segments else 0
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{target_s}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
    if window.discontinuities_before:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuities_before}")
    for index, segment in enumerate(segments):
        if segment.discontinuity and index:
            lines.append("#EXT-X-DISCONTINUITY")
        date = segment.began_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{date}",
            f"#EXTINF:{segment.duration_s:.5f},",
            f"captions/{segment.number}.vtt",
        ]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if window.ended else [])]) + "\n"


class RoomCaptions:
    """One room's caption lines, read from its event log when somebody asks, twice a second at most."""

    def __init__(self, bus: Bus, room_id: UUID, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._topic = room_topic(room_id)
        self._monotonic = monotonic
        self._seq = 0
        self._read_at: float | None = None
        self._starts: list[datetime] = []
        self.lines: deque[Line] = deque(maxlen=_KEPT)

    async def refresh(self) -> None:
        """Takes in what was said since the last time. Raises redis errors as they come."""
        now = self._monotonic()
        if self._read_at is not None and now - self._read_at < _LOOK_S:
            return
        self._read_at = now
        for entry in await self._bus.read_after(self._topic, self._seq, limit=5_000):
            self._seq = entry.seq
            if any(kind in entry.raw[:120] for kind in _RAW_TYPES):
                self._add(entry.event)

    def began(self, started_at: datetime) -> None:
        """A publisher's timestamps count from here."""
        if not self._starts or self._starts[-1] < started_at:
            self._starts.append(started_at)

    def media_s(self, began_at: datetime) -> float:
        """The timestamp of what arrived at `began_at`."""
        index = bisect_right(self._starts, began_at + timedelta(milliseconds=1)) - 1
        return (began_at - self._starts[index]).total_seconds() if index >= 0 else 0.0

    def _add(self, event: Event) -> None:
        text = str(event.data.get("text", ""))
        if event.type in _TYPES and (not self.lines or self.lines[-1].text != text):
            self.lines.append(Line(event.at, text))


def captions_router(streams: HlsStreams, bus: Bus, target_s: int) -> APIRouter:
    """`/hls/{room_id}/captions.m3u8` and the files that it lists."""
    router = APIRouter(prefix="/hls", tags=["hls"])
    rooms: dict[str, RoomCaptions] = {}

    async def captions_of(room_id: str) -> tuple[LiveStream, RoomCaptions]:
        stream, started_at = streams.get(room_id), streams.started_at(room_id)
        if stream is None or started_at is None:
            rooms.pop(room_id, None)
            raise CaptionsNotFound
        captions = rooms.get(room_id)
        if captions is None:
            with contextlib.suppress(ValueError):
                captions = rooms[room_id] = RoomCaptions(bus, UUID(room_id))
        if captions is None:
            raise CaptionsNotFound
        for gone in set(rooms) - set(streams):
            del rooms[gone]
        captions.began(started_at)
        await captions.refresh()
        return stream, captions

    @router.get("/{room_id}/captions.m3u8")
    async def playlist(room_id: str) -> Response:
        stream, _ = await captions_of(room_id)
        return Response(
            captions_playlist(stream.window(), target_s),
            media_type="application/vnd.apple.mpegurl",
            headers={"Cache-Control": "public, max-age=1"},
        )

    @router.get("/{room_id}/captions/{number}.vtt")
    async def file(room_id: str, number: int) -> Response:
        stream, captions = await captions_of(room_id)
        segment = next((s for s in stream.window().segments if s.number == number and s.complete), None)
        if segment is None:
            raise CaptionsNotFound
        cues = cues_of(captions.lines, segment.began_at, segment.duration_s)
        return Response(
            webvtt(cues, captions.media_s(segment.began_at)),
            media_type="text/vtt",
            headers={"Cache-Control": "public, max-age=60"},
        )

    return router


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
