"""The listening worker: claims live rooms, hears their taps, hands on what was said and decided.

What it needs of the platform are two protocols, `RoomSource` and `RoomSink`; `app.adapters` supplies them.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import Gauge, Histogram
from redis.asyncio import Redis

from ai.cues.decisions import CueDecision
from ai.cues.products import ListedProduct
from ai.listening import Listener, ListeningEvent, RecognitionPool, RoomSettings, stop
from ai.transcription.audio import AudioChunk
from ai.transcription.claims import RENEW_S, Claims
from ai.transcription.recognizer import Recognizer
from ai.transcription.segments import PartialSegment, TranscriptSegment
from ai.transcription.tap import Heard, Tap
from ai.transcription.vad import SileroVoiceActivity, VoiceActivity
from app.core.clock import Clock, SystemClock
from app.core.errors import Problem
from app.core.ids import new_id

logger = logging.getLogger(__name__)

_SILENT_S = 10.0
"""A room whose host has been away for so long is given back."""
_TRIES = 8
_BACKOFF_S = 0.25


CLAIMS = Gauge("shopcast_listening_rooms", "Rooms that are listened to: claims held.")
TEXT_LAG = Histogram(
    "shopcast_text_lag_seconds",
    "From the end of a sentence to its final text in the room.",
    buckets=(0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20),
)


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """What the listener must know of a room; asked again every second."""

    products: tuple[ListedProduct, ...]
    settings: RoomSettings = field(default_factory=RoomSettings)
    pinned: tuple[str, ...] = ()
    """Products on screen now, however they came there."""
    by_host: tuple[str, ...] = ()
    """Products that the host has pinned or taken off by hand in this show: the automat leaves them alone."""


class RoomSource(Protocol):
    """What the platform knows. Any exception is logged, and the question asked again a second later."""

    async def live_rooms(self) -> Collection[str]:
        """Ids of the rooms whose host is publishing now."""
        ...

    async def room(self, room_id: str) -> LiveRoom | None:
        """None: the room is gone, or its show has ended."""
        ...


class RoomSink(Protocol):
    """Where everything goes, one call at a time and in order for each room.

    A `Problem` is logged and the event skipped. After any other exception `final` and `decided` are called again,
    for about ten seconds: they must bear repetition. A segment's id stays the same.
    """

    async def partial(self, room_id: str, segment: PartialSegment) -> None: ...

    async def final(self, room_id: str, segment: TranscriptSegment) -> None: ...

    async def decided(self, room_id: str, decision: CueDecision) -> None: ...


class ListeningWorker:
    """Any number of workers share the rooms. Cancel `run` to stop: claims are given back at once."""

    def __init__(
        self,
        redis: Redis,
        source: RoomSource,
        sink: RoomSink,
        recognizer: Recognizer,
        *,
        capacity: int = 8,
        clock: Clock | None = None,
        voice: Callable[[], VoiceActivity] = SileroVoiceActivity,
        look_s: float = 1.0,
    ) -> None:
        """`redis` must answer bytes. `capacity`: most rooms that this worker takes.

        `look_s`: between two looks for live rooms, and at the products and pins of a room.
        """
        self._recognizer = recognizer
        self._capacity = capacity
        self._platform = _Platform(
            redis, source, sink, Claims(redis, str(new_id())), clock or SystemClock(), voice, look_s
        )
        self._rooms: dict[str, asyncio.Task[None]] = {}
        self._taking: set[str] = set()

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that it listens to now."""
        return frozenset(self._rooms)

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with RecognitionPool(self._recognizer) as pool:
            try:
                while True:
                    try:
                        await self._look(pool)
                    except Exception:
                        logger.exception("looking for live rooms failed")
                    await asyncio.sleep(self._platform.look_s)
            finally:
                await stop(*self._rooms.values())
                # A room whose task never began to run, or whose claim was just being taken, is given back as well.
                for room_id in {*self._rooms, *self._taking}:
                    await self._platform.claims.release(room_id)

    async def _look(self, pool: RecognitionPool) -> None:
        for room_id, task in list(self._rooms.items()):
            if task.done():
                del self._rooms[room_id]
                if not task.cancelled() and (error := task.exception()) is not None:
                    logger.error("listening to room %s failed", room_id, exc_info=error)
        CLAIMS.set(len(self._rooms))
        for room_id in await self._platform.source.live_rooms():
            if len(self._rooms) >= self._capacity:
                return
            if room_id in self._rooms:
                continue
            self._taking = {room_id}
            if await self._platform.claims.take(room_id):
                room = _ClaimedRoom(self._platform, pool, room_id)
                self._rooms[room_id] = asyncio.create_task(room.run(), name=f"listen {room_id}")
                CLAIMS.set(len(self._rooms))


@dataclass(frozen=True)
class _Platform:
    redis: Redis
    source: RoomSource
    sink: RoomSink
    claims: Claims
    clock: Clock
    voice: Callable[[], VoiceActivity]
    look_s: float


