import asyncio
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import orjson
import pytest
from redis.asyncio import Redis

from app.core.ids import new_id
from media.config import MediaConfig, RecordingConfig
from media.hls.live import LiveStream
from media.hls.segmenter import Segmenter
from media.hls.segments import Init, Part, Segment
from media.hls.sink import HlsStreams
from media.recording.clips import ClipMaker, ClipMargins
from media.recording.files import INDEX, RecordingWriter, read_index
from media.recording.library import Library
from media.recording.ports import (
    ExplanationWindow,
    FixedExplanationWindows,
    RecordedRecordingEvents,
)
from media.recording.recorder import Recorder
from media.recording.retention import KeepDays, Sweeper
from tests.media.m3u8 import parse
from tests.media.node import LOCAL, PacketTrack, h264_packets, opus_silence, running_node, until
from tests.media.streams import frames, sound, together
from tests.media.test_hls import cut

START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def record(directory: Path, segments: Sequence[Segment]) -> None:
    writer = RecordingWriter(directory)
    for segment in segments:
        writer.append(segment, segment.data)
    writer.close()


@pytest.fixture
def show(tmp_path: Path) -> Library:
    """Ten seconds of 320x240, then six of 640x480, in room `r`."""
    small = cut(together(frames(300), sound(10)))
    large = cut([*together(frames(180, size=(640, 480)), sound(6))])
    for n, segment in enumerate(large):
        segment.init = Init(50, *[getattr(segment.init, f) for f in ("data", "codecs", "width", "height")])
        segment.began_at = START + timedelta(seconds=10 + 2 * n)
    record(tmp_path / "r" / "20261123T200000", [*small, *large])
    return Library(tmp_path)


def pictures(path: Path) -> list[tuple[int, float]]:
    """(width, seconds) of every picture."""
    with av.open(str(path)) as container:
        return [(f.width, float(f.time or 0)) for f in container.decode(video=0)]


def test_the_replay_is_byte_ranges_of_what_was_written(show: Library) -> None:
    text = show.playlist("r")
    assert text is not None
    playlist = parse(text)
    assert playlist.ended
    assert sum(segment.duration_s for segment in playlist.segments) == pytest.approx(16.0)
    assert [s.uri for s in playlist.segments] == ["20261123T200000/0.mp4"] * 5 + ["20261123T200000/1.mp4"] * 3
    assert [s.discontinuity for s in playlist.segments] == [False] * 5 + [True] + [False] * 2
    assert 'BYTERANGE="' in text
    assert show.media_file("r", "20261123T200000", "0.mp4") is not None


@pytest.mark.parametrize("name", ["../0.mp4", "0", "index.jsonl", ".mp4", "0.mp4/..", "2.mp4"])
def test_only_recorded_files_can_be_named(show: Library, name: str) -> None:
    assert show.media_file("r", "20261123T200000", name) is None
    assert show.media_file("..", "20261123T200000", "0.mp4") is None


def test_a_download_holds_all_pictures_in_order_also_after_a_change_of_size(
    show: Library, tmp_path: Path
) -> None:
    target = tmp_path / "all.mp4"
    assert show.export("r", target) == pytest.approx(16.0)
    found = pictures(target)
    assert [width for width, _ in found] == [320] * 300 + [640] * 180
    assert [time for _, time in found] == pytest.approx([n / 30 for n in range(480)], abs=0.06)


def test_a_clip_is_cut_on_key_frames_around_its_window(show: Library, tmp_path: Path) -> None:
    window = (START + timedelta(seconds=4.5), START + timedelta(seconds=7.5))
    assert show.cut_clip("r", "c", *window) == pytest.approx(4.0)
    path = show.clip_path("r", "c")
    assert path is not None
    found = pictures(path)
    assert len(found) == 120
    assert found[0][1] == pytest.approx(0.0, abs=0.05)
    with av.open(str(path)) as container:
        assert next(container.demux(video=0)).is_keyframe
        assert container.streams.audio[0].codec_context.name == "aac"


def test_nothing_is_cut_where_nothing_was_recorded(show: Library) -> None:
    later = START + timedelta(hours=1)
    assert show.cut_clip("r", "c", later, later + timedelta(seconds=9)) is None
    assert show.cut_clip("nobody", "c", START, later) is None
    assert show.clip_path("r", "c") is None


