"""The Janus engine: WHIP becomes a VideoRoom publisher, WHEP a viewer of a Streaming mountpoint."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from media.engines.base import (
    AlreadyPublishing,
    Answer,
    EngineListener,
    MediaSink,
    NodeFull,
    PublishingStopped,
    RoomState,
    SessionNotFound,
    SinkFactory,
    StreamOffline,
    StreamOrder,
    VideoFrame,
)
from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.negotiation import Codec, Offer, credentials_of_fragment, parse_offer
from media.engines.embedded.publisher import RoomPublisher
from media.engines.embedded.room import Room as Sinks
from media.engines.embedded.wiring import RoomOutput
from media.engines.janus import room as janus
from media.engines.janus import sdp
from media.engines.janus.api import JanusApi, JanusRefused, JanusUnavailable
from media.engines.janus.room import Host, JanusRoom, Mountpoint
from media.engines.janus.tap import Tap

logger = logging.getLogger(__name__)

_TICK_S = 0.05


@dataclass(frozen=True, slots=True)
class JanusConfig:
    """Where Janus answers (`url` of its HTTP API), and where it sends the tap (`tap_host`, ours)."""

    url: str = "http://127.0.0.1:8088/janus"
    api_secret: str | None = None
    tap_host: str = "127.0.0.1"
    max_viewers: int = 2_000
    max_host_bitrate_bps: int = 4_000_000


class JanusEngine:
    """`MediaEngine` on a Janus that runs beside. `start` and `close` own the session with it."""

    name: ClassVar[str] = "janus"

    def __init__(
        self, config: JanusConfig, listener: EngineListener, sink_factories: Sequence[SinkFactory] = ()
    ) -> None:
        self._config = config
        self._listener = listener
        self._sink_factories = sink_factories
        self._api = JanusApi(config.url, secret=config.api_secret, on_lost=self._on_lost)
        self._controls: dict[str, int] = {}
        self._rooms: dict[str, JanusRoom] = {}
        self._sessions: dict[str, tuple[str, str]] = {}
        self._orders: dict[str, StreamOrder] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin a session with Janus; where it is not there yet, keep trying."""
        await self._api.open()
        self._ticker = asyncio.create_task(self._tick(), name="janus-engine-tick")

    async def close(self) -> None:
        """End every session, close every sink."""
        for room in list(self._rooms.values()):
            await self.evict(room.room_id)
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    async def publish(self, room_id: str, offer: str) -> Answer:
        """Open a publisher's session in the room's VideoRoom."""
        parsed = parse_offer(offer, role="publisher")
        order = self._orders.get(room_id, StreamOrder())
        if order.stopped:
            raise PublishingStopped(order.reason)
        async with self._lock(room_id):
            room = self._rooms.get(room_id) or await self._open_room(room_id)
            if room.sinks.is_fresh(time.monotonic()):
                raise AlreadyPublishing("End the other session, or wait 2 s after its last packet.")
            if room.host is not None:
                await self._end_host(room, room.host)
            return await self._begin_host(room, parsed, offer)

    async def subscribe(self, room_id: str, offer: str) -> Answer:
        """Open a viewer's session on the mountpoint of its payload types."""
        room = self._rooms.get(room_id)
        publisher = room.sinks.publisher if room is not None else None
        parsed = parse_offer(offer, role="viewer", profile=publisher.profile if publisher else None)
        if room is None or not room.sinks.live:
            raise StreamOffline("Nobody publishes to this room now.")
        if len(self._sessions) >= self._config.max_viewers:
            raise NodeFull("Watch by HLS instead.")
        async with self._lock(room_id):
            mountpoint = await self._mountpoint(room, parsed)
        session_id = secrets.token_urlsafe(16)
        handle = await self._api.attach("streaming", lambda e: self._on_viewer_event(room, session_id, e))
        room.viewers[session_id] = handle, mountpoint
        mountpoint.viewers += 1
        self._sessions[session_id] = "whep", room_id
        try:
            event = await self._api.message(handle, {"request": "watch", "id": mountpoint.number})
            janus_offer = event.sdp or ""
            reply = sdp.janus_answer(parsed, sdp.ice_password(offer), janus_offer, sdp.candidates_of(offer))
            await self._api.message(handle, {"request": "start"}, {"type": "answer", "sdp": reply})
            return Answer(session_id, sdp.viewer_answer(parsed, janus_offer, room_id))
        except BaseException:
            await self._end_viewer(room, session_id)
            raise

    async def trickle(self, session_id: str, fragment: str) -> str | None:
        """Janus learns candidates from checks; an ICE restart needs a new session."""
        self._session(session_id)
        if credentials_of_fragment(fragment) is not None:
            raise SessionNotFound("Open a new session instead of restarting ICE.")
        return None

    def ice_tag(self, session_id: str) -> str:
        """One generation a session."""
        self._session(session_id)
        return session_id[:8]

    def session_room(self, session_id: str) -> tuple[str, str] | None:
        """Which kind of session it is, and of which room."""
        return self._sessions.get(session_id)

    async def hang_up(self, session_id: str) -> None:
        """End a session."""
        kind, room_id = self._session(session_id)
        room = self._rooms[room_id]
        if kind == "whep":
            await self._end_viewer(room, session_id)
        elif room.host is not None and room.host.session_id == session_id:
            await self._end_host(room, room.host)

    async def evict(self, room_id: str) -> None:
        """End all of a room's sessions and take it off Janus."""
        room = self._rooms.get(room_id)
        if room is None:
            return
        for session_id in list(room.viewers):
            await self._end_viewer(room, session_id)
        if room.host is not None:
            await self._end_host(room, room.host)

    def obey(self, room_id: str, order: StreamOrder) -> None:
        """Mute by forwarding no sound, stop by ending the publisher."""
        before = self._orders.get(room_id, StreamOrder())
        if order == before:
            return
        if order.stopped or order.muted:
            self._orders[room_id] = order
        else:
            self._orders.pop(room_id, None)
        room = self._rooms.get(room_id)
        if room is None:
            return
        room.sinks.muted = order.muted
        if room.host is None:
            return
        if order.stopped:
            logger.warning("room %s is stopped: %s", room_id, order.reason)
            self._spawn(self._end_host(room, room.host))
        elif order.muted != before.muted:
            self._spawn(self._mute(room, room.host, muted=order.muted))

    def on_rendition(self, room_id: str, rendition: int, frame: VideoFrame) -> None:
        """Janus's viewers get the source; renditions are for HLS alone."""

    def rooms(self) -> Sequence[RoomState]:
        """All rooms that have a publisher or viewers."""
        return [self._state(room) for room in self._rooms.values()]

    def room(self, room_id: str) -> RoomState | None:
        """One room, None where it is unknown here."""
        room = self._rooms.get(room_id)
        return self._state(room) if room is not None else None

    def _state(self, room: JanusRoom) -> RoomState:
        state = room.sinks.state(time.monotonic())
        return RoomState(
            room_id=room.room_id,
            publisher=state.publisher,
            viewers=len(room.connected),
            muted=self._orders.get(room.room_id, StreamOrder()).muted,
            viewer_session_ids=tuple(room.viewers),
        )

    def _session(self, session_id: str) -> tuple[str, str]:
        found = self._sessions.get(session_id)
        if found is None:
            raise SessionNotFound
        return found

    def _lock(self, room_id: str) -> asyncio.Lock:
        return self._locks.setdefault(room_id, asyncio.Lock())

    async def _control(self, plugin: str) -> int:
        """A handle for requests that concern no peer."""
        if plugin not in self._controls:
            self._controls[plugin] = await self._api.attach(plugin, lambda event: None)
        return self._controls[plugin]

    async def _open_room(self, room_id: str) -> JanusRoom:
        sinks = Sinks(
            room_id,
            listener=self._listener,
            sink_factories=self._sink_factories,
            keyframes=KeyFrameRequests(),
        )
        sinks.muted = self._orders.get(room_id, StreamOrder()).muted
        room = JanusRoom(room_id, sinks, janus.room_number(room_id))
        control = await self._control("videoroom")
        await janus.create_videoroom(self._api, control, room, self._config.max_host_bitrate_bps)
        self._rooms[room_id] = room
        return room

    async def _begin_host(self, room: JanusRoom, parsed: Offer, offer: str) -> Answer:
        session_id = secrets.token_urlsafe(16)
        handle = await self._api.attach("videoroom", lambda e: self._on_host_event(room, session_id, e))
        try:
            joined = await self._api.message(
                handle,
                {"request": "joinandconfigure", "room": room.number, "ptype": "publisher"},
                {"type": "offer", "sdp": sdp.with_one_fingerprint(offer)},
            )
            answer = joined.sdp or ""
            tap = self._tap(room, session_id, parsed, handle)
            host = Host(session_id, handle, int(joined.data["id"]), sdp.mids_of(answer), tap)
            room.host = host
            self._sessions[session_id] = "whip", room.room_id
            self._close_sinks(room.sinks.begin(tap.publisher))
            control = await self._control("videoroom")
            await janus.forward_to_tap(self._api, control, room, host, self._config.tap_host)
            for mountpoint in room.mountpoints.values():
                await janus.forward_to_mountpoint(
                    self._api, control, room, host, mountpoint, self._heard(room)
                )
        except BaseException:
            if room.host is not None and room.host.session_id == session_id:
                await self._end_host(room, room.host)
            else:
                await self._api.detach(handle)
            raise
        return Answer(session_id, answer)

    def _tap(self, room: JanusRoom, session_id: str, parsed: Offer, handle: int) -> Tap:
        video = parsed.section("video")
        kinds = [s.kind for s in parsed.sections if s.codec is not None]
        profile = video.codec.profile if video is not None and video.codec is not None else ""

        def want_key_frame() -> None:
            self._spawn(self._ask_for_key_frame(handle))

        def leave() -> None:
            if room.host is not None and room.host.session_id == session_id:
                self._spawn(self._end_host(room, room.host))

        tap = Tap(
            session_id,
            RoomOutput(room.sinks, self._publisher_closed),
            kinds=kinds,
            profile=profile,
            keyframes=room.sinks.keyframes,
            on_key_frame_wanted=want_key_frame,
            on_close=leave,
        )
        tap.open(self._config.tap_host, time.monotonic)
        return tap

    async def _mountpoint(self, room: JanusRoom, offer: Offer) -> Mountpoint:
        video, audio = _codec(offer, "video"), _codec(offer, "audio")
        key = video.payload_type if video else 96, audio.payload_type if audio else 111
        found = room.mountpoints.get(key)
        if found is None:
            control = await self._control("streaming")
            fmtp = video.fmtp if video else "packetization-mode=1"
            found = await janus.create_mountpoint(self._api, control, room, *key, fmtp)
            room.mountpoints[key] = found
            if room.host is not None:
                videoroom = await self._control("videoroom")
                await janus.forward_to_mountpoint(
                    self._api, videoroom, room, room.host, found, self._heard(room)
                )
        return found

    async def _ask_for_key_frame(self, handle: int) -> None:
        await self._api.message(handle, {"request": "configure", "keyframe": True})

    async def _mute(self, room: JanusRoom, host: Host, *, muted: bool) -> None:
        control = await self._control("videoroom")
        async with self._lock(room.room_id):
            await janus.silence(self._api, control, room, host)
            if not muted:
                for mountpoint in room.mountpoints.values():
                    await janus.forward_to_mountpoint(self._api, control, room, host, mountpoint, ["audio"])

    def _heard(self, room: JanusRoom) -> Sequence[str]:
        """What viewers get of a host."""
        return ["video"] if room.sinks.muted else ["video", "audio"]

    async def _end_host(self, room: JanusRoom, host: Host) -> None:
        if room.host is host:
            room.host = None
        if self._sessions.pop(host.session_id, None) is not None:
            host.tap.close()
            await self._api.detach(host.handle)
        await self._drop_if_empty(room)

    async def _end_viewer(self, room: JanusRoom, session_id: str) -> None:
        self._sessions.pop(session_id, None)
        room.connected.discard(session_id)
        found = room.viewers.pop(session_id, None)
        if found is not None:
            found[1].viewers -= 1
            await self._api.detach(found[0])
        await self._drop_if_empty(room)

    async def _drop_if_empty(self, room: JanusRoom) -> None:
        if room.host is not None or room.viewers or self._rooms.get(room.room_id) is not room:
            return
        del self._rooms[room.room_id]
        self._locks.pop(room.room_id, None)
        with contextlib.suppress(JanusUnavailable, JanusRefused):
            control = await self._control("streaming")
            for mountpoint in room.mountpoints.values():
                body = {"request": "destroy", "id": mountpoint.number, "secret": room.secret}
                await self._api.request(control, body)
            body = {"request": "destroy", "room": room.number, "secret": room.secret}
            await self._api.request(await self._control("videoroom"), body)

    def _on_host_event(self, room: JanusRoom, session_id: str, event: dict[str, Any]) -> None:
        host = room.host
        if event.get("janus") in ("hangup", "detached") and host and host.session_id == session_id:
            self._spawn(self._end_host(room, host))

    def _on_viewer_event(self, room: JanusRoom, session_id: str, event: dict[str, Any]) -> None:
        match event.get("janus"):
            case "webrtcup" if session_id in room.viewers:
                room.connected.add(session_id)
            case "hangup" | "detached":
                self._spawn(self._end_viewer(room, session_id))

    def _publisher_closed(self, sinks: Sinks, publisher: RoomPublisher) -> None:
        self._close_sinks(sinks.end(publisher))

    def _on_lost(self) -> None:
        """Janus is gone and everything on it."""
        rooms, self._rooms = list(self._rooms.values()), {}
        self._controls.clear()
        self._sessions.clear()
        for room in rooms:
            if room.host is not None:
                room.host.tap.close()

    def _close_sinks(self, sinks: list[MediaSink]) -> None:
        for sink in sinks:
            self._spawn(sink.close())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            for room in list(self._rooms.values()):
                if room.host is not None:
                    room.host.tap.publisher.poll(now)


def _codec(offer: Offer, kind: str) -> Codec | None:
    section = offer.section(kind)
    return section.codec if section is not None else None


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except (JanusUnavailable, JanusRefused) as problem:
        logger.warning("janus: %s", problem.detail or problem.title)
    except Exception:
        logger.exception("janus: a task failed")
