"""Live captions beside an HLS stream: where each line stands, and that a player finds them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from app.core.bus import Bus
from app.core.events import Event, room_topic
from app.core.ids import new_id
from media.hls import captions
from media.hls.captions import Cue, Line, captions_router, cues_of, webvtt
from media.hls.endpoints import hls_router
from media.hls.playlist import Timing
from media.hls.segments import Init, Part
from media.hls.sink import HlsStreams
from media.problems import answer_problems

START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_line_stands_until_the_next_one_and_in_every_segment_that_it_reaches() -> None:
    lines = [Line(at(1), "接下来看"), Line(at(1.6), "接下来看空气炸锅"), Line(at(9), "好")]

    assert cues_of(lines, at(0), 2) == [Cue(1, 1.6, "接下来看"), Cue(1.6, 2, "接下来看空气炸锅")]
    assert cues_of(lines, at(2), 2) == [Cue(0, 2, "接下来看空气炸锅")]
    assert cues_of(lines, at(6), 2) == [], "gone four seconds after it came"


def test_a_file_names_its_timestamp_and_escapes_its_text() -> None:
    assert webvtt([Cue(0.5, 2, "a<b & c")], media_s=95_443.72) == (
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:208\n"
        "\n00:00:00.500 --> 00:00:02.000\na&lt;b &amp; c\n"
    )


async def test_a_player_finds_what_was_said_beside_the_pictures(redis: Redis) -> None:
    room, streams, bus = new_id(), HlsStreams(), Bus(redis)
    app = FastAPI()
    answer_problems(app)
    app.include_router(captions_router(streams, bus, 6))
    app.include_router(
        hls_router(streams, Timing(), 1, alternatives=[captions.ALTERNATIVE], groups=captions.GROUPS)
    )
    await say(bus, room, "caption.partial", "接下来看空气闸锅", at(2.5))
    await say(bus, room, "pin.changed", "接下来", at(2.6))
    await say(bus, room, "caption.final", "接下来看空气炸锅", at(3))
    streams.sink(str(room), started_at=START)
    stream = streams[str(room)]
    for number in range(2):
        stream.begin_segment(Init(1, b"", "avc1", 640, 360), at(2 * number), discontinuity=False)
        stream.add_part(Part(b"x", 2.0, True))
        stream.end_segment()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://test/hls/{room}/") as http:
        entry = (await http.get("index.m3u8")).text
        playlist = (await http.get("captions.m3u8")).text
        files = [line for line in playlist.splitlines() if line.endswith(".vtt")]
        answers = [await http.get(file) for file in files]
        missing = await http.get("captions/7.vtt")

    assert 'SUBTITLES="captions"' in entry
    assert captions.ALTERNATIVE in entry
    assert playlist.count("#EXTINF:2.00000,") == 2
    assert [answer.headers["content-type"] for answer in answers] == ["text/vtt; charset=utf-8"] * 2
    assert "-->" not in answers[0].text
    assert answers[1].text == (
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:180000\n"
        "\n00:00:00.500 --> 00:00:01.000\n接下来看空气闸锅\n"
        "\n00:00:01.000 --> 00:00:02.000\n接下来看空气炸锅\n"
    )
    assert missing.status_code == 404


async def say(bus: Bus, room: UUID, kind: str, text: str, moment: datetime) -> None:
    await bus.publish(room_topic(room), Event(kind, {"text": text}, at=moment))
