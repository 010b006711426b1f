"""The media role as an ASGI application; everything that it needs is passed in."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from app.core.bus import Bus
from media.admitted import Admitted, Forbids
from media.cluster.membership import Membership
from media.cluster.placement import NodeRef, Placement
from media.cluster.routing import RoomRouting
from media.config import HlsConfig, MediaConfig, RecordingConfig
from media.control import ControlWatcher
from media.engines.base import AlreadyPublishing, EngineListener, MediaEngine, MediaSink, SinkFactory
from media.engines.embedded.engine import EmbeddedEngine
from media.engines.embedded.local import LocalPublisher
from media.engines.janus.engine import JanusConfig, JanusEngine
from media.frames import FrameSampler
from media.heartbeat import Heartbeat
from media.hls import captions
from media.hls.captions import captions_router
from media.hls.endpoints import hls_router
from media.hls.sink import HlsSink, HlsStreams
from media.ports import StreamEvents, TokenVerifier
from media.problems import answer_problems
from media.recording.clips import ClipMaker
from media.recording.endpoints import recording_router
from media.recording.library import Library
from media.recording.recorder import Recorder
from media.recording.retention import Sweeper
from media.renditions.ladder import Rung
from media.renditions.sink import OnRendition, RenditionSink
from media.rtmp.server import RtmpServer
from media.tap import AudioTap
from media.whep import whep_router
from media.whip import whip_router

logger = logging.getLogger(__name__)

_EVENT_TRIES = 5
_FORWARD_TIMEOUT_S = 30.0


class _Events:
    """An engine's listener that tells `StreamEvents` in order from one task."""

    def __init__(self, events: StreamEvents) -> None:
        self._events = events
        self._queue: asyncio.Queue[tuple[bool, str, str]] = asyncio.Queue()
        self.heartbeat: Heartbeat | None = None

    def publish_started(self, room_id: str, session_id: str) -> None:
        self._queue.put_nowait((True, room_id, session_id))
        if self.heartbeat is not None:
            self.heartbeat.wake.set()

    def publish_ended(self, room_id: str, session_id: str) -> None:
        self._queue.put_nowait((False, room_id, session_id))

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            event = await self._queue.get()
            try:
                await self._deliver(*event)
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Wait until everything so far is delivered."""
        await self._queue.join()

    async def _deliver(self, started: bool, room_id: str, session_id: str) -> None:
        for attempt in range(_EVENT_TRIES):
            try:
                if started:
                    await self._events.on_publish_started(room_id, session_id)
                else:
                    if self.heartbeat is not None:
                        await self.heartbeat.ended(room_id)
                    await self._events.on_publish_ended(room_id, session_id)
            except Exception:
                logger.exception("stream event of room %s, attempt %d", room_id, attempt + 1)
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return


def create_app(
    config: MediaConfig,
    *,
    tokens: TokenVerifier,
    redis: Redis,
    events: StreamEvents,
    recording: RecordingConfig | None = None,
    forbids: Forbids | None = None,
) -> FastAPI:
    """The application for `shopcast media`: WHIP, WHEP, HLS, replays, `/healthz`.

    Its lifespan owns the engine; `app.state` has `engine`, `streams` (HLS) and `rtmp` (the listener).
    `redis` stays the caller's to close. Without `recording` nothing is written to disk.
    `forbids` is asked every two seconds about everybody who publishes or watches: who is excluded is cut off.
    """
    listener = _Events(events)
    hls = config.hls
    streams = _streams(hls, recording)
    sinks = _sinks(config, redis, streams)
    engine = _engine(config, listener, sinks)
    if config.renditions:
        sinks.append(_renditions(config, streams, engine.on_rendition))
    placement = Placement(redis, NodeRef(config.node, config.node_url)) if config.node_url else None
    watcher = ControlWatcher(engine, redis)
    admitted = Admitted(engine)

    async def ingest(room_id: str, profile: str | None, on_close: Callable[[], None]) -> LocalPublisher:
        assert isinstance(engine, EmbeddedEngine)  # _engine has refused RTMP for any other
        await watcher.apply(room_id)
        if placement is not None and await redis.exists(f"stream:{room_id}"):
            raise AlreadyPublishing
        if placement is not None and not await placement.take(room_id):
            raise AlreadyPublishing("This media node takes no new rooms: it is drained.")
        return engine.ingest(room_id, profile, on_close)

    rtmp = RtmpServer(tokens, ingest)
    heartbeat = listener.heartbeat = Heartbeat(engine, redis, config.node)
    owned: list[Callable[[], Coroutine[Any, Any, None]]] = [heartbeat.run, listener.run, watcher.run]
    if forbids is not None:
        owned.append(partial(admitted.watch, forbids))
    http = httpx.AsyncClient(timeout=_FORWARD_TIMEOUT_S, trust_env=False)
    if placement is not None:
        owned.append(Membership(placement, engine, max_viewers=config.engine.max_viewers).run)
    library = Library(recording.root) if recording is not None else None
    if recording is not None and library is not None:
        clips = ClipMaker(library, recording.windows, recording.events, margins=recording.margins)
        owned += [clips.run, Sweeper(library, recording.retention, streams).run]

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        if config.rtmp is not None:
            await rtmp.start(*config.rtmp)
        tasks = [asyncio.create_task(run()) for run in owned]
        try:
            yield
        finally:
            await rtmp.close()
            await engine.close()
            await streams.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(listener.drain(), 5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await http.aclose()

    app = FastAPI(title="Shopcast media", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.state.streams = streams
    app.state.rtmp = rtmp
    app.include_router(
        whip_router(engine, tokens, admitted, config.ice_servers, before_publish=watcher.apply)
    )
    app.include_router(whep_router(engine, tokens, admitted, config.ice_servers))
    if hls is not None:
        app.include_router(captions_router(streams, Bus(redis), hls.timing.target_s))
        app.include_router(
            hls_router(
                streams,
                hls.timing,
                hls.bandwidth_bps,
                config.renditions,
                alternatives=[captions.ALTERNATIVE],
                groups=captions.GROUPS,
            )
        )
    if recording is not None and library is not None:
        app.include_router(recording_router(library, recording.windows, tokens))

    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        rooms = engine.rooms()
        return {"status": "ok", "rooms": len(rooms), "viewers": sum(r.viewers for r in rooms)}

    answer_problems(app)
    if placement is not None:
        app.add_middleware(RoomRouting, placement=placement, http=http)
    return app


def _engine(config: MediaConfig, listener: EngineListener, sinks: list[SinkFactory]) -> MediaEngine:
    if isinstance(config.engine, JanusConfig):
        if config.rtmp is not None:
            raise ValueError("RTMP needs the embedded engine: Janus takes WHIP alone")
        return JanusEngine(config.engine, listener, sinks)
    return EmbeddedEngine(config.engine, listener, sinks)


def _sinks(config: MediaConfig, redis: Redis, streams: HlsStreams) -> list[SinkFactory]:
    """What is made of every publisher's media beside passing it on."""

    def tap(room_id: str, session_id: str) -> MediaSink:
        return AudioTap(redis, room_id, session_id)

    def frames(room_id: str, session_id: str) -> MediaSink:
        assert config.frame_interval_s is not None
        return FrameSampler(redis, room_id, session_id, interval_s=config.frame_interval_s)

    def segments(room_id: str, session_id: str) -> MediaSink:
        assert config.hls is not None
        return streams.sink(room_id, config.hls.cutting)

    sinks: list[SinkFactory] = [tap]
    if config.frame_interval_s is not None:
        sinks.append(frames)
    if config.hls is not None:
        sinks.append(segments)
    return sinks


def _renditions(config: MediaConfig, streams: HlsStreams, on_rendition: OnRendition) -> SinkFactory:
    """Smaller pictures of every publisher's, for HLS and for viewers of the engine."""
    hls = config.hls

    def renditions(room_id: str, session_id: str) -> MediaSink:
        def open_hls(rung: Rung) -> HlsSink | None:
            return streams.rendition_sink(room_id, rung.name, hls.cutting) if hls is not None else None

        return RenditionSink(room_id, config.renditions, open_hls, on_rendition)

    return renditions


def _streams(hls: HlsConfig | None, recording: RecordingConfig | None) -> HlsStreams:
    """The HLS streams, recorded where that is configured; without HLS there will be none."""
    if hls is None:
        return HlsStreams()
    if recording is None:
        return HlsStreams(hls.limits, hls.linger_s)
    root, told = recording.root, recording.events
    return HlsStreams(hls.limits, hls.linger_s, lambda room_id: Recorder(root, room_id, told))
