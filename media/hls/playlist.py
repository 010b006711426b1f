"""Playlists as text (draft-pantos-hls-rfc8216bis); pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from media.hls.segments import Init, Segment


@dataclass(frozen=True, slots=True)
class Timing:
    """What a playlist promises, in seconds. RFC 8216bis §4.4.3.7: hold back three parts at least."""

    target_s: int = 6
    part_target_s: float = 0.35

    @property
    def part_hold_back_s(self) -> float:
        return 3 * self.part_target_s

    @property
    def parts_listed_s(self) -> float:
        return 3.0 * self.target_s

    @property
    def skip_until_s(self) -> float:
        return 6.0 * self.target_s


@dataclass(frozen=True, slots=True)
class Window:
    """The segments that are listed, oldest first, the last one maybe growing; `path` precedes all URIs."""

    segments: Sequence[Segment]
    discontinuities_before: int
    path: str
    ended: bool


def media_playlist(window: Window, timing: Timing, *, parts: bool = True, skip: bool = False) -> str:
    """The media playlist: with partial segments, or a plain one of complete segments alone.

    `skip` asks for a delta update: segments older than the skip boundary become `EXT-X-SKIP`.
    """
    segments = list(window.segments)
    if not parts:
        segments = [s for s in segments if s.complete]
    first = segments[0].number if segments else 0
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{9 if parts else 7}",
        f"#EXT-X-TARGETDURATION:{timing.target_s}",
    ]
    if parts:
        lines += [
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={timing.part_hold_back_s:.3f},"
            f"CAN-SKIP-UNTIL={timing.skip_until_s:.1f}",
            f"#EXT-X-PART-INF:PART-TARGET={timing.part_target_s:.3f}",
        ]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    if window.discontinuities_before:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuities_before}")
    skipped = _older_than(segments, timing.skip_until_s) if skip and parts else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    lines += _segment_lines(segments, skipped, window.path, timing.parts_listed_s if parts else None)
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    elif parts and segments:
        last = segments[-1]
        number, part = (last.number + 1, 0) if last.complete else (last.number, len(last.parts))
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{window.path}{number}.{part}.m4s"')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class VodEntry:
    """A recorded segment as a byte range of the file `uri`, which begins with its initialization."""

    uri: str
    init_length: int
    offset: int
    length: int
    duration_s: float
    discontinuity: bool
    began_at: datetime


def vod_playlist(entries: Sequence[VodEntry]) -> str:
    """A finished recording."""
    target = max((round(entry.duration_s) for entry in entries), default=1) or 1
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    current = None
    for index, entry in enumerate(entries):
        if entry.discontinuity and index:
            lines.append("#EXT-X-DISCONTINUITY")
        if entry.uri != current:
            current = entry.uri
            lines.append(f'#EXT-X-MAP:URI="{entry.uri}",BYTERANGE="{entry.init_length}@0"')
        if index == 0 or entry.discontinuity:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(entry.began_at)}")
        lines += [
            f"#EXTINF:{entry.duration_s:.5f},",
            f"#EXT-X-BYTERANGE:{entry.length}@{entry.offset}",
            entry.uri,
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendition in the entry playlist: what it needs at most, and where its playlist is."""

    init: Init
    bandwidth_bps: int
    uri: str


def multivariant_playlist(
    variants: Sequence[Variant], alternatives: Sequence[str] = (), groups: str = ""
) -> str:
    """The entry point of a stream.

    `alternatives` are EXT-X-MEDIA lines (subtitles, say), `groups` the attributes by which every
    variant names them, such as `SUBTITLES="subs"`.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-INDEPENDENT-SEGMENTS", *alternatives]
    for variant in variants:
        init = variant.init
        attributes = (
            f'BANDWIDTH={variant.bandwidth_bps},CODECS="{init.codecs}",RESOLUTION={init.width}x{init.height}'
        )
        lines += [f"#EXT-X-STREAM-INF:{attributes}{',' + groups if groups else ''}", variant.uri]
    return "\n".join(lines) + "\n"


def _segment_lines(
    segments: Sequence[Segment], skipped: int, path: str, parts_listed_s: float | None
) -> list[str]:
    lines: list[str] = []
    listed_from = len(segments) if parts_listed_s is None else _older_than(segments, parts_listed_s)
    current = segments[skipped - 1].init.number if skipped else None
    for index, segment in enumerate(segments):
        if index < skipped:
            continue
        if segment.discontinuity and index:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.init.number != current:
            current = segment.init.number
            lines.append(f'#EXT-X-MAP:URI="{path}init-{current}.mp4"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.began_at)}")
        if index >= listed_from:
            for number, part in enumerate(segment.parts):
                independent = ",INDEPENDENT=YES" if part.independent else ""
                lines.append(
                    f"#EXT-X-PART:DURATION={part.duration_s:.5f},"
                    f'URI="{path}{segment.number}.{number}.m4s"{independent}'
                )
        if segment.complete:
            lines += [f"#EXTINF:{segment.duration_s:.5f},", f"{path}{segment.number}.m4s"]
    return lines


def _older_than(segments: Sequence[Segment], age_s: float) -> int:
    """How many segments end more than `age_s` before the newest one's end."""
    newest_s = 0.0
    for index in range(len(segments) - 1, -1, -1):
        newest_s += segments[index].duration_s
        if newest_s > age_s:
            return index
    return 0


def _date(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