class _ClaimLost(Exception):
    """Another worker listens to the room now."""


class _ClaimedRoom:
    """One room: renews the claim, follows the room's changes, delivers what is heard."""

    def __init__(self, platform: _Platform, pool: RecognitionPool, room_id: str) -> None:
        self._platform = platform
        self._pool = pool
        self._room_id = room_id
        self._tap = Tap(platform.redis, room_id)
        self._over = asyncio.Event()
        self._heard_sound_s = platform.clock.monotonic()
        self._began: tuple[str, float] | None = None
        """The host's publishing that is heard, and the moment at which its media time was zero."""
        self._out: deque[ListeningEvent] = deque()
        self._deliverable = asyncio.Event()
        self._finished = False
        self._deciding = 0
        """Decisions made so far: a picture of the room from before one of them is out of date."""

    async def run(self) -> None:
        """Ends when the room does, or when another worker has it. A failure leaves the claim to run out."""
        try:
            await self._run()
        except _ClaimLost:
            return
        except asyncio.CancelledError:
            await self._platform.claims.release(self._room_id)
            raise
        await self._platform.claims.release(self._room_id)

    async def _run(self) -> None:
        room = await self._platform.source.room(self._room_id)
        if room is None:
            return
        platform = self._platform
        listener = Listener(self._pool, room.products, room.settings, platform.clock, platform.voice)
        listener.room.sync(room.products, room.pinned, room.by_host, platform.clock.monotonic())
        delivery = asyncio.create_task(self._deliver())
        hearing = asyncio.create_task(self._hear(listener))
        helpers = [asyncio.create_task(self._renew()), asyncio.create_task(self._follow(listener))]
        try:
            await asyncio.wait([hearing, delivery, *helpers], return_when=asyncio.FIRST_EXCEPTION)
            for task in (hearing, delivery, *helpers):
                if task.done():
                    task.result()
        finally:
            await stop(hearing, delivery, *helpers)

    async def _hear(self, listener: Listener) -> None:
        async def sound() -> AsyncIterator[AudioChunk]:
            async for chunk in self._tap.chunks(self._over):
                self._heard_sound_s = self._platform.clock.monotonic()
                self._began = chunk.stream, self._heard_sound_s - chunk.end_s
                yield chunk

        async with contextlib.aclosing(listener.run(sound())) as events:
            async for event in events:
                self._put(event)
        self._finished = True
        self._deliverable.set()

    def _put(self, event: ListeningEvent) -> None:
        """Partial text that was not delivered yet gives way to newer text; nothing else is ever dropped."""
        if isinstance(event, PartialSegment):
            self._out = deque(e for e in self._out if not isinstance(e, PartialSegment))
        elif not isinstance(event, TranscriptSegment):
            self._deciding += 1
        self._out.append(event)
        self._deliverable.set()

    async def _deliver(self) -> None:
        while self._out or not self._finished:
            if not self._out:
                self._deliverable.clear()
                await self._deliverable.wait()
                continue
            event = self._out[0]
            await self._try(event)
            if self._out and self._out[0] is event:
                self._out.popleft()

    async def _try(self, event: ListeningEvent) -> None:
        for attempt in range(_TRIES):
            try:
                return await self._hand_on(event)
            except Problem as problem:
                logger.warning("room %s refuses %s: %s", self._room_id, type(event).__name__, problem)
                return None
            except Exception:
                logger.exception("room %s: handing on %s failed", self._room_id, type(event).__name__)
            if isinstance(event, PartialSegment):
                return None
            await asyncio.sleep(min(2.0, _BACKOFF_S * 2**attempt))
        return None

    async def _hand_on(self, event: ListeningEvent) -> None:
        sink = self._platform.sink
        if isinstance(event, PartialSegment):
            await sink.partial(self._room_id, event)
        elif isinstance(event, TranscriptSegment):
            await sink.final(self._room_id, event)
            if self._began is not None and self._began[0] == event.stream:
                TEXT_LAG.observe(max(0.0, self._platform.clock.monotonic() - self._began[1] - event.end_s))
            await self._tap.mark(Heard(event.stream, event.end_s))
        else:
            await sink.decided(self._room_id, event)

    async def _renew(self) -> None:
        while not self._finished or self._out:
            if not await self._platform.claims.renew(self._room_id):
                raise _ClaimLost
            await asyncio.sleep(RENEW_S)

    async def _follow(self, listener: Listener) -> None:
        """Takes over what changes in the room, until it is over or its host has been silent for long."""
        while True:
            await asyncio.sleep(self._platform.look_s)
            deciding = self._deciding
            now_s = self._platform.clock.monotonic()
            found = await self._platform.source.room(self._room_id)
            if found is None or now_s - self._heard_sound_s > _SILENT_S:
                self._over.set()
                return
            if deciding == self._deciding and not any(not isinstance(e, PartialSegment) for e in self._out):
                listener.room.sync(found.products, found.pinned, found.by_host, now_s, found.settings.pins)
