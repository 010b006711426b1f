"""The listening worker on a real Redis: claims, take-over, the end of a show, changes by hand."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from ai.cues.decisions import Explained, Pin
from ai.cues.products import ListedProduct
from ai.memory_rooms import MemoryRooms
from ai.transcription.audio import AudioChunk, Samples
from ai.transcription.claims import Claims
from ai.transcription.recognizer import Recognizer
from ai.transcription.segments import TranscriptSegment
from ai.transcription.tap import Heard, Tap
from ai.transcription.vad import LoudnessActivity
from ai.worker import ListeningWorker, LiveRoom
from app.core.errors import Problem
from tests.ai.sound import chunks, loud, quiet, saying

FRYER = ListedProduct("fryer", "五升可视空气炸锅", "5L Visible Air Fryer", ("空气炸锅",))
LAMP = ListedProduct("lamp", "护眼台灯", "Eye-Care Desk Lamp", ("台灯",))
SENTENCES = {
    0.3: "大家好欢迎来到我的直播间",
    0.5: "接下来看这款空气炸锅特别好用",
    0.8: "再来是这个护眼台灯没有频闪",
}
ROOM = "0199-room"


def live_room(by_host: tuple[str, ...] = ()) -> LiveRoom:
    return LiveRoom((FRYER, LAMP), by_host=by_host)


def worker(redis: Redis, rooms: MemoryRooms, recognizer: Recognizer | None = None) -> ListeningWorker:
    recognizer = recognizer or saying(SENTENCES)
    return ListeningWorker(redis, rooms, rooms, recognizer, voice=LoudnessActivity, look_s=0.05)


async def tap(redis: Redis, sound: Iterable[AudioChunk]) -> None:
    for chunk in sound:
        fields: dict[bytes | bytearray | memoryview[int] | str | int | float, Any] = {
            "pcm": chunk.pcm,
            "at_ms": round(chunk.at_s * 1000),
            "session": chunk.stream,
        }
        await redis.xadd(f"tap:{ROOM}", fields, maxlen=300)


@asynccontextmanager
async def running(worker: ListeningWorker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_sentence_in_the_tap_becomes_text_and_a_pin(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room()})
    counted = REGISTRY.get_sample_value("shopcast_text_lag_seconds_count") or 0
    async with running(worker(redis, rooms)):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8)))
        [pin] = await rooms.wait_for(Pin)
        [segment] = await rooms.wait_for(TranscriptSegment)
        assert REGISTRY.get_sample_value("shopcast_listening_rooms") == 1

    assert REGISTRY.get_sample_value("shopcast_text_lag_seconds_count") == counted + 1
    assert isinstance(pin, Pin)
    assert (pin.product_id, pin.replaces) == ("fryer", ())
    assert pin.evidence.text == SENTENCES[0.5]
    assert isinstance(segment, TranscriptSegment)
    assert (segment.text, segment.stream) == (SENTENCES[0.5], "first")
    assert segment.end_s == pytest.approx(2.0, abs=0.11)


async def test_only_one_of_two_workers_listens_to_a_room(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room()})
    first, second = worker(redis, rooms), worker(redis, rooms)
    async with running(first), running(second):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8), loud(1.5, 0.8), quiet(0.8)))
        await rooms.wait_for(TranscriptSegment, 2)
        assert len(first.rooms) + len(second.rooms) == 1

    assert len(rooms.of(TranscriptSegment)) == 2
    assert await redis.get(f"ai:claim:{ROOM}") is None, "given back when the workers stop"


async def test_the_next_worker_goes_on_where_the_dead_one_stopped(redis: Redis) -> None:
    """A worker that dies leaves its claim to run out; nothing that was not yet text is lost, nothing is told twice."""
    rooms = MemoryRooms({ROOM: live_room()})
    sound: list[Samples] = [quiet(0.5), loud(1.5), quiet(0.8), loud(1.5, 0.8), quiet(0.8)]
    await tap(redis, chunks(*sound))
    await Claims(redis, "dead").take(ROOM)
    await Tap(redis, ROOM).mark(Heard("first", 2.0))

    heir = worker(redis, rooms)
    async with running(heir):
        assert heir.rooms == frozenset()
        assert 0 < await redis.pttl(f"ai:claim:{ROOM}") <= 3_500
        await redis.pexpire(f"ai:claim:{ROOM}", 1)
        [segment] = await rooms.wait_for(TranscriptSegment)

    assert isinstance(segment, TranscriptSegment)
    assert segment.text == SENTENCES[0.8]


async def test_a_worker_that_lost_its_claim_stops_listening(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room()})
    loser = worker(redis, rooms)
    async with running(loser):
        while ROOM not in loser.rooms:
            await asyncio.sleep(0.01)
        await redis.set(f"ai:claim:{ROOM}", "other", ex=30)
        while ROOM in loser.rooms:
            await asyncio.sleep(0.05)

    assert await redis.get(f"ai:claim:{ROOM}") == b"other"


async def test_the_end_of_a_show_finishes_the_sentence_and_the_explanation(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room()})
    async with running(worker(redis, rooms)):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8), loud(1.0, 0.3)))
        await rooms.wait_for(Pin)
        del rooms.rooms[ROOM]
        [explained] = await rooms.wait_for(Explained)

    finals = rooms.of(TranscriptSegment)
    assert [segment.text for segment in finals if isinstance(segment, TranscriptSegment)] == [
        SENTENCES[0.5],
        SENTENCES[0.3],
    ]
    assert isinstance(explained, Explained)
    assert explained.product_id == "fryer"
    assert len(explained.segments) == 2


async def test_what_the_host_took_off_by_hand_does_not_come_back(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room(by_host=("fryer",))})
    async with running(worker(redis, rooms)):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8), loud(1.5, 0.8), quiet(0.8)))
        [pin] = await rooms.wait_for(Pin)

    assert isinstance(pin, Pin)
    assert pin.product_id == "lamp"


async def test_what_is_no_sound_in_the_tap_is_skipped(redis: Redis) -> None:
    rooms = MemoryRooms({ROOM: live_room()})
    await redis.xadd(f"tap:{ROOM}", {"pcm": b"odd", "at_ms": "0", "session": "first"})
    await redis.xadd(f"tap:{ROOM}", {"pcm": b"1234", "at_ms": "soon", "session": "first"})
    await redis.xadd(f"tap:{ROOM}", {"hello": "world"})
    async with running(worker(redis, rooms)):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8)))
        [segment] = await rooms.wait_for(TranscriptSegment)

    assert isinstance(segment, TranscriptSegment)
    assert segment.text == SENTENCES[0.5]


class _Refused(Problem):
    code = "refused"
    status = 409
    title = "Refused"


class _Stubborn(MemoryRooms):
    """Fails once with an error that passes, and once with one that does not."""

    failures: list[Exception]

    async def final(self, room_id: str, segment: TranscriptSegment) -> None:
        if self.failures:
            raise self.failures.pop(0)
        await super().final(room_id, segment)


@pytest.mark.parametrize(
    ("failures", "texts"),
    [
        ([ConnectionError("away")], [SENTENCES[0.5], SENTENCES[0.8]]),
        ([_Refused("no such room")], [SENTENCES[0.8]]),
    ],
)
async def test_final_text_is_handed_on_again_unless_it_is_refused(
    redis: Redis, failures: list[Exception], texts: list[str]
) -> None:
    rooms = _Stubborn({ROOM: live_room()})
    rooms.failures = list(failures)
    async with running(worker(redis, rooms)):
        await tap(redis, chunks(quiet(0.5), loud(1.5), quiet(0.8), loud(1.5, 0.8), quiet(0.8)))
        finals = await rooms.wait_for(TranscriptSegment, len(texts))

    assert [segment.text for segment in finals if isinstance(segment, TranscriptSegment)] == texts