def test_moments_are_found_in_the_replay(show: Library) -> None:
    recordings = show.recordings("r")
    assert show.position_s(recordings, START + timedelta(seconds=12.5)) == pytest.approx(12.5)
    assert show.position_s(recordings, START - timedelta(seconds=1)) is None
    assert show.position_s(recordings, START + timedelta(seconds=17)) is None


def test_an_index_that_a_crash_cut_off_is_read_up_to_there(show: Library) -> None:
    directory = show.recordings("r")[0].directory
    index = directory / INDEX
    whole = read_index(directory)
    index.write_bytes(index.read_bytes()[:-30])
    assert read_index(directory) == whole[:-1]


def segment(number: int, size: int = 1000) -> Segment:
    init = Init(1, b"init", "avc1.42c01f", 320, 240)
    made = Segment(number, init, START + timedelta(seconds=2 * number), discontinuity=False)
    made.add(Part(bytes([number]) * size, 2.0, True))
    made.complete = True
    return made


@contextmanager
def full_disk(after_bytes: int) -> Iterator[None]:
    """Files cannot grow beyond a size, as if the disk ended there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_full_disk_is_told_once_and_what_was_whole_stays_whole(tmp_path: Path) -> None:
    events = RecordedRecordingEvents()
    recorder = Recorder(tmp_path, "r", events)
    stored: dict[int, bytes] = {}

    def keep(number: int, reader: object) -> None:
        stored[number] = reader()  # type: ignore[operator]

    with full_disk(after_bytes=3500):
        for number in range(6):
            recorder.submit(segment(number), keep)
        await until(lambda: recorder.segments_lost == 3)
    recorder.submit(segment(6), keep)
    await recorder.close()
    assert stored == {n: bytes([n]) * 1000 for n in (0, 1, 2, 6)}
    assert [room for room, _ in events.failed] == ["r"]
    found = Library(tmp_path).recordings("r")[0].segments
    assert [(s.offset, s.length) for s in found] == [(4 + 1000 * n, 1000) for n in range(4)]


async def test_what_left_memory_is_served_from_the_recording(tmp_path: Path) -> None:
    streams = HlsStreams(None, 60, lambda room_id: Recorder(tmp_path, room_id, RecordedRecordingEvents()))
    sink = streams.sink("r")
    assert sink is not None
    stream = streams["r"]
    segmenter = Segmenter(stream, started_at=START, next_init=stream.next_init)
    for item in together(frames(45 * 30, keyint=30), sound(45)):
        segmenter.on_video(item) if hasattr(item, "key") else segmenter.on_audio(item)  # type: ignore[arg-type]
        await asyncio.sleep(0)

    def old() -> Segment:
        return stream.window().segments[0]

    await until(lambda: not old().parts)
    assert len(stream.window().segments) > 20
    reader = stream.segment_reader(old().number)
    assert reader is not None
    assert reader()[4:8] == b"moof"
    await streams.close()
    assert stream.ended
    assert len(Library(tmp_path).recordings("r")[0].segments) == 22


def window(id: str, start_s: float, end_s: float | None) -> ExplanationWindow:
    end = None if end_s is None else START + timedelta(seconds=end_s)
    return ExplanationWindow(id, f"product-{id}", START + timedelta(seconds=start_s), end)


async def test_each_window_that_is_over_gets_one_clip(show: Library) -> None:
    windows, events = FixedExplanationWindows(), RecordedRecordingEvents()
    windows.windows["r"] = [
        window("a", 4, 9),
        window("b", 9, None),
        window("short", 9, 10),
        window("elsewhere", 900, 990),
    ]
    maker = ClipMaker(show, windows, events, now=lambda: START + timedelta(minutes=5))
    assert await maker.cut_due() == 1
    assert await maker.cut_due() == 0
    assert events.clips == [("r", "a")]
    windows.windows["r"][1] = window("b", 9, 14)
    assert await maker.cut_due() == 1
    assert events.clips == [("r", "a"), ("r", "b")]


async def test_a_clip_waits_until_its_end_is_on_disk(show: Library) -> None:
    windows, events = FixedExplanationWindows(), RecordedRecordingEvents()
    windows.windows["r"] = [window("late", 10, 20)]
    now = START + timedelta(seconds=21)
    maker = ClipMaker(show, windows, events, now=lambda: now)
    assert await maker.cut_due() == 0
    now = START + timedelta(seconds=36)  # the stream broke off: nothing more will come
    assert await maker.cut_due() == 1


async def test_nodes_that_share_the_recordings_cut_a_clip_once(show: Library, tmp_path: Path) -> None:
    windows, events = FixedExplanationWindows(), RecordedRecordingEvents()
    windows.windows["r"] = [window("a", 4, 9)]
    both = [ClipMaker(show, windows, events, now=lambda: START + timedelta(minutes=5)) for _ in range(2)]
    assert sum(await asyncio.gather(*[maker.cut_due() for maker in both])) == 1
    assert events.clips == [("r", "a")]
    assert [path.name for path in (tmp_path / "r" / "clips").iterdir()] == ["a.mp4"]


def test_a_clip_that_exists_is_not_cut_again(show: Library) -> None:
    assert show.cut_clip("r", "a", START + timedelta(seconds=4), START + timedelta(seconds=9))
    with pytest.raises(FileExistsError):
        show.cut_clip("r", "a", START + timedelta(seconds=4), START + timedelta(seconds=9))


async def test_old_recordings_are_deleted_and_live_ones_are_not(show: Library) -> None:
    def at(days: int) -> Sweeper:
        return Sweeper(show, KeepDays(30), live, now=lambda: START + timedelta(days=days))

    live = {"r"}
    assert await at(31).sweep() == []
    live.clear()
    assert await at(29).sweep() == []
    assert await Sweeper(show, KeepDays(-1), live, now=lambda: START + timedelta(days=9999)).sweep() == []
    assert await at(31).sweep() == ["r"]
    assert show.recordings("r") == []
    assert show.rooms() == []


async def test_a_show_can_be_replayed_and_downloaded_while_it_lasts(redis: Redis, tmp_path: Path) -> None:
    windows, events = FixedExplanationWindows(), RecordedRecordingEvents()
    recording = RecordingConfig(
        tmp_path, windows, events, KeepDays(30), margins=ClipMargins(lead_s=0, shortest_s=0.5)
    )
    async with running_node(redis, MediaConfig(engine=LOCAL), recording) as node:
        host = node.client("whip")
        host.send(PacketTrack("video", h264_packets(900, keyint=30), 1 / 30))
        host.send(PacketTrack("audio", opus_silence(1500), 0.02))
        await host.connect()
        library, room = Library(tmp_path), str(node.room)
        await until(lambda: len(segments_of(library, room)) >= 2)
        began = library.recordings(room)[0].began_at
        window = ExplanationWindow(new_id().hex, "p", began, began + timedelta(seconds=1))
        windows.windows[room] = [window]
        await until(lambda: events.clips == [(room, window.id)])

        base = f"/vod/{room}"
        playlist = parse((await node.http.get(f"{base}/index.m3u8")).text)
        media = await node.http.get(f"{base}/{playlist.segments[0].uri}", headers={"Range": "bytes=4-7"})
        assert (media.status_code, media.content) == (206, b"ftyp")
        timeline = orjson.loads((await node.http.get(f"{base}/timeline")).content)
        assert timeline["products"] == [
            {
                "window_id": window.id,
                "product_id": "p",
                "began_at": timeline["began_at"],
                "position_s": 0.0,
                "duration_s": 1.0,
                "clip_url": f"clips/{window.id}.mp4",
            }
        ]
        clip = await node.http.get(f"{base}/{timeline['products'][0]['clip_url']}")
        assert clip.content[4:8] == b"ftyp"
        refused = await node.http.get(f"{base}/download.mp4", headers=node.bearer("whep"))
        assert refused.status_code == 401
        download = await node.http.get(f"{base}/download.mp4", headers=node.bearer("whip"))
        assert download.headers["content-type"] == "video/mp4"
        (tmp_path / "d.mp4").write_bytes(download.content)
        assert len(pictures(tmp_path / "d.mp4")) >= 120
        missing = await node.http.get(f"/vod/{new_id()}/index.m3u8")
        assert (missing.status_code, missing.json()["code"]) == (404, "recording_not_found")
        await host.close()


def segments_of(library: Library, room: str) -> Sequence[object]:
    recordings = library.recordings(room)
    return recordings[0].segments if recordings else ()


def test_a_stream_without_a_recorder_is_not_written(tmp_path: Path) -> None:
    assert LiveStream("r").window().segments == ()
    assert Library(tmp_path / "none").rooms() == []
