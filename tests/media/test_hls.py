import asyncio
import io
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import av
import httpx
import pytest
from fastapi import FastAPI

from media.engines.base import AudioPacket, VideoFrame
from media.hls.endpoints import hls_router
from media.hls.live import Limits, LiveStream
from media.hls.playlist import Timing, Window, media_playlist
from media.hls.segmenter import Cutting, Segmenter
from media.hls.segments import Init, Part, Segment
from media.hls.sink import HlsStreams
from tests.media.m3u8 import parse
from tests.media.node import Node, PacketTrack, h264_packets, opus_silence, until
from tests.media.streams import frames, sound, together

START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


class Kept:
    """A `SegmentOutput` that keeps everything."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def begin_segment(self, init: Init, began_at: datetime, *, discontinuity: bool) -> None:
        self.segments.append(Segment(len(self.segments), init, began_at, discontinuity))

    def add_part(self, part: Part) -> None:
        self.segments[-1].add(part)

    def end_segment(self) -> None:
        self.segments[-1].complete = True


def cut(items: Iterable[VideoFrame | AudioPacket], cutting: Cutting | None = None) -> list[Segment]:
    kept, numbers = Kept(), iter(range(100))
    segmenter = Segmenter(kept, started_at=START, next_init=lambda: next(numbers), cutting=cutting)
    for item in items:
        if isinstance(item, VideoFrame):
            segmenter.on_video(item)
        else:
            segmenter.on_audio(item)
    segmenter.finish()
    return kept.segments


def test_segments_begin_with_key_frames_and_parts_keep_their_length() -> None:
    segments = cut(together(frames(240), sound(8)))
    assert [round(s.duration_s, 3) for s in segments] == [2.0, 2.0, 2.0, 2.0]
    assert [s.began_at - START for s in segments] == [timedelta(seconds=n) for n in (0, 2, 4, 6)]
    assert [s.discontinuity for s in segments] == [True, False, False, False]
    for segment in segments:
        assert segment.complete
        assert segment.parts[0].independent
        assert all(0.2 <= part.duration_s <= 0.35 for part in segment.parts[:-1])
    assert segments[0].init.codecs == "avc1.42c00d,mp4a.40.2"
    assert (segments[0].init.width, segments[0].init.height) == (320, 240)


def test_what_was_cut_plays_and_nothing_is_missing() -> None:
    segments = cut(together(frames(240), sound(8)))
    data = segments[0].init.data + b"".join(s.data for s in segments)
    with av.open(io.BytesIO(data)) as container:
        video = [frame.pts for frame in container.decode(video=0)]
    assert video == [n * 3000 for n in range(240)]
    with av.open(io.BytesIO(data)) as container:
        audio = [(frame.pts, frame.samples) for frame in container.decode(audio=0)]
    assert all(b[0] - a[0] == 1024 for a, b in itertools.pairwise(audio))
    assert abs(audio[0][0]) <= 1024
    assert abs(audio[-1][0] - 8 * 48_000) <= 4 * 1024


def test_every_part_alone_continues_the_one_before() -> None:
    segments = cut(together(frames(90), sound(3)))
    for segment in segments:
        for count in range(1, len(segment.parts) + 1):
            data = segment.init.data + b"".join(p.data for p in segment.parts[:count])
            with av.open(io.BytesIO(data)) as container:
                pictures = sum(1 for _ in container.decode(video=0))
            assert pictures == round(sum(p.duration_s for p in segment.parts[:count]) * 30)


def test_a_host_without_sound_starts_after_a_second() -> None:
    segments = cut(frames(120))
    assert segments[0].began_at == START + timedelta(seconds=1)
    assert segments[0].init.codecs == "avc1.42c00d"


def test_a_new_picture_size_is_a_discontinuity_with_a_new_initialization() -> None:
    items = [*frames(90, start_s=1.0), *frames(90, size=(640, 480), start_s=4.0)]
    segments = cut(items)
    sizes = [(s.init.number, s.init.width, s.discontinuity) for s in segments]
    assert sizes == [(0, 320, True), (0, 320, False), (1, 640, True), (1, 640, False)]


def test_without_key_frames_a_segment_still_ends() -> None:
    segments = cut(frames(600, keyint=600, start_s=1.0))
    assert [round(s.duration_s, 1) for s in segments] == [5.5, 5.5, 5.5, 3.5]
    assert [s.parts[0].independent for s in segments] == [True, False, False, False]


def part(duration_s: float = 0.3, data: bytes = b"p", independent: bool = False) -> Part:
    return Part(data, duration_s, independent)


def filled(complete: int, *, open_parts: int = 2, limits: Limits | None = None) -> LiveStream:
    """A stream of 2 s segments numbered from 1,000."""
    stream = LiveStream("room", limits, now=lambda: datetime.fromtimestamp(1000, UTC))
    init = Init(stream.next_init(), b"init", "avc1.42c01f", 720, 1280)
    for n in range(complete + 1):
        stream.begin_segment(init, START + timedelta(seconds=2 * n), discontinuity=n == 0)
        for k in range(5 if n < complete else open_parts):
            stream.add_part(part(0.4, f"{n}.{k};".encode(), independent=k == 0))
        if n < complete:
            stream.end_segment()
    return stream


def test_the_playlist_lists_parts_hints_and_control() -> None:
    text = media_playlist(filled(3).window(), Timing(target_s=4, part_target_s=0.4))
    playlist = parse(text)
    assert playlist.tags["EXT-X-TARGETDURATION"] == "4"
    assert playlist.tags["EXT-X-MEDIA-SEQUENCE"] == "1000"
    assert playlist.tags["EXT-X-SERVER-CONTROL"] == (
        "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.200,CAN-SKIP-UNTIL=24.0"
    )
    assert [s.uri for s in playlist.segments] == ["1000.m4s", "1001.m4s", "1002.m4s"]
    assert playlist.segments[2].parts[0] == ("1002.0.m4s", 0.4, True)
    assert [uri for uri, _, _ in playlist.open_parts] == ["1003.0.m4s", "1003.1.m4s"]
    assert playlist.tags["EXT-X-PRELOAD-HINT"] == 'TYPE=PART,URI="1003.2.m4s"'
    assert playlist.segments[0].map_uri == "init-1001.mp4"


def test_a_plain_playlist_has_complete_segments_alone() -> None:
    playlist = parse(media_playlist(filled(3).window(), Timing(), parts=False))
    assert [s.uri for s in playlist.segments] == ["1000.m4s", "1001.m4s", "1002.m4s"]
    assert playlist.open_parts == []
    assert "EXT-X-SERVER-CONTROL" not in playlist.tags


def test_only_recent_segments_are_listed_by_parts() -> None:
    playlist = parse(media_playlist(filled(14).window(), Timing(target_s=4)))
    assert [bool(s.parts) for s in playlist.segments] == [False] * 8 + [True] * 6


def test_a_delta_update_leaves_out_what_the_client_has() -> None:
    window = filled(14).window()
    full = parse(media_playlist(window, Timing(target_s=2)))
    delta = parse(media_playlist(window, Timing(target_s=2), skip=True))
    assert delta.skipped == 8
    assert [s.uri for s in delta.segments] == [s.uri for s in full.segments[8:]]
    assert delta.tags["EXT-X-MEDIA-SEQUENCE"] == full.tags["EXT-X-MEDIA-SEQUENCE"]


def test_the_last_part_of_a_segment_is_followed_by_a_hint_for_the_next() -> None:
    stream = filled(1)
    stream.add_part(part())
    stream.end_segment()
    playlist = parse(media_playlist(stream.window(), Timing()))
    assert playlist.tags["EXT-X-PRELOAD-HINT"] == 'TYPE=PART,URI="1002.0.m4s"'


def test_an_ended_stream_says_so() -> None:
    stream = filled(2, open_parts=0)
    stream.end()
    playlist = parse(media_playlist(stream.window(), Timing()))
    assert playlist.ended
    assert "EXT-X-PRELOAD-HINT" not in playlist.tags


def test_without_a_recording_only_memory_is_the_window() -> None:
    stream = filled(30, limits=Limits(window_s=7200, memory_s=10))
    window = stream.window()
    assert [s.number for s in window.segments] == [1025, 1026, 1027, 1028, 1029, 1030]


def test_recorded_segments_stay_in_the_window_without_memory() -> None:
    stored: list[Segment] = []
    stream = LiveStream("room", Limits(window_s=20, memory_s=6), store=stored.append, now=lambda: START)
    init = Init(stream.next_init(), b"init", "avc1", 1, 1)
    for n in range(30):
        stream.begin_segment(init, START, discontinuity=False)
        stream.add_part(part(2.0, str(n).encode()))
        stream.end_segment()
        stream.stored(stored[-1].number, lambda n=n: f"disk {n}".encode())
    window = stream.window()
    assert len(window.segments) == 10
    assert [len(s.parts) for s in window.segments] == [0] * 7 + [1] * 3
    reader = stream.segment_reader(window.segments[0].number)
    assert reader is not None
    assert reader() == b"disk 20"


def test_discontinuities_that_leave_the_window_are_counted() -> None:
    stream = LiveStream("room", Limits(memory_s=6), now=lambda: START)
    for n in range(12):
        init = Init(stream.next_init(), b"init", "avc1", 1, 1)
        stream.begin_segment(init, START, discontinuity=n % 2 == 0)
        stream.add_part(part(2.0))
        stream.end_segment()
    window = stream.window()
    assert [s.discontinuity for s in window.segments] == [False, True, False]
    assert window.discontinuities_before == 4
    playlist = parse(media_playlist(window, Timing()))
    assert playlist.tags["EXT-X-DISCONTINUITY-SEQUENCE"] == "4"


async def test_waiting_ends_with_the_part_that_is_waited_for() -> None:
    stream = filled(1, open_parts=1)
    waiting = asyncio.create_task(stream.wait_for(1001, 1, 5))
    later = asyncio.create_task(stream.wait_for(1002, 0, 5))
    await asyncio.sleep(0)
    assert not waiting.done()
    stream.add_part(part())
    assert await waiting
    assert not later.done()
    stream.end()
    assert not await later


@pytest.fixture
def app() -> FastAPI:
    application = FastAPI()
    application.state.streams = HlsStreams()
    application.state.streams["room"] = filled(3)
    application.include_router(hls_router(application.state.streams, Timing(), 2_000_000))
    return application


@pytest.fixture
def http(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node")


async def test_what_never_changes_may_be_kept_and_playlists_may_not(http: httpx.AsyncClient) -> None:
    expected = {
        "index.m3u8": "public, max-age=1",
        "live.m3u8": "public, max-age=1",
        "plain.m3u8": "public, max-age=1",
        "live.m3u8?_HLS_msn=1002": "public, max-age=6",
        "init-1001.mp4": "public, max-age=31536000, immutable",
        "1002.m4s": "public, max-age=31536000, immutable",
        "1003.1.m4s": "public, max-age=31536000, immutable",
    }
    for path, cache_control in expected.items():
        response = await http.get(f"/hls/room/{path}")
        assert (path, response.status_code, response.headers["cache-control"]) == (path, 200, cache_control)
    assert (await http.get("/hls/room/1002.m4s")).content == b"2.0;2.1;2.2;2.3;2.4;"
    index = (await http.get("/hls/room/index.m3u8")).text
    assert 'CODECS="avc1.42c01f",RESOLUTION=720x1280\nlive.m3u8' in index


async def test_a_hinted_part_is_answered_when_it_exists(http: httpx.AsyncClient, app: FastAPI) -> None:
    stream: LiveStream = app.state.streams["room"]
    hinted = asyncio.create_task(http.get("/hls/room/1003.2.m4s"))
    reload = asyncio.create_task(http.get("/hls/room/live.m3u8?_HLS_msn=1003&_HLS_part=2"))
    await asyncio.sleep(0.01)
    assert not hinted.done()
    stream.add_part(part(data=b"new"))
    assert (await hinted).content == b"new"
    assert "1003.2.m4s" in (await reload).text


async def test_a_live_host_is_watched_by_hls(node: Node) -> None:
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(900, keyint=30), 1 / 30))
    host.send(PacketTrack("audio", opus_silence(1500), 0.02))
    await host.connect()
    base = f"/hls/{node.room}"
    async with asyncio.timeout(20):
        while (await node.http.get(f"{base}/live.m3u8")).status_code == 404:
            await asyncio.sleep(0.1)
        playlist = parse((await node.http.get(f"{base}/live.m3u8")).text)
        first = int(playlist.tags["EXT-X-MEDIA-SEQUENCE"])
        reply = await node.http.get(f"{base}/live.m3u8?_HLS_msn={first + 1}&_HLS_part=1")
    playlist = parse(reply.text)
    assert [s.uri for s in playlist.segments] == [f"{first}.m4s"]
    segment = playlist.segments[0]
    data = (await node.http.get(f"{base}/{segment.map_uri}")).content
    whole = (await node.http.get(f"{base}/{segment.uri}")).content
    parts = [(await node.http.get(f"{base}/{uri}")).content for uri, _, _ in segment.parts]
    assert b"".join(parts) == whole
    with av.open(io.BytesIO(data + whole)) as container:
        assert sum(1 for _ in container.decode(video=0)) == round(segment.duration_s * 30)
    refused = await node.http.get(f"{base}/live.m3u8?_HLS_msn={first + 50}")
    assert (refused.status_code, refused.json()["code"]) == (400, "hls_too_far_ahead")
    missing = await node.http.get(f"{base}/{first - 5}.m4s")
    assert (missing.status_code, missing.json()["code"]) == (404, "hls_not_found")
    await host.close()
    await until(lambda: node.events.ended)


def test_an_empty_window_is_a_valid_playlist() -> None:
    playlist = parse(media_playlist(Window((), 0, "", False), Timing()))
    assert playlist.segments == []
