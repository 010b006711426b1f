"""A room's sound in, what viewers and the host should see out.

`RoomListener` is one room's whole chain without a task or a clock; `Listener` runs it on live sound, with the
recognition done by a `RecognitionPool` that several rooms share.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from prometheus_client import Gauge, Histogram

from ai.cues.captions import with_catalogue_spelling
from ai.cues.decisions import CueDecision
from ai.cues.engine import CueEngine
from ai.cues.products import ListedProduct
from ai.cues.screen import PinSettings
from ai.transcription.audio import AudioChunk
from ai.transcription.recognizer import Hypothesis, Recognizer, Vocabulary
from ai.transcription.schedule import Schedule
from ai.transcription.segments import Segment
from ai.transcription.stream import RecognitionJob, StreamSettings, TranscriptionStream
from ai.transcription.vad import SileroVoiceActivity, VoiceActivity
from app.core.clock import Clock, SystemClock

ListeningEvent = Segment | CueDecision
"""PartialSegment, TranscriptSegment, or one of `ai.cues.decisions`."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """What differs from room to room."""

    stream: StreamSettings = field(default_factory=StreamSettings)
    pins: PinSettings = field(default_factory=PinSettings)


class RoomListener:
    """One room. All times `now_s` are seconds of one monotonic clock, or of a simulated one."""

    def __init__(
        self,
        products: Sequence[ListedProduct],
        settings: RoomSettings | None = None,
        voice: Callable[[], VoiceActivity] = SileroVoiceActivity,
    ) -> None:
        settings = settings or RoomSettings()
        self.cues = CueEngine(products, settings.pins)
        self.stream = TranscriptionStream(voice, settings.stream, self.vocabulary)
        self._known: tuple[tuple[str, ...], Vocabulary] | None = None

    def sync(
        self,
        products: Sequence[ListedProduct],
        pinned: Sequence[str],
        by_host: Sequence[str],
        now_s: float,
        pins: PinSettings | None = None,
    ) -> None:
        """What the room is now: its queue, what it shows, and what the host pinned or took off by hand."""
        if tuple(products) != self.cues.products:
            self.cues.update_products(products)
            self._known = None
        if pins is not None:
            self.cues.screen.settings = pins
        self.cues.screen.sync(pinned, by_host, now_s)

    def feed(self, chunk: AudioChunk, now_s: float) -> list[ListeningEvent]:
        """The next piece of sound. Raises ValueError for half a sample."""
        return self._observe(self.stream.feed(chunk), now_s)

    def tick(self, now_s: float) -> list[ListeningEvent]:
        """Time has passed without sound."""
        return list(self.cues.tick(now_s))

    def flush(self, now_s: float) -> list[ListeningEvent]:
        """The sound has stopped."""
        return self._observe(self.stream.flush(), now_s)

    def finish(self) -> list[ListeningEvent]:
        """The show is over."""
        return list(self.cues.finish())

    def accept(self, job: RecognitionJob, hypothesis: Hypothesis, now_s: float) -> list[ListeningEvent]:
        """The answer to a job of `stream.due()`."""
        return self._observe(self.stream.accept(job, hypothesis), now_s)

    def _observe(self, segments: Sequence[Segment], now_s: float) -> list[ListeningEvent]:
        events: list[ListeningEvent] = []
        for segment in segments:
            text = with_catalogue_spelling(segment.text, self.cues.names_in(segment.text))
            events.append(replace(segment, text=text))
            events += self.cues.observe(segment, now_s)
            self.stream.urgent = self.cues.undecided
        events += self.cues.tick(now_s)
        return events

    def vocabulary(self) -> Vocabulary:
        """The queue from the product on screen on: hotwords hold no whole catalogue."""
        shown = self.cues.screen.pinned[-1:]
        if self._known is None or self._known[0] != shown:
            products = sorted(self.cues.products, key=lambda product: product.position or 0)
            first = next((n for n, product in enumerate(products) if product.id in shown), 0)
            products = products[first:] + products[:first]
            chinese = tuple(product.name for product in products)
            english = tuple(product.name_en for product in products if product.name_en)
            self._known = (shown, Vocabulary(chinese, english))
        return self._known[1]


WAITING = Gauge("shopcast_recognizer_waiting", "Utterances that wait for the recognizer.")
RECOGNITION = Histogram(
    "shopcast_recognition_seconds",
    "One recognition, by effort.",
    ["effort"],
    buckets=(0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5),
)


class RecognitionPool:
    """One recognizer for many rooms: final text first, then partial text, the longest-waiting room first.

    `async with RecognitionPool(recognizer) as pool`. Recognition runs in threads of its own; leaving the
    context waits for the recognition that is running, a fraction of a second.
    """

    def __init__(self, recognizer: Recognizer, workers: int = 1) -> None:
        self._recognizer = recognizer
        self._workers = workers
        self._schedule = Schedule[_Room]()
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="recognition")
        self._tasks = [asyncio.create_task(self._run()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop(*self._tasks)
        self._threads.shutdown(wait=True)

    def join(self, room: "_Room") -> None:
        self._schedule.join(room)

    def leave(self, room: "_Room") -> None:
        self._schedule.leave(room)

    def notify(self) -> None:
        """Some room has new sound or a free turn."""
        self._work.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._work.clear()
            picked = self._schedule.next()
            WAITING.set(self._schedule.waiting)
            if picked is None:
                await self._work.wait()
                continue
            room, job = picked
            began_s = loop.time()
            try:
                hypothesis = await loop.run_in_executor(
                    self._threads,
                    self._recognizer.recognize,
                    job.samples,
                    job.vocabulary,
                    job.effort,
                    job.language,
                    job.expected_language,
                )
            except Exception as error:
                room.fail(job, error)
            else:
                RECOGNITION.labels(job.effort).observe(loop.time() - began_s)
                room.answer(job, hypothesis)


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancels and awaits; again, where a call that is cancelled in the moment of its answer forgets it."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_STOP_AGAIN_S)


class _Room:
    """A listener as the pool sees it."""

    def __init__(self, chain: RoomListener, clock: Clock) -> None:
        self.chain = chain
        self.clock = clock
        self.events: asyncio.Queue[ListeningEvent | Exception | None] = asyncio.Queue()
        self.idle = asyncio.Event()

    @property
    def stream(self) -> TranscriptionStream:
        return self.chain.stream

    def answer(self, job: RecognitionJob, hypothesis: Hypothesis) -> None:
        self.put(self.chain.accept(job, hypothesis, self.clock.monotonic()))

    def fail(self, job: RecognitionJob, error: Exception) -> None:
        self.stream.abandon(job)
        self.events.put_nowait(error)

    def put(self, events: Sequence[ListeningEvent]) -> None:
        for event in events:
            self.events.put_nowait(event)
        self.idle.set()


_BOUNDED = 4096
_STOP_AGAIN_S = 0.2


class Listener:
    """One live room on a shared pool."""

    def __init__(
        self,
        pool: RecognitionPool,
        products: Sequence[ListedProduct],
        settings: RoomSettings | None = None,
        clock: Clock | None = None,
        voice: Callable[[], VoiceActivity] = SileroVoiceActivity,
        stall_s: float = 1.0,
    ) -> None:
        """`stall_s`: when no sound comes for so long, what was being said is taken as finished."""
        self._pool = pool
        self._clock = clock or SystemClock()
        self._stall_s = stall_s
        self.room = RoomListener(products, settings, voice)

    async def run(self, audio: AsyncIterator[AudioChunk]) -> AsyncGenerator[ListeningEvent, None]:
        """Yields while `audio` lasts, and what its last words bring. Closing the iterator stops everything.

        No more than `StreamSettings.backlog` finished utterances wait: then no more sound is taken until one
        is done. Raises what the recognizer raises.
        """
        room = _Room(self.room, self._clock)
        self._pool.join(room)
        reader = asyncio.create_task(self._read(audio, room))
        try:
            while (event := await room.events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self._pool.leave(room)
            await stop(reader)

    async def _read(self, audio: AsyncIterator[AudioChunk], room: _Room) -> None:
        try:
            async for chunk in self._with_stalls(audio, room):
                room.put(self.room.feed(chunk, self._clock.monotonic()))
                self._pool.notify()
                while self.room.stream.saturated or room.events.qsize() > _BOUNDED:
                    room.idle.clear()
                    await room.idle.wait()
            room.put(self.room.flush(self._clock.monotonic()))
            while self.room.stream.busy:
                room.idle.clear()
                self._pool.notify()
                await room.idle.wait()
            room.put(self.room.finish())
        except Exception as error:
            room.events.put_nowait(error)
        else:
            room.events.put_nowait(None)

    async def _with_stalls(self, audio: AsyncIterator[AudioChunk], room: _Room) -> AsyncIterator[AudioChunk]:
        """Passes sound on; while none comes, finishes the utterance and lets time go on for the pins."""
        pending: asyncio.Future[AudioChunk] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(audio))
                done, _ = await asyncio.wait({pending}, timeout=self._stall_s)
                if not done:
                    room.put(self.room.flush(self._clock.monotonic()))
                    self._pool.notify()
                    continue
                try:
                    chunk = pending.result()
                except StopAsyncIteration:
                    return
                finally:
                    pending = None
                yield chunk
        finally:
            if pending is not None:
                pending.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                    await pending
