"""The media role as an ASGI application; everything that it needs is passed in."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from starlette.exceptions import HTTPException

from app.core.errors import Invalid, Problem
from media.engines.base import MediaSink, SinkFactory, StreamOffline
from media.engines.embedded.engine import EmbeddedConfig, EmbeddedEngine
from media.frames import FrameSampler
from media.heartbeat import Heartbeat
from media.hls.endpoints import hls_router
from media.hls.live import Limits
from media.hls.playlist import Timing
from media.hls.segmenter import Cutting
from media.hls.sink import HlsStreams
from media.ports import StreamEvents, TokenVerifier
from media.recording.clips import ClipMaker, ClipMargins
from media.recording.endpoints import recording_router
from media.recording.library import Library
from media.recording.ports import ExplanationWindows, RecordingEvents, Retention
from media.recording.recorder import Recorder
from media.recording.retention import Sweeper
from media.rtmp.server import RtmpServer
from media.signalling import IceServer
from media.tap import AudioTap
from media.whep import whep_router
from media.whip import whip_router

logger = logging.getLogger(__name__)

_EVENT_TRIES = 5
_RETRY_AFTER_S = {409: "1", 503: "5"}


@dataclass(frozen=True, slots=True)
class HlsConfig:
    """How HLS is cut and kept. `bandwidth_bps` is what the entry playlist promises."""

    cutting: Cutting = field(default_factory=Cutting)
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    linger_s: float = 60.0
    bandwidth_bps: int = 3_000_000


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """The role's settings. `ice_servers` is empty by default: clients reach the node directly.

    `rtmp` is the (host, port) of the RTMP listener, None for none. `hls` None switches HLS off;
    `frame_interval_s` None the frames for screening.
    """

    engine: EmbeddedConfig = field(default_factory=EmbeddedConfig)
    ice_servers: Sequence[IceServer] = ()
    hls: HlsConfig | None = field(default_factory=HlsConfig)
    frame_interval_s: float | None = 3.0
    rtmp: tuple[str, int] | None = None
    node: str = field(default_factory=socket.gethostname)


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


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """Where streams are recorded, and what recording asks of and tells the outside.

    Needs HLS: a recording is what HLS was cut into.
    """

    root: Path
    windows: ExplanationWindows
    events: RecordingEvents
    retention: Retention
    margins: ClipMargins = field(default_factory=ClipMargins)


def create_app(
    config: MediaConfig,
    *,
    tokens: TokenVerifier,
    redis: Redis,
    events: StreamEvents,
    recording: RecordingConfig | None = None,
) -> FastAPI:
    """The application for `shopcast media`: WHIP, WHEP, HLS, replays, `/healthz`.

    Its lifespan owns the engine; `app.state.engine` is the running one, `app.state.rtmp` the listener. `redis` stays the caller's
    to close. Without `recording` nothing is written to disk.
    """
    listener = _Events(events)
    hls = config.hls
    streams = _streams(hls, recording)

    def sink(room_id: str, session_id: str) -> MediaSink:
        return AudioTap(redis, room_id, session_id)

    sinks: list[SinkFactory] = [sink]
    interval_s = config.frame_interval_s
    if interval_s is not None:
        sinks.append(
            lambda room_id, session_id: FrameSampler(redis, room_id, session_id, interval_s=interval_s)
        )
    if hls is not None:
        sinks.append(lambda room_id, _: streams.sink(room_id, hls.cutting))
    engine = EmbeddedEngine(config.engine, listener, sinks)
    rtmp = RtmpServer(tokens, engine.ingest)
    heartbeat = listener.heartbeat = Heartbeat(engine, redis, config.node)
    owned = [heartbeat.run, listener.run]
    library = Library(recording.root) if recording is not None else None
    if recording is not None and library is not None:
        clips = ClipMaker(library, recording.windows, recording.events, streams, margins=recording.margins)
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

    app = FastAPI(title="Shopcast media", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.state.rtmp = rtmp
    app.include_router(whip_router(engine, tokens, config.ice_servers))
    app.include_router(whep_router(engine, tokens, config.ice_servers))
    if hls is not None:
        app.include_router(hls_router(streams, hls.timing, hls.bandwidth_bps))
    if recording is not None and library is not None:
        app.include_router(recording_router(library, recording.windows, tokens))

    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        rooms = engine.rooms()
        return {"status": "ok", "rooms": len(rooms), "viewers": sum(r.viewers for r in rooms)}

    _answer_problems(app)
    return app


def _streams(hls: HlsConfig | None, recording: RecordingConfig | None) -> HlsStreams:
    """The HLS streams, recorded where that is configured; without HLS there will be none."""
    if hls is None:
        return HlsStreams()
    if recording is None:
        return HlsStreams(hls.limits, hls.linger_s)
    root, told = recording.root, recording.events
    return HlsStreams(hls.limits, hls.linger_s, lambda room_id: Recorder(root, room_id, told))


def _answer_problems(app: FastAPI) -> None:
    """Problem+json for every error, and open to browsers of other origins."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "Range"],
        expose_headers=["Location", "ETag", "Link", "Accept-Patch", "Retry-After", "Content-Range"],
        max_age=600,
    )


def _answer(problem: Problem) -> JSONResponse:
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, StreamOffline) or problem.status in _RETRY_AFTER_S:
        headers["Retry-After"] = _RETRY_AFTER_S[problem.status]
    return JSONResponse(problem.document(), problem.status, headers, media_type="application/problem+json")


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return _answer(error)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "code": "method_not_allowed" if error.status_code == 405 else "http_error",
    }
    headers = dict(error.headers or {})
    return JSONResponse(body, error.status_code, headers, media_type="application/problem+json")


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    return _answer(Invalid())


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return _answer(Problem())
